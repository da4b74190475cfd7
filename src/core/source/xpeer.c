/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/xpeer.h"

#define TRIES 2          /* with a peer that has never followed */
#define PATIENCE 4       /* with one that has (D3) */
#define WAITS 2          /* answers that are not measured, until one is told */
#define REST 16          /* packets; twice as many each time, to ... */
#define RESTS 6          /* ... 1024 */
#define SLACK SPAN_MS(1) /* noise in the low bits of stamps */

/*
 * Receive stamps are names here: no two packets in a row have the same one.
 * It costs 4 ns.
 */
#define SERIALS 16

void xpeer_forget(struct xpeer *x)
{
	x->ours = (struct xpeer_ours){ .known = false };
	x->named = (struct carried){ .answers = false };
	x->sent = x->sent_before = 0;
	x->waits = WAITS; /* something new is to be known at once */
}

static void miss(struct xpeer *x)
{
	x->missed++;
	if (x->missed < (x->follows ? PATIENCE : TRIES)) {
		return;
	}
	x->missed = 0;
	x->follows = false;
	x->resting = (uint16_t)(REST << x->rests);
	if (x->rests < RESTS) {
		x->rests++;
	}
}

static bool is_safe(const struct xpeer *x, const struct carried *c)
{
	return c->answers && !tstamp_is_zero(c->receive) && x->sent == 0 &&
	       x->sent_before == 1 && x->ours.known &&
	       c->answered.exchange == x->ours.exchange;
}

bool xpeer_form(struct xpeer *x, const struct carried *c, struct packet *p)
{
	if (x->ours.interleaved && x->sent > 0) {
		miss(x);
		x->ours.interleaved = false;
	}
	if (!tstamp_is_zero(c->received)) {
		p->receive.v = (c->received.v & ~(uint64_t)(SERIALS - 1)) |
			       (x->serial++ % SERIALS);
	}
	if (!is_safe(x, c)) {
		return false;
	}
	if (x->resting > 0) {
		x->resting--;
		return false;
	}
	p->origin = c->receive;
	p->transmit = x->ours.left;
	return true;
}

void xpeer_put(struct xpeer *x, const struct carried *c,
	       const struct xpeer_ours *ours, bool expected)
{
	if (x->sent < UINT8_MAX) {
		x->sent++;
	}
	if (expected) {
		x->ours = *ours;
		x->named = *c;
	}
}

void xpeer_sent(struct xpeer *x, const struct event *ev)
{
	struct xpeer_ours *o = &x->ours;

	if (ev->sent.exchange == o->exchange && !o->known) {
		o->known = true;
		o->left = ev->sent.at;
		o->origin = ev->sent.origin;
	}
}

bool xpeer_is(const struct xpeer *x, const struct packet *p)
{
	return !tstamp_is_zero(x->ours.told) &&
	       (p->origin.v ^ x->ours.told.v) == 0;
}

void xpeer_answered(struct xpeer *x, bool interleaved)
{
	x->sent_before = x->sent;
	x->sent = 0;
	if (interleaved) {
		x->follows = true;
		x->waits = 0;
		x->missed = x->rests = 0;
		x->resting = 0;
	} else if (x->ours.interleaved) {
		miss(x);
	}
	x->ours.interleaved = false;
}

bool xpeer_waits(struct xpeer *x)
{
	if (!x->follows || x->waits >= WAITS) {
		return false;
	}
	x->waits++;
	return true;
}

struct packet xpeer_earlier(const struct xpeer *x, const struct packet *p)
{
	struct packet then = *p;

	/* Its clock may have been corrected since; when this left is to come.
	 */
	then.reference = (tstamp){ 0 };
	then.receive = x->named.receive;
	if (tstamp_is_zero(then.receive)) { /* it had heard nothing of us */
		then.receive = p->transmit;
	}
	return then;
}

/* Where `from` is zero it is not known. */
static bool is_between(tstamp at, tstamp from, tstamp to)
{
	return (tstamp_is_zero(from) ||
		!tstamp_before(tstamp_add(at, SLACK), from)) &&
	       !tstamp_before(tstamp_add(to, SLACK), at);
}

static span length(const struct exchange *x)
{
	span l = tstamp_diff(x->returned, x->sent);

	return l.v < 0 ? span_sub(SPAN_ZERO, l) : l;
}

bool xpeer_complete(const struct xpeer *x, const struct packet *p,
		    enum stamp_origin sent_origin, struct exchange *now,
		    enum stamp_origin *worst)
{
	const struct carried *c = &x->named;
	/* Our packet before this one went there before its answer, and ... */
	struct exchange before = { .sent = c->answered.left,
				   .received = c->receive,
				   .answered = p->transmit,
				   .returned = c->received };
	/* ... this one after it. */
	struct exchange after = { .sent = now->sent,
				  .received = p->receive,
				  .answered = p->transmit,
				  .returned = c->received };
	bool answers = c->answers && c->answered.known;

	if (!c->open || tstamp_is_zero(c->received) ||
	    !is_between(p->transmit, c->receive, p->receive)) {
		return false;
	}
	*now = after;
	*worst = sent_origin;
	if (answers && span_cmp(length(&before), length(&after)) < 0) {
		*now = before;
		*worst = c->answered.origin;
	}
	if (c->origin < *worst) {
		*worst = c->origin;
	}
	return true;
}
