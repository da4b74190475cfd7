/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xleave.h - the interleaved mode as a client (`xleave`, RFC 9769, section 2):
 * an answer tells when the one before it really left.
 *
 * A request of this mode names the server's last receive stamp, and carries 64
 * random bits more, in the place of a receive stamp: an answer that repeats
 * those is interleaved, one that repeats its transmit stamp is not (A1, D3).
 * It is we who choose the mode, by what we ask; a server that does not follow
 * gives what it always gives.
 *
 * The measurement is that of the exchange before: T1, T2 and T4 are known since
 * then, T3 comes now. No exchange is measured twice, none that is old at all.
 */
#ifndef CORE_XLEAVE_H
#define CORE_XLEAVE_H

#include "base/rng.h"
#include "core/estimate/exchange.h"
#include "wire/packet.h"

struct xleave {
	uint64_t nonce, past_nonce; /* of requests, in receive; 0: none */
	bool known;                 /* the last good answer left us: */
	bool measured;              /* it needed no better stamp */
	struct exchange last;       /* where it says `answered`, a guess */
	struct sample sample;       /* which is made of that */
	uint8_t unanswered;         /* requests that named it */
	uint8_t wasted, resting;    /* see below */
	span sending;               /* of our last request: what that took */
	uint64_t answers, refused;  /* interleaved, and not, though asked so */
};

/* All stamps are void, but nothing is forgotten of the server. */
void xleave_forget(struct xleave *x);
/* Makes of a request one of this mode, when there is something to ask. */
void xleave_ask(struct xleave *x, int poll, instant now, struct rng *rng,
		struct packet *request);
/* The request is over. */
void xleave_finish(struct xleave *x);

/* Does this answer repeat the bits of the request that is outstanding? */
bool xleave_is(const struct xleave *x, const struct packet *answer);
/* Those of the last one? */
bool xleave_was(const struct xleave *x, const struct packet *answer);
/*
 * The answer that it was to know of: with the receive stamp of then. Of it the
 * checks hold that hold of any.
 */
struct packet xleave_earlier(const struct xleave *x,
			     const struct packet *answer);

/*
 * `x` and `sample` are of the exchange that ends now. Interleaved: x->answered
 * and with it sample->backward are a guess, `left` is when the server's last
 * answer really left. False: this brings no measurement. Else `sample` is one.
 */
MUST_USE bool xleave_take(struct xleave *x, bool interleaved, tstamp left,
			  const struct exchange *now, struct sample *sample);

#endif
