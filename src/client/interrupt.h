/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interrupt.h - Ctrl-C as a fact to look at, and not the end of a tool.
 *
 * Once caught, SIGINT makes every waiting system call return with EINTR; who
 * waits looks at interrupt_seen() then, or waits with interrupt_poll().
 */
#ifndef CLIENT_INTERRUPT_H
#define CLIENT_INTERRUPT_H

#include <poll.h>

#include "base/compiler.h"

/* From now on SIGINT is noted; before, it ends the process as ever. */
void interrupt_catch(void);
void interrupt_release(void);
bool interrupt_seen(void);
/*
 * poll(2), but -EINTR when Ctrl-C has come, be it before this or while it
 * waits; another negative errno on failure.
 */
MUST_USE int interrupt_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
void interrupt_forget(void);

#endif
