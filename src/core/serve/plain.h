/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain.h - the short way of server.c: the request that nearly all are, of a
 * client that signs nothing, is served, and not limited. Everything that the
 * long way does for others changes nothing for it, and here is not even asked.
 *
 * Inline, and without a struct packet: how many instructions an answer takes,
 * with the client remembered, is held to a limit by
 * tests/bench/instructions.py, most of them the hash of the address and its
 * restrict line.
 */
#ifndef CORE_PLAIN_H
#define CORE_PLAIN_H

#include "core/serve/accesstable.h"
#include "core/serve/server.h"

#define PLAIN_DISP_MAX SPAN_S(65536)

/* How far the root's time and ours may be apart at `now`. */
static ALWAYS_INLINE span plain_disp(const struct view *view, tstamp now)
{
	span age = tstamp_diff(now, view->made);

	/* Set back since the view was made: the next view is on its way. */
	double grown = age.v > 0 ? (double)age.v * view->drift_ppm * 1e-6 : 0;

	if (!(grown < (double)PLAIN_DISP_MAX.v) ||
	    (uint64_t)view->root_disp.v >= (uint64_t)PLAIN_DISP_MAX.v) {
		return PLAIN_DISP_MAX;
	}
	return (span){ view->root_disp.v + (int64_t)grown + 1 };
}

/* What decides about a request, without a search; false: it takes one. */
static ALWAYS_INLINE bool plain_look_up(const struct view *view,
					const struct request *req,
					struct access_match *found)
{
	const struct network *line;

	if (req->looked_up) {
		*found = req->access;
		return true;
	}
	if (!view->access) {
		*found = (struct access_match){ .general = true };
		return true;
	}
	line = access_glance(view->access, &req->from);
	if (!line) {
		return false;
	}
	*found = (struct access_match){ line->flags, line->counter, false };
	return true;
}

/* Its stamps are neither held nor asked for. */
static inline bool plain_is_basic(const struct server_shard *shard,
				  const struct request *req)
{
	const tstamp origin = { bytes_be64(req->data + 24) };

	return !shard->held || !interleave_concerns(origin);
}

/* `flags` are of the restrict line; the source is one that a client has. */
static inline bool plain_is(const struct view *view,
			    const struct server_shard *shard,
			    const struct request *req, uint32_t flags)
{
	enum {
		OTHERS = RESTRICT_IGNORE | RESTRICT_NOSERVE | RESTRICT_NOTRUST |
			 RESTRICT_VERSION | RESTRICT_FLAKE | RESTRICT_FUZZ,
		V3 = 3 << 3 | MODE_CLIENT,
		V4 = 4 << 3 | MODE_CLIENT,
	};
	unsigned first = req->data[0] & 0x3f;

	return req->len == PACKET_LEN && !req->group && !(flags & OTHERS) &&
	       (first == V4 || first == V3) && view->smear.length_s == 0 &&
	       plain_is_basic(shard, req) &&
	       (!(flags & RESTRICT_LIMITED) || !shard->limit);
}

/* The first word of an answer to a request of these octets. */
static ALWAYS_INLINE uint32_t plain_first(const struct view *view,
					  const uint8_t *q)
{
	uint32_t ours = view->leap == LEAP_UNSYNC
				? (uint32_t)LEAP_UNSYNC << 30
				: (uint32_t)view->leap << 30 |
					  (uint32_t)view->stratum << 16;

	return ours | (uint32_t)(q[0] & 0x38) << 24 |
	       (uint32_t)MODE_SERVER << 24 | (uint32_t)q[2] << 8 |
	       (uint8_t)view->precision;
}

/*
 * Writes the answer: 48 octets, as packet_write() does. One after the other,
 * so that a handful of registers are enough.
 */
static ALWAYS_INLINE void plain_answer(const struct view *view,
				       struct server_shard *shard,
				       const struct request *req, tstamp now,
				       struct writer *w)
{
	const uint8_t *q = req->data;
	uint8_t *a = w->at;

	INVARIANT(w->end - a >= PACKET_LEN);
	bytes_put_be32(a, plain_first(view, q));
	memcpy(a + 24, q + 40, 8); /* their transmit stamp is our origin */
	packet_put_span(a + 4, view->root_delay);
	packet_put_span(a + 8, plain_disp(view, now));
	bytes_put_be32(a + 12, view->refid);
	bytes_put_be64(a + 16, view->reference.v);
	tstamp received = req->received;

	if (shard->held) {
		interleave_mark(shard->held, &received, &now);
	}
	bytes_put_be64(a + 32, received.v);
	bytes_put_be64(a + 40, now.v);
	w->at = a + PACKET_LEN;
}

#endif
