/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64
#define SLOTS 65536
#define NONCE_AT 40 /* in a request: its transmit timestamp */
#define NONCE_END 48
#define REFCLOCKS UINT32_C(0x7f7f0000) /* 127.127.t.u */
#define BESIDE 3    /* questions on either side that may be the nearest */
#define SLACK_S 1.0 /* two questions this near are one */
#define BACKWARDS SPAN_MS(1) /* more is no error of reading */
#define READING_S 0.005      /* two readings are never one moment */

/* While it is read: what each slot asked last. */
struct loading {
	struct past *p;
	size_t *asks, *names; /* by slot; PAST_NONE */
	span stepped;         /* so far */
	uint64_t ahead;       /* wall less monotonic, after the last event */
};

static void *grown(void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room) {
		return items;
	}
	*room = *room ? 2 * *room : FIRST_ROOM;
	items = realloc(items, *room * size);
	INVARIANT(items != NULL);
	return items;
}

/* Other kinds do nothing to the clock, and are not counted. */
void tally_add(struct tally *t, const struct effect *e, instant at)
{
	if (e->kind == EFFECT_SEND || e->kind == EFFECT_READ) {
		t->asked++;
	} else if (e->kind == EFFECT_STEER) {
		t->steers++;
		t->freq = e->steer.freq;
	} else if (e->kind == EFFECT_STEP) {
		t->steps++;
	} else if (e->kind == EFFECT_NOTE) {
		t->notes[e->note.id]++;
	} else if (e->kind == EFFECT_VIEW && !t->synchronised &&
		   e->view.leap != LEAP_UNSYNC) {
		t->synchronised = true;
		t->since = at;
	}
}

netaddr past_clock(const struct effect *e)
{
	return netaddr_v4(REFCLOCKS | (uint32_t)e->read.type << 8 |
				  e->read.unit,
			  NTP_PORT);
}

bool past_is_answer(enum event_kind kind)
{
	return kind == EVENT_PACKET || kind == EVENT_REFCLOCK;
}

/* --- effects --- */

static unsigned host_of(struct past *p, const netaddr *addr)
{
	for (size_t i = 0; i < p->host_count; i++) {
		if (netaddr_equal(&p->hosts[i].addr, addr)) {
			return (unsigned)i;
		}
	}
	p->hosts = grown(p->hosts, p->host_count, &p->host_room,
			 sizeof(*p->hosts));
	p->hosts[p->host_count] = (struct past_host){ .addr = *addr };
	return (unsigned)p->host_count++;
}

static void take_question(struct loading *l, const struct record_effect *r,
			  const netaddr *to)
{
	struct past *p = l->p;
	unsigned host = host_of(p, to);
	struct past_host *h = &p->hosts[host];
	struct past_ask ask = { .event = p->event_count - 1,
				.first = PAST_NONE,
				.last = PAST_NONE,
				.host = host };

	if (r->effect.kind == EFFECT_SEND && r->effect.send.len >= NONCE_END) {
		struct reader bytes = reader_over(r->bytes + NONCE_AT, 8);

		ask.nonce = read_u64(&bytes);
	}
	h->asks = grown(h->asks, h->count, &h->room, sizeof(*h->asks));
	h->asks[h->count++] = p->ask_count;
	p->asks = grown(p->asks, p->ask_count, &p->ask_room, sizeof(*p->asks));
	l->asks[r->effect.source.slot] = p->ask_count;
	p->asks[p->ask_count++] = ask;
}

static void take_resolve(struct loading *l, const struct record_effect *r)
{
	struct past *p = l->p;

	p->names = grown(p->names, p->name_count, &p->name_room,
			 sizeof(*p->names));
	l->names[r->effect.source.slot] = p->name_count;
	p->names[p->name_count++] =
		(struct past_name){ .event = p->event_count - 1,
				    .answer = PAST_NONE,
				    .name = r->bytes,
				    .len = r->effect.resolve.len,
				    .family = r->effect.resolve.family };
}

static void take_effect(struct loading *l, const struct record_view *item)
{
	struct past *p = l->p;
	struct past_event *ev = &p->events[p->event_count - 1];
	struct record_effect r;

	if (record_get_effect(item, &r) != FIELDS_FINE) {
		return; /* of a kind that is no business of clocks */
	}
	tally_add(&p->tally, &r.effect, ev->at);
	if (r.effect.kind == EFFECT_SEND) {
		take_question(l, &r, &r.effect.send.to);
	} else if (r.effect.kind == EFFECT_READ) {
		netaddr clock = past_clock(&r.effect);

		take_question(l, &r, &clock);
	} else if (r.effect.kind == EFFECT_RESOLVE) {
		take_resolve(l, &r);
	} else if (r.effect.kind == EFFECT_STEER) {
		double freq = r.effect.steer.freq;

		ev->steered = true;
		ev->freq = freq;
		track_turn(&p->gain, ev->at, freq / (1 + freq));
		track_set(&p->freq, ev->at, freq);
	} else if (r.effect.kind == EFFECT_STEP) {
		span step = r.effect.step;

		ev->step = span_add(ev->step, step);
		l->stepped = span_add(l->stepped, step);
		l->ahead += (uint64_t)step.v;
		track_jump(&p->moved, ev->at, span_to_seconds(step));
	}
}

/* --- events --- */

/* Did somebody else set the clock, or was the machine asleep? */
static unsigned notice_jump(struct loading *l, const struct event *ev)
{
	struct past *p = l->p;
	uint64_t ahead = ev->wall.v - (uint64_t)ev->now.v;
	double jump_s = span_to_seconds((span){ (int64_t)(ahead - l->ahead) });
	unsigned segment =
		p->event_count ? p->events[p->event_count - 1].segment : 0;

	l->ahead = ahead;
	if (fabs(jump_s) <= READING_S) {
		return segment;
	}
	track_jump(&p->moved, ev->now, jump_s);
	return segment + 1;
}

static void chain(struct past *p, struct past_ask *ask, size_t event)
{
	if (ask->first == PAST_NONE) {
		ask->first = event;
	} else {
		p->events[ask->last].next = event;
	}
	ask->last = event;
}

static bool take_event(struct loading *l, const struct record_view *item,
		       FILE *out)
{
	static struct record_event r;
	struct past *p = l->p;
	enum fields_trouble trouble = record_get_event(item, &r);
	size_t index = p->event_count;

	if (trouble != FIELDS_FINE) {
		(void)fprintf(out, "event %zu cannot be used: %s\n", index + 1,
			      record_trouble_words(trouble));
		return false;
	}
	instant at = r.event.now;
	span back = index > 0 ? instant_diff(p->events[index - 1].at, at)
			      : SPAN_ZERO;

	if (span_cmp(back, BACKWARDS) > 0) {
		(void)fprintf(out, "event %zu: time runs backwards\n",
			      index + 1);
		return false;
	}
	if (back.v > 0) {
		at = p->events[index - 1].at;
	}
	unsigned segment = notice_jump(l, &r.event);

	p->events = grown(p->events, index, &p->event_room, sizeof(*p->events));
	p->events[p->event_count++] =
		(struct past_event){ .item = *item,
				     .kind = r.event.kind,
				     .at = at,
				     .now = r.event.now,
				     .wall = r.event.wall,
				     .segment = segment,
				     .stepped = l->stepped,
				     .next = PAST_NONE };
	size_t ask = l->asks[r.event.source.slot];
	size_t name = l->names[r.event.source.slot];

	if (r.event.kind == EVENT_RESOLVED && name != PAST_NONE) {
		p->names[name].answer = index;
		l->names[r.event.source.slot] = PAST_NONE;
	} else if ((r.event.kind == EVENT_SENT ||
		    r.event.kind == EVENT_PACKET ||
		    r.event.kind == EVENT_REFCLOCK ||
		    r.event.kind == EVENT_FAILED) &&
		   ask != PAST_NONE) {
		chain(p, &p->asks[ask], index);
	}
	return true;
}

static bool take_all(struct loading *l, struct reader *r, FILE *out)
{
	struct record_view item;

	for (;;) {
		struct reader before = *r;

		if (record_next(r, &item) != RECORD_GOOD) {
			break;
		}
		if (item.kind == RECORD_START) {
			*r = before;
			break;
		}
		if (item.kind == RECORD_EVENT && !take_event(l, &item, out)) {
			return false;
		}
		if (item.kind == RECORD_EFFECT && l->p->event_count > 0) {
			take_effect(l, &item);
		}
	}
	if (l->p->event_count == 0) {
		(void)fprintf(out, "nothing happened in this run\n");
	}
	return l->p->event_count > 0;
}

bool past_load(struct past *p, const struct record_start *start,
	       struct reader *r, FILE *out)
{
	double freq = start->start.freq_ppm * 1e-6;
	struct loading l = {
		.p = p,
		.asks = malloc(SLOTS * sizeof(*l.asks)),
		.names = malloc(SLOTS * sizeof(*l.names)),
		.ahead = start->start.wall.v - (uint64_t)start->start.now.v,
	};

	INVARIANT(l.asks != NULL && l.names != NULL);
	for (size_t i = 0; i < SLOTS; i++) {
		l.asks[i] = l.names[i] = PAST_NONE;
	}
	*p = (struct past){ .tally = { .freq = freq } };
	track_begin(&p->gain, start->start.now, 0);
	track_turn(&p->gain, start->start.now, freq / (1 + freq));
	track_begin(&p->moved, start->start.now, 0);
	track_begin(&p->freq, start->start.now, freq);

	bool good = take_all(&l, r, out);

	free(l.asks);
	free(l.names);
	return good;
}

void past_end(struct past *p)
{
	for (size_t i = 0; i < p->host_count; i++) {
		free(p->hosts[i].asks);
	}
	free(p->events);
	free(p->asks);
	free(p->hosts);
	free(p->names);
	track_end(&p->gain);
	track_end(&p->moved);
	track_end(&p->freq);
	*p = (struct past){ .event_count = 0 };
}

const struct past_host *past_host(const struct past *p, const netaddr *addr)
{
	for (size_t i = 0; i < p->host_count; i++) {
		if (netaddr_equal(&p->hosts[i].addr, addr)) {
			return &p->hosts[i];
		}
	}
	return NULL;
}

size_t past_event_at(const struct past *p, instant at)
{
	size_t low = 0, high = p->event_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (instant_diff(at, p->events[middle].at).v < 0) {
			high = middle;
		} else {
			low = middle;
		}
	}
	return low;
}

instant past_asked_at(const struct past *p, const struct past_ask *ask)
{
	return p->events[ask->event].at;
}

/* Half the way to the question before or behind, whichever is longer. */
static double reach_s(const struct past *p, const struct past_host *h, size_t i)
{
	instant at = past_asked_at(p, &p->asks[h->asks[i]]);
	double gap_s = 0;

	if (i > 0) {
		instant other = past_asked_at(p, &p->asks[h->asks[i - 1]]);

		gap_s = span_to_seconds(instant_diff(at, other));
	}
	if (i + 1 < h->count) {
		instant other = past_asked_at(p, &p->asks[h->asks[i + 1]]);

		gap_s = fmax(gap_s, span_to_seconds(instant_diff(other, at)));
	}
	return gap_s / 2 + SLACK_S;
}

/* The first that was asked at `at` or later. */
static size_t first_from(const struct past *p, const struct past_host *h,
			 instant at)
{
	size_t low = 0, high = h->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		instant asked = past_asked_at(p, &p->asks[h->asks[middle]]);

		if (instant_diff(asked, at).v < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct past_ask *past_nearest(const struct past *p, const struct past_host *h,
			      instant at)
{
	size_t from = first_from(p, h, at);
	struct past_ask *best = NULL;
	double best_s = 0;

	for (size_t i = from > BESIDE ? from - BESIDE : 0;
	     i < h->count && i < from + BESIDE; i++) {
		struct past_ask *a = &p->asks[h->asks[i]];
		span away = instant_diff(at, past_asked_at(p, a));
		double away_s = fabs(span_to_seconds(away));

		if (!a->used && away_s <= reach_s(p, h, i) &&
		    (!best || away_s < best_s)) {
			best = a;
			best_s = away_s;
		}
	}
	return best;
}
