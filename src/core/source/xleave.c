/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/xleave.h"

#define TRIES 4             /* requests that name one answer (D3) */
#define OLDEST SPAN_S(2304) /* a measurement that is worth having */

/*
 * A server that is interleaved now and then, because its answers get lost or
 * it holds few stamps, costs measurements: an exchange of the basic mode is
 * measured at once, and the answer that tells its true stamp brings nothing.
 * One that does so too often is asked in the basic mode for a while.
 */
#define WASTE 4
#define WASTE_MOST 16
#define REST 16

void xleave_forget(struct xleave *x)
{
	x->known = false;
	x->unanswered = 0;
	x->nonce = x->past_nonce = 0;
}

static bool is_worth(struct xleave *x, int poll, instant now)
{
	span age = instant_diff(now, x->sample.at);

	if (x->resting > 0) {
		x->resting--;
		return false;
	}
	return x->known && x->unanswered < TRIES &&
	       span_cmp(age, span_from_log2(poll + 2)) < 0 &&
	       span_cmp(age, OLDEST) < 0;
}

void xleave_ask(struct xleave *x, int poll, instant now, struct rng *rng,
		struct packet *request)
{
	x->nonce = 0;
	if (!is_worth(x, poll < 0 ? 0 : poll, now)) {
		return;
	}
	x->unanswered++;
	do {
		x->nonce = rng_nonce(rng);
	} while (x->nonce == request->transmit.v);
	request->origin = x->last.received;
	request->receive.v = x->nonce;
}

void xleave_finish(struct xleave *x)
{
	x->past_nonce = x->nonce;
	x->nonce = 0;
}

bool xleave_is(const struct xleave *x, const struct packet *answer)
{
	return x->nonce != 0 && (answer->origin.v ^ x->nonce) == 0;
}

bool xleave_was(const struct xleave *x, const struct packet *answer)
{
	return x->past_nonce != 0 && (answer->origin.v ^ x->past_nonce) == 0;
}

struct packet xleave_earlier(const struct xleave *x,
			     const struct packet *answer)
{
	struct packet then = *answer;

	/* Its clock may have been corrected since, but not after this came. */
	if (!tstamp_before(answer->receive, answer->reference)) {
		then.reference = (tstamp){ 0 };
	}
	then.receive = x->last.received;
	return then;
}

static void account(struct xleave *x, bool used)
{
	if (used) {
		x->wasted = (uint8_t)(x->wasted > 0 ? x->wasted - 1 : 0);
		return;
	}
	x->wasted = (uint8_t)(x->wasted + WASTE);
	if (x->wasted >= WASTE_MOST) {
		x->wasted = 0;
		x->resting = REST;
	}
}

bool xleave_take(struct xleave *x, bool interleaved, tstamp left,
		 const struct exchange *now, struct sample *sample)
{
	struct sample then = x->sample;
	bool used = !interleaved || !x->measured;

	then.backward =
		span_add(then.backward, tstamp_diff(x->last.answered, left));
	if (interleaved) {
		x->answers++;
		account(x, used);
	} else {
		x->refused += x->past_nonce != 0;
	}
	x->known = true;
	x->unanswered = 0;
	x->measured = !interleaved;
	x->last = *now;
	x->sample = *sample;
	if (interleaved) {
		*sample = then;
	}
	return used;
}
