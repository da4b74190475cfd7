/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemonize.h - goes to the background, with a parent that waits for news.
 *
 * The parent returns to the shell when the child serves, or with the child's
 * exit status when it does not; so `service ntpd start` reports a busy port.
 */
#ifndef HOST_DAEMONIZE_H
#define HOST_DAEMONIZE_H

#include "host/system/journal.h"

/*
 * Forks. In the child: the descriptor for daemonize_ready(). The parent never
 * returns from here. With `wait_s` above 0 it waits so long for the first
 * synchronisation too. Negative errno: could not fork.
 */
MUST_USE int daemonize_start(unsigned wait_s, struct journal *j);

/* The child is up: lets go of the terminal. */
void daemonize_detach(struct journal *j);
/* Lets the parent go with status 0; closes the descriptor. */
void daemonize_ready(int fd);

#endif
