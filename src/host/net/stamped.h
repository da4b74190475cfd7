/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stamped.h - sends one datagram by a server's socket, and says when it left:
 * what a peer or a broadcast's listener is told in the interleaved mode.
 *
 * The kernel's stamp is there when sending returns, or is done without: nobody
 * waits for it. An answer's stamp that is met before it in the queue is lost to
 * its client, who then has an answer of the basic mode.
 */
#ifndef HOST_STAMPED_H
#define HOST_STAMPED_H

#include "core/event.h"
#include "host/clock/sysclock.h"

struct stamped {
	struct moment at;
	enum stamp_origin origin;
};

/* 0, or a negative errno. Not `by_kernel`: our own clock, read before. */
MUST_USE int stamped_send(int fd, const uint8_t *data, size_t len,
			  const netaddr *to, bool by_kernel,
			  struct stamped *left);

#endif
