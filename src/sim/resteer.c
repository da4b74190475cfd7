/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/resteer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pending.h"
#include "wire/packet.h"

#define LATE SPAN_MS(50) /* a recorded tick within this is the deadline's */
#define EARLY SPAN_MS(5) /* or a little before it */
#define UNKNOWN_S 1      /* until a name is known not to be known */
#define REFERENCE_AT 16  /* offsets of a packet's timestamps */
#define ORIGIN_AT 24
#define RECEIVE_AT 32
#define TRANSMIT_AT 40
#define TIMES_END 48

struct life {
	struct rerun *rerun;
	struct past *p;
	const struct reference *ref;
	struct resteered *s;
	instant now;            /* by the recorded monotonic clock */
	instant deadline;       /* by ours */
	double freq, past_freq; /* s/s: the steering in force */
	span moved, past_moved; /* steps of both */
	uint64_t ahead;         /* recorded wall less recorded monotonic */
	span asleep;            /* of the machine */
	struct pendings pending;
	struct record_event event;
	uint8_t bytes[65536];
};

static span gain_at(const struct life *l, instant at)
{
	return span_from_seconds(track_at(&l->s->gain, at));
}

static double since_s(const struct life *l, instant at)
{
	instant start = l->rerun->began.start.now;

	return span_to_seconds(instant_diff(at, start));
}

/* From now on the two clocks part at this rate. */
static void part(struct life *l)
{
	track_turn(&l->s->gain, l->now,
		   (l->freq - l->past_freq) / (1 + l->past_freq));
}

/* --- questions and replies --- */

static void count(struct resteered *s, span shift, bool answered)
{
	double away_s = span_to_seconds(shift);

	if (!answered) {
		s->unanswered++;
	} else if (shift.v == 0) {
		s->as_recorded++;
	} else {
		s->displaced++;
		s->displaced_squares += away_s * away_s;
	}
}

static void ask(struct life *l, const struct pending *question,
		const netaddr *to)
{
	const struct past_host *h = past_host(l->p, to);
	struct past_ask *a = h ? past_nearest(l->p, h, l->now) : NULL;
	struct pending q = *question;
	bool answered = false;

	if (!a) {
		l->s->unrecorded++;
		return;
	}
	a->used = true;
	q.ask = a;
	q.shift = instant_diff(l->now, past_asked_at(l->p, a));
	for (size_t i = a->first; i != PAST_NONE; i = l->p->events[i].next) {
		answered |= past_is_answer(l->p->events[i].kind);
		q.event = q.order = i;
		q.at = instant_add(l->p->events[i].at, q.shift);
		pending_add(&l->pending, &q);
	}
	count(l->s, q.shift, answered);
}

static void ask_server(struct life *l, const struct effect *e)
{
	struct reader r =
		reader_over(l->rerun->outbox->bytes + e->send.at, e->send.len);
	struct pending q = { .source = e->source,
			     .exchange = e->send.exchange };

	pending_close(&l->pending, l->p, e->source);
	if (reader_left(&r) >= TIMES_END) {
		r.at += TRANSMIT_AT;
		q.nonce = read_u64(&r);
	}
	ask(l, &q, &e->send.to);
}

static void ask_clock(struct life *l, const struct effect *e)
{
	struct pending q = { .source = e->source };
	netaddr clock = past_clock(e);

	ask(l, &q, &clock);
}

/* The same name's answer: the next one, or the last one again. */
static void resolve(struct life *l, const struct effect *e)
{
	const uint8_t *name = l->rerun->outbox->bytes + e->resolve.at;
	struct past_name *found = NULL;
	struct pending q = { .source = e->source, .event = PAST_NONE };

	for (size_t i = 0; i < l->p->name_count; i++) {
		struct past_name *n = &l->p->names[i];

		if (n->len == e->resolve.len &&
		    n->family == e->resolve.family &&
		    memcmp(n->name, name, n->len) == 0) {
			found = n;
			if (!n->used) {
				break;
			}
		}
	}
	q.order = PAST_NONE;
	q.at = instant_add(l->now, SPAN_S(UNKNOWN_S));
	if (found) {
		found->used = true;
		if (found->answer == PAST_NONE) {
			return; /* nobody ever knew */
		}
		q.event = q.order = found->answer;
		q.shift = instant_diff(l->now, l->p->events[found->event].at);
		q.at = instant_add(l->p->events[q.event].at, q.shift);
	}
	pending_add(&l->pending, &q);
}

/* --- the engine --- */

static void carry_out(struct life *l)
{
	const struct outbox *out = l->rerun->outbox;

	for (uint32_t i = 0; i < out->count; i++) {
		const struct effect *e = &out->effects[i];

		tally_add(&l->s->tally, e, l->now);
		if (e->kind == EFFECT_SEND) {
			ask_server(l, e);
		} else if (e->kind == EFFECT_READ) {
			ask_clock(l, e);
		} else if (e->kind == EFFECT_CLOSE) {
			pending_close(&l->pending, l->p, e->source);
		} else if (e->kind == EFFECT_RESOLVE) {
			resolve(l, e);
		} else if (e->kind == EFFECT_STEER) {
			l->freq = e->steer.freq;
			track_set(&l->s->freq, l->now, l->freq);
			part(l);
		} else if (e->kind == EFFECT_STEP) {
			l->moved = span_add(l->moved, e->step);
			track_jump(&l->s->moved, l->now,
				   span_to_seconds(e->step));
		} else if (e->kind == EFFECT_EXIT) {
			l->s->exited = true;
		}
	}
}

/* The two recorded clocks at a moment. */
struct shown {
	instant now;
	tstamp wall;
};

static void handle(struct life *l, struct event *ev,
		   const struct shown *recorded)
{
	struct rerun *r = l->rerun;
	span gain = gain_at(l, l->now);

	bool same = ev->now.v == recorded->now.v && gain.v == 0 &&
		    l->freq == l->past_freq;

	ev->now = instant_add(recorded->now, gain);
	if (!same) { /* the kernel spoke of another steering */
		ev->machine = (struct machine){ .asleep = l->asleep };
	}
	ev->wall = tstamp_add(tstamp_add(recorded->wall, gain),
			      span_sub(l->moved, l->past_moved));
	outbox_empty(r->outbox);
	l->deadline = engine_handle(r->engine, ev, r->outbox);
	carry_out(l);
}

/* What they showed now, or would have shown. */
static struct shown shown(const struct life *l)
{
	return (struct shown){ l->now, { (uint64_t)l->now.v + l->ahead } };
}

/* A recorded stamp `age` before now, as our clock would have shown it. */
static span our_age(const struct life *l, span age)
{
	instant then = instant_add(l->now, span_sub(SPAN_ZERO, age));
	span gained = span_sub(gain_at(l, l->now), gain_at(l, then));

	return span_add(age, gained);
}

/* By how much the true time went on between two recorded moments. */
static span true_passed(const struct life *l, instant from, instant to)
{
	const struct past *p = l->p;
	span passed = instant_diff(to, from);
	double steered_s = track_at(&p->gain, to) - track_at(&p->gain, from);
	unsigned a = p->events[past_event_at(p, from)].segment;
	unsigned b = p->events[past_event_at(p, to)].segment;
	double bent_s = reference_at(l->ref, since_s(l, to), b) -
			reference_at(l->ref, since_s(l, from), a);

	return span_sub(passed, span_from_seconds(steered_s - bent_s));
}

/* A moved exchange: so much later by their clocks. */
static span their_shift(const struct life *l, const struct pending *q)
{
	INVARIANT(q->ask != NULL);
	instant then = past_asked_at(l->p, q->ask);

	return true_passed(l, then, instant_add(then, q->shift));
}

static void move_time(uint8_t *bytes, size_t at, span by)
{
	struct reader r = reader_over(bytes + at, 8);
	struct writer w = writer_over(bytes + at, 8);
	uint64_t v = read_u64(&r);

	if (v != 0) {
		write_u64(&w, v + (uint64_t)by.v);
	}
}

/* The reply with our nonce in place of theirs, and moved if need be. */
static void bend(struct life *l, const struct pending *q, struct event *ev)
{
	uint8_t *bytes = l->bytes;
	size_t len = ev->packet.len;

	INVARIANT(q->ask != NULL && len <= sizeof(l->bytes));
	memcpy(bytes, ev->packet.data, len);
	ev->packet.data = bytes;
	if (len < TIMES_END) {
		return;
	}
	struct reader r = reader_over(bytes + ORIGIN_AT, 8);

	if (read_u64(&r) == q->ask->nonce) {
		struct writer w = writer_over(bytes + ORIGIN_AT, 8);

		write_u64(&w, q->nonce);
	}
	if (q->shift.v != 0) {
		span by = their_shift(l, q);

		move_time(bytes, REFERENCE_AT, by);
		move_time(bytes, RECEIVE_AT, by);
		move_time(bytes, TRANSMIT_AT, by);
	}
}

/* What our own clock showed, if anything. */
static tstamp *own_stamp(struct event *ev)
{
	return ev->kind == EVENT_SENT ? &ev->sent.at
	       : ev->kind == EVENT_PACKET || ev->kind == EVENT_PEER
		       ? &ev->packet.at
	       : ev->kind == EVENT_REFCLOCK &&
			       ev->refclock.reading == READING_GOOD
		       ? &ev->refclock.received
		       : NULL;
}

/* The recorded clock was stepped in between: its stamps are of two clocks. */
static bool is_torn(const struct life *l, const struct pending *q)
{
	const struct past_event *asked = &l->p->events[q->ask->event];
	const struct past_event *was = &l->p->events[q->event];
	bool torn = span_add(asked->stepped, asked->step).v != was->stepped.v;

	return torn && (q->shift.v != 0 || l->moved.v != l->past_moved.v);
}

static void reply(struct life *l, const struct pending *q)
{
	struct event *ev = &l->event.event;
	struct shown clocks = shown(l);

	if (q->event == PAST_NONE) {
		*ev = (struct event){ .kind = EVENT_RESOLVED,
				      .source = q->source };
		handle(l, ev, &clocks);
		return;
	}
	const struct past_event *was = &l->p->events[q->event];

	if (record_get_event(&was->item, &l->event) != FIELDS_FINE ||
	    (q->ask && is_torn(l, q))) {
		return;
	}
	if (q->shift.v == 0) {
		clocks = (struct shown){ was->now, was->wall };
	}
	ev->source = q->source;
	if (ev->kind == EVENT_SENT) {
		ev->sent.exchange = q->exchange;
	} else if (ev->kind == EVENT_FAILED) {
		ev->failed.exchange = q->exchange;
	} else if (ev->kind == EVENT_PACKET) {
		bend(l, q, ev);
	} else if (ev->kind == EVENT_REFCLOCK && q->shift.v != 0) {
		ev->refclock.reference =
			tstamp_add(ev->refclock.reference, their_shift(l, q));
	}
	tstamp *at = own_stamp(ev);

	if (at) {
		span age = our_age(l, tstamp_diff(was->wall, *at));
		span gain = gain_at(l, l->now);
		tstamp ours = tstamp_add(tstamp_add(clocks.wall, gain),
					 span_sub(l->moved, l->past_moved));

		*at = tstamp_add(ours, span_sub(SPAN_ZERO, age));
	}
	handle(l, ev, &clocks);
}

/* --- time goes by --- */

/* When the recorded clock shows our deadline; never before now. */
static instant deadline(const struct life *l)
{
	const struct track *gain = &l->s->gain;
	double slope = gain->pieces[gain->count - 1].slope;
	instant ours = instant_add(l->now, gain_at(l, l->now));
	span left = instant_diff(l->deadline, ours);
	double left_s = span_to_seconds(left);

	if (left.v <= 0) {
		return l->now;
	}
	left = span_sub(left, span_from_seconds(left_s - left_s / (1 + slope)));
	return instant_add(l->now, left);
}

/* Will a recorded tick do for the deadline? Events from `next` on are left. */
static bool tick_comes(const struct past *p, size_t next, instant due)
{
	instant last = instant_add(due, LATE);

	for (size_t i = next; i < p->event_count; i++) {
		if (instant_diff(p->events[i].at, last).v > 0) {
			break;
		}
		if (p->events[i].kind == EVENT_TICK) {
			return true;
		}
	}
	return false;
}

/* Does this happen whatever the engine does, and when? */
static bool is_ambient(const struct life *l, const struct past_event *ev)
{
	instant soon = instant_add(l->now, EARLY);

	switch (ev->kind) {
	case EVENT_TICK:
		return instant_diff(deadline(l), soon).v <= 0;
	case EVENT_CONTROL:
	case EVENT_NETWORK:
	case EVENT_SETTINGS:
	case EVENT_LEAPS:
		return true;
	case EVENT_SENT:
	case EVENT_PACKET:
	case EVENT_PEER:
	case EVENT_FAILED:
	case EVENT_RESOLVED:
	case EVENT_REFCLOCK:
		break;
	}
	return false;
}

static void pass(struct life *l, const struct past_event *was)
{
	l->now = was->at;
	l->ahead = was->wall.v - (uint64_t)was->at.v;
	if (record_get_event(&was->item, &l->event) == FIELDS_FINE) {
		l->asleep = l->event.event.machine.asleep;
		if (is_ambient(l, was) &&
		    rerun_event(l->rerun, &l->event, stdout)) {
			handle(l, &l->event.event,
			       &(struct shown){ was->now, was->wall });
		}
	}
	if (was->steered) {
		l->past_freq = was->freq;
		part(l);
	}
	l->past_moved = span_add(l->past_moved, was->step);
	l->ahead += (uint64_t)was->step.v;
}

static void run(struct life *l)
{
	size_t next = 0;

	while (next < l->p->event_count && !l->s->exited) {
		const struct past_event *ev = &l->p->events[next];
		const struct pending *q = pending_first(&l->pending);
		instant due = deadline(l);
		int64_t first = q ? instant_diff(q->at, ev->at).v : 1;
		bool reply_first =
			first < 0 || (first == 0 && q->order <= next);
		instant soonest = reply_first ? q->at : ev->at;

		if (instant_diff(due, soonest).v < 0 &&
		    !tick_comes(l->p, next, due)) {
			struct event tick = { .kind = EVENT_TICK };

			l->now = due;
			struct shown clocks = shown(l);

			handle(l, &tick, &clocks);
		} else if (reply_first) {
			struct pending what = pending_take(&l->pending);

			l->now = what.at;
			reply(l, &what);
		} else {
			pass(l, ev);
			next++;
		}
	}
}

void resteer_live(struct rerun *r, struct past *p, const struct reference *ref,
		  struct resteered *out)
{
	struct life *l = calloc(1, sizeof(*l));
	const struct engine_start *start = &r->began.start;

	INVARIANT(l != NULL);
	l->rerun = r;
	l->p = p;
	l->ref = ref;
	l->s = out;
	l->now = l->deadline = start->now;
	l->freq = l->past_freq = start->freq_ppm * 1e-6;
	l->ahead = start->wall.v - (uint64_t)start->now.v;
	*out = (struct resteered){ .tally = { .freq = l->freq } };
	track_begin(&out->gain, start->now, 0);
	track_begin(&out->moved, start->now, 0);
	track_begin(&out->freq, start->now, l->freq);
	run(l);
	free(l);
}

void resteered_end(struct resteered *s)
{
	track_end(&s->gain);
	track_end(&s->moved);
	track_end(&s->freq);
}
