/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/listener.h"

#include <math.h>

#include "core/answer.h"
#include "core/source_inner.h"

#define SLACK_S 1e-3 /* a broadcast may queue for this long unquestioned */
#define SURPRISE_SDS 5
#define EARLY 0.75 /* of an interval: a broadcast is not due before */
#define UNSURE 0.1 /* of the delay: what a one-way distance is off by */

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

/* The way there is as long as the way back was when it was asked. */
static struct sample one_way(const struct source *s, const struct packet *p,
			     const struct event *ev)
{
	span age = tstamp_diff(ev->wall, ev->packet.at);
	span backward = tstamp_diff(ev->packet.at, p->transmit);

	return (struct sample){
		.at = instant_add(ev->now, span_sub(SPAN_ZERO, age)),
		.forward = span_sub(s->listener.delay, backward),
		.backward = backward,
		.noise_s = source_stamp_noise_s(ev->packet.origin) +
			   UNSURE * span_to_seconds(s->listener.delay),
	};
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

	if (!back && !tstamp_before(l->newest, p->transmit)) {
		return SOURCE_OLD;
	}
	v = answer_meaning(p, &ev->packet.local, world);
	if (v != SOURCE_SAMPLE) {
		return v;
	}
	l->newest = p->transmit;
	l->newest_at = ev->now;
	if (l->listens && l->poll != p->poll) {
		polling_attend(&s->polling, p->poll);
	}
	l->poll = p->poll;
	if (!l->listens) {
		return SOURCE_VOLLEY;
	}
	*sample = one_way(s, p, ev);
	if (!l->given && (back || !is_expected(s, sample))) {
		l->listens = false;
		polling_restart(&s->polling, world->rng, ev->now);
		return SOURCE_VOLLEY;
	}
	source_take_broadcast(s, p, ev, world, out, sample);
	return SOURCE_SAMPLE;
}
