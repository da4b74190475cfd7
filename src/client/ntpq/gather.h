/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather.h - asks a shell's daemon for all that an overview holds.
 */
#ifndef CLIENT_GATHER_H
#define CLIENT_GATHER_H

#include "client/health/overview.h"
#include "client/ntpq/shell.h"

/*
 * Fills the overview; says nothing, and leaves no trace: what is judged is for
 * the transcript, not what it is judged by. CTL_OK when the system answered:
 * sources about which it then falls silent are counted, and not looked at.
 */
MUST_USE enum ctl_result gather(struct shell *s, struct overview *o);

#endif
