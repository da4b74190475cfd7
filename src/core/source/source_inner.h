/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_inner.h - what the files of a source share among themselves: the
 * steps of source.c that symmetric.c takes in another order, and what else
 * speaks for a line of the configuration (call.c, caster.c).
 */
#ifndef CORE_SOURCE_INNER_H
#define CORE_SOURCE_INNER_H

#include "core/source/source.h"
#include "wire/tail.h"

/*
 * Writes a packet for this line, signed when it has a key; the length, or 0
 * when it has one that is not there: never unsigned.
 */
#define SIGNED_MAX (PACKET_LEN + TAIL_MAC_MAX)
size_t source_sign(const struct source_config *line, const netaddr *host,
		   const struct packet *p, const struct source_world *world,
		   uint8_t bytes[SIGNED_MAX]);
/*
 * What a client asks. All that varies is the poll and the nonce: nothing tells
 * who asks (A16).
 */
static inline struct packet source_request(const struct source_config *line,
					   int8_t poll, uint64_t nonce)
{
	return (struct packet){
		.version = line->version,
		.mode = MODE_CLIENT,
		.poll = poll,
		.precision = 0x20,
		.transmit = { nonce },
	};
}

/* Signs a packet when there is a key, and sends it as `sending` says. */
void source_put(struct source *s, const struct packet *p,
		const struct effect *sending, const struct source_world *world,
		struct outbox *out);
/* There is no key to ask with, which is noted. */
bool source_lacks_key(struct source *s, const struct source_world *world,
		      struct outbox *out);
/* Did the last request have no answer but what was not authentic? */
void source_note_mistrust(struct source *s, struct outbox *out);
/* The request, if one is outstanding, is over and was not answered. */
void source_abandon_request(struct source *s, struct outbox *out);
/* The request is over; what comes now with its nonce is told apart. */
void source_finish(struct source *s, bool answered, struct outbox *out);
/* The answer is held, and when the request left is known. */
enum source_verdict source_complete(struct source *s, const struct event *ev,
				    const struct source_world *world,
				    struct outbox *out, struct sample *sample);
/* Does it answer the request in the interleaved mode? */
bool source_is_interleaved(const struct source *s, const struct packet *p);
/* A packet that answers the request and has passed every check of form. */
enum source_verdict source_take_answer(struct source *s, const struct event *ev,
				       const struct packet *p,
				       const struct source_world *world,
				       struct outbox *out,
				       struct sample *sample);

/* It is reachable from now on, or is not: that is the note. */
void source_turn(struct source *s, enum note_id id, instant now,
		 struct outbox *out);
/* A good broadcast: `sample` is of it; NULL: it brings none. */
void source_take_broadcast(struct source *s, const struct packet *p,
			   const struct event *ev,
			   const struct source_world *world, struct outbox *out,
			   const struct sample *sample);
/* s: how far off a stamp may be, as a deviation. */
double source_stamp_noise_s(enum stamp_origin origin);

#endif
