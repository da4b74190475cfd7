/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rivals.h - who else keeps this clock or holds the port.
 *
 * Two daemons that steer one clock make it worse than either would: before we
 * touch a clock that nobody gave us for our own, we look. The kernel tells
 * even of those whom we cannot see (in another container): a clock that is
 * marked synchronised, with a small error bound, was set a short while ago.
 */
#ifndef HOST_RIVALS_H
#define HOST_RIVALS_H

#include "base/text.h"

/*
 * Is there a reason to leave the clock alone: no right to set it, another
 * time daemon's process that has the right, or a kernel clock that somebody
 * keeps? The reason goes into `why` as a clause: "chronyd (pid 12) ...".
 */
MUST_USE bool rivals_keep_clock(struct text *why);

/* Is there such a process, beside the one with that id? */
MUST_USE bool rivals_run(long except, struct text *why);

/* Likewise for serving on a UDP port: held by somebody, or not ours to take. */
MUST_USE bool rivals_hold_port(uint16_t port, struct text *why);

#endif
