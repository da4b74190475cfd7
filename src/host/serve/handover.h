/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handover.h - datagrams on their way from a thread that serves to the one that
 * has the engine. One writes, one reads, and neither waits: what has no room is
 * counted and lost, as on any network.
 */
#ifndef HOST_HANDOVER_H
#define HOST_HANDOVER_H

#include <stdatomic.h>

#include "core/serve/server.h"
#include "host/net/udp.h"

#define HANDOVER_ROOM 16

struct handed {
	unsigned socket;             /* serversock.number */
	enum server_verdict verdict; /* of serve_is_for_loop() */
	struct datagram datagram;
};

struct handover {
	_Alignas(CACHE_LINE) _Atomic uint32_t written; /* by who serves */
	_Alignas(CACHE_LINE) _Atomic uint32_t taken;   /* by the other */
	struct handed items[HANDOVER_ROOM];
};

/* False: no room. */
MUST_USE bool handover_put(struct handover *h, unsigned socket,
			   enum server_verdict verdict,
			   const struct datagram *d);
/* The oldest, good until handover_done(); NULL: none. */
const struct handed *handover_next(const struct handover *h);
void handover_done(struct handover *h);

#endif
