/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/listener.h"

#include <math.h>

#include "core/source/answer.h"
#include "core/source/source_inner.h"

#define SLACK_S 1e-3 /* a broadcast may queue for this long unquestioned */
#define SURPRISE_SDS 5
#define EARLY 0.75 /* of an interval: a broadcast is not due before */
#define UNSURE 0.1 /* of the delay: what a one-way distance is off by */
#define LATE_MOST \
	SPAN_S(1)    /* it left so long after it said so, or got lost \
		      */
#define ALONE_MOST 4 /* so often is no chance */

static void listen(struct source *s, span delay)
{
	s->listener.listens = true;
	s->listener.delay = delay;
	polling_attend(&s->polling, s->listener.poll);
}

void listener_begin(struct source *s, const struct packet *p, span delay)
{
	struct listener *l = &s->listener;

	l->on = true;
	l->listens = false;
	l->newest = p->transmit;
	l->poll = p->poll;
	if (delay.v >= 0) {
		listen(s, delay);
	}
}

void listener_forget(struct listener *l)
{
	l->came = (tstamp){ 0 };
}

void listener_advance(struct source *s, instant now)
{
	struct estimate e;

	if (s->listener.on && !s->listener.listens &&
	    estimator_estimate(&s->estimator, now, &e) &&
	    e.samples >= LISTENER_VOLLEY && s->polling.left == 0) {
		listen(s, span_from_seconds(e.delay_s));
	}
}

bool listener_is_gone(const struct source *s)
{
	return s->listener.on && s->polling.reach == 0 &&
	       s->polling.unreach >= LISTENER_SILENT;
}

/* A packet that left, and came. */
struct passing {
	tstamp left, came;
	enum stamp_origin origin; /* of when it came */
};

/* The way there is as long as the way back was when it was asked. */
static struct sample one_way(const struct source *s, const struct passing *x,
			     const struct event *ev)
{
	span age = tstamp_diff(ev->wall, x->came);
	span backward = tstamp_diff(x->came, x->left);

	return (struct sample){
		.at = instant_add(ev->now, span_sub(SPAN_ZERO, age)),
		.forward = span_sub(s->listener.delay, backward),
		.backward = backward,
		.noise_s = source_stamp_noise_s(x->origin) +
			   UNSURE * span_to_seconds(s->listener.delay),
	};
}

/* Is it of the packet before this one that its origin tells? */
static bool is_of_last(const struct listener *l, const struct packet *p)
{
	span late = tstamp_diff(p->origin, l->newest);

	return !tstamp_is_zero(l->came) &&
	       span_cmp(late, span_sub(SPAN_ZERO, SPAN_MS(1))) > 0 &&
	       span_cmp(late, LATE_MOST) < 0;
}

/*
 * What is measured now: this packet, or the one before. False: nothing; the
 * next one will tell of it.
 */
static bool choose(struct listener *l, const struct packet *p,
		   const struct event *ev, bool last, struct passing *x)
{
	bool told = !tstamp_is_zero(p->origin);
	bool measured = l->measured;

	*x = (struct passing){ p->transmit, ev->packet.at, ev->packet.origin };
	l->measured = false;
	if (last) {
		l->alone = 0;
		*x = (struct passing){ p->origin, l->came, l->origin };
		return !measured;
	}
	/* One of them was lost; or it is no server of this mode at all. */
	if (told && l->alone < ALONE_MOST) {
		l->alone++;
		return false;
	}
	l->measured = true;
	return true;
}

/* Does it say what the server said when it was asked? */
static bool is_expected(const struct source *s, const struct sample *x)
{
	struct estimate e;
	double off_s;

	if (!estimator_estimate(&s->estimator, x->at, &e)) {
		return true;
	}
	off_s = fabs(span_to_seconds(sample_offset(x)) - e.offset_s);
	return off_s <= SLACK_S + e.delay_s / 2 + SURPRISE_SDS * e.offset_sd;
}

/*
 * Older than what it told before: a copy, or its clock was set back. Only who
 * tells nothing newer for some of his own intervals may be believed to have
 * been set back (tos bcpollbstep).
 */
static bool is_set_back(const struct listener *l, const struct packet *p,
			const struct event *ev,
			const struct source_world *world)
{
	double silent_s = span_to_seconds(instant_diff(ev->now, l->newest_at));
	double wait_s = (world->bcpollbstep + EARLY) * ldexp(1, l->poll);

	return world->bcpollbstep != TOS_NEVER_SET_BACK &&
	       tstamp_before(p->transmit, l->newest) && silent_s >= wait_s;
}

enum source_verdict listener_receive(struct source *s, const struct packet *p,
				     const struct event *ev,
				     const struct source_world *world,
				     struct outbox *out, struct sample *sample)
{
	struct listener *l = &s->listener;
	enum source_verdict v;

	bool back = is_set_back(l, p, ev, world);
	bool last = !tstamp_is_zero(p->origin) && is_of_last(l, p);
	bool measures;
	struct passing passing;

	if (!back && !tstamp_before(l->newest, p->transmit)) {
		return SOURCE_OLD;
	}
	v = answer_meaning(p, &ev->packet.local, world);
	if (v != SOURCE_SAMPLE) {
		return v;
	}
	measures = choose(l, p, ev, last, &passing);
	l->newest = p->transmit;
	l->newest_at = ev->now;
	l->came = ev->packet.at;
	l->origin = ev->packet.origin;
	if (l->listens && l->poll != p->poll) {
		polling_attend(&s->polling, p->poll);
	}
	l->poll = p->poll;
	if (!l->listens) {
		return SOURCE_VOLLEY;
	}
	*sample = one_way(s, &passing, ev);
	if (!l->given && (back || (measures && !is_expected(s, sample)))) {
		l->listens = false;
		polling_restart(&s->polling, world->rng, ev->now);
		return SOURCE_VOLLEY;
	}
	s->xleave.answers += last;
	source_take_broadcast(s, p, ev, world, out, measures ? sample : NULL);
	return measures ? SOURCE_SAMPLE : SOURCE_COMPLETED;
}
