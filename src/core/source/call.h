/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.h - asks a multicast group who serves the time (manycast): one request
 * to all, ever farther away, and everybody who answers it may become a source.
 *
 * Only an answer to our own call counts, as with any request (A1); it measures
 * nothing. Who has answered is then asked as a pool's member is.
 */
#ifndef CORE_CALL_H
#define CORE_CALL_H

#include "core/effect.h"
#include "wire/packet.h"

struct source_world;

struct call {
	bool on;
	uint64_t nonce; /* 0: nothing is outstanding */
	instant asked_at, due;
	uint8_t reach; /* which time to live is next */
	uint16_t exchange;
};

/* What the call is of. */
struct calling {
	source_id id;
	const struct config *config;
	const struct source_config *group;
	const struct source_world *world;
	bool wants; /* more servers */
};

/* Calls when it is time to, and closes the socket when nobody counts more. */
void call_tick(struct call *c, const struct calling *of, instant now,
	       struct outbox *out);
/* What was called under `id` is void; calls again. */
void call_abandon(struct call *c, source_id id, instant now,
		  struct outbox *out);
instant call_deadline(const struct call *c);
/* Is it an answer to the last call, from a server of use? */
bool call_is_answered(const struct call *c, const struct calling *of,
		      const struct packet *p, instant now);

#endif
