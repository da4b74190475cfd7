/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tiny.h - a world for one engine: a wrong clock, servers that answer through
 * a path of fixed delay, and all effects carried out and counted.
 */
#ifndef TESTS_TINY_H
#define TESTS_TINY_H

#include <math.h>

#include "tinyparts.h"

static inline struct machine tiny_machine(const struct tiny *t)
{
	struct machine m = t->machine;

	m.rate += discipline_kernel(t->freq);
	m.bent = span_add(m.bent, span_from_seconds(t->bent_s));
	return m;
}

static inline void tiny_start(struct tiny *t)
{
	struct engine_start start = t->start;

	start.now = tiny_instant(t->now_s);
	start.wall = tiny_wall(t);
	start.machine = tiny_machine(t);
	start.precision = -20;
	start.version = "ntpd tiny";
	start.processor = start.system = "s";
	for (unsigned i = 0; i < 8; i++) {
		start.seed[i] = (uint8_t)check_rng();
	}
	t->settings =
		(struct settings){ .config = &t->config, .leaps = t->leaps };
	t->memory = malloc(engine_size(&t->settings));
	assert_non_null(t->memory);
	memset(t->memory, 0xa5, engine_size(&t->settings));
	t->engine = engine_init(t->memory, &t->settings, &start);
	t->deadline_s = t->now_s;
}

static inline void tiny_end(struct tiny *t)
{
	free(t->memory);
}

static inline struct tiny_thing *tiny_put(struct tiny *t, double after_s,
					  enum event_kind kind)
{
	for (size_t i = 0; i < TINY_QUEUE; i++) {
		struct tiny_thing *q = &t->queue[i];

		if (!q->used) {
			*q = (struct tiny_thing){ .used = true,
						  .kind = kind,
						  .at_s = t->now_s + after_s };
			return q;
		}
	}
	fail_msg("the queue is full");
	return NULL;
}

static inline void tiny_answer(struct tiny *t, struct tiny_server *s,
			       const struct effect *e)
{
	struct reader r = reader_over(t->out.bytes + e->send.at, e->send.len);
	struct packet p;
	double there_s = t->now_s + TINY_WAY_S;
	struct tiny_thing *q = tiny_put(t, 2 * TINY_WAY_S, EVENT_PACKET);
	struct writer w = writer_over(q->bytes, sizeof(q->bytes));

	assert_int_equal(packet_parse(&p, &r), PACKET_OK);
	q->source = e->source;
	q->addr = s->addr;
	p = (struct packet){
		.mode = MODE_SERVER,
		.version = p.version,
		.leap = s->leap,
		.stratum = s->stratum,
		.refid = s->refid,
		.precision = -20,
		.poll = p.poll,
		.origin = p.transmit,
		.receive = tiny_true(there_s + t->slept_s + s->lie_s),
		.transmit = tiny_true(there_s + t->slept_s + s->lie_s + 1e-5),
		.reference = tiny_true(there_s + t->slept_s + s->lie_s - 10),
	};
	if (s->manner != TINY_GOOD) {
		p.stratum = 0;
		p.leap = LEAP_UNSYNC;
		p.refid = s->manner == TINY_RATE   ? 0x52415445
			  : s->manner == TINY_DENY ? 0x44454e59
						   : 0x494e4954;
	}
	packet_write(&p, &w);
}

static inline void tiny_send(struct tiny *t, const struct effect *e)
{
	struct tiny_thing *q;

	t->sends++;
	assert_int_equal(e->send.len, PACKET_LEN);
	if (!t->no_stamp) {
		q = tiny_put(t, t->stamp_late ? 3 * TINY_WAY_S : 1e-4,
			     EVENT_SENT);
		q->source = e->source;
		q->exchange = e->send.exchange;
		q->stamp = tiny_wall(t);
	}
	for (size_t i = 0; i < t->server_count; i++) {
		struct tiny_server *s = &t->servers[i];

		if (!netaddr_equal(&s->addr, &e->send.to)) {
			continue;
		}
		s->asked++;
		s->least_gap_s = fmin(s->least_gap_s, t->now_s - s->asked_at_s);
		s->asked_at_s = t->now_s;
		if (s->manner != TINY_SILENT) {
			tiny_answer(t, s, e);
		}
	}
}

static inline void tiny_stats(struct tiny *t, const struct effect *e)
{
	const char *lines = (const char *)t->out.bytes + e->stats.at;
	struct text last = text_over(t->stats_line[e->stats.kind],
				     sizeof(t->stats_line[e->stats.kind]));

	assert_true(e->stats.len > 0 && lines[e->stats.len - 1] == '\n');
	for (uint32_t i = 0; i < e->stats.len; i++) {
		t->stats[e->stats.kind] += lines[i] == '\n';
	}
	text_bytes(&last, lines, e->stats.len);
}

static inline void tiny_carry(struct tiny *t, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_SEND:
		tiny_send(t, e);
		break;
	case EFFECT_LIST:
	case EFFECT_CLOSE:
		break;
	case EFFECT_RESOLVE:
		t->resolves++;
		tiny_put(t, 0.01, EVENT_RESOLVED)->source = e->source;
		break;
	case EFFECT_STEER:
		assert_true(fabs(e->steer.base) <= 501e-6);
		assert_true(fabs(e->steer.freq - e->steer.base) <= 83334e-6);
		/* This world counts in seconds of the clock itself. */
		t->freq = discipline_own(e->steer.freq);
		t->steers++;
		break;
	case EFFECT_STEP:
		t->step_s = span_to_seconds(e->step);
		t->error_s += t->step_s;
		t->steps++;
		break;
	case EFFECT_SLEW:
		t->slew_s = span_to_seconds(e->slew);
		t->slews++;
		break;
	case EFFECT_STATUS:
		t->statuses++;
		t->status = *e;
		break;
	case EFFECT_VIEW:
		t->view = e->view;
		break;
	case EFFECT_CONFIGURE:
		t->wish = e->configure.wish;
		t->wish_words = text_over(t->wish_text, sizeof(t->wish_text));
		text_bytes(&t->wish_words,
			   (const char *)t->out.bytes + e->configure.at,
			   e->configure.len);
		break;
	case EFFECT_ANSWER:
		t->answers++;
		t->answer_len = e->answer.len;
		memcpy(t->answer, t->out.bytes + e->answer.at, e->answer.len);
		break;
	case EFFECT_READ:
		assert_int_equal(e->read.type, 28);
		t->reads++;
		tiny_put(t, 1e-5, EVENT_REFCLOCK)->source = e->source;
		break;
	case EFFECT_NOTE:
		t->notes[e->note.id]++;
		break;
	case EFFECT_SNAPSHOT:
		t->snapshots++;
		break;
	case EFFECT_SAVE:
		t->saves++;
		t->saved_ppm = e->save.freq_ppm;
		break;
	case EFFECT_STATS:
		tiny_stats(t, e);
		break;
	case EFFECT_EXIT:
		t->exited = true;
		t->code = e->exit.code;
		break;
	}
}

static inline void tiny_handle(struct tiny *t, struct event *ev)
{
	ev->now = tiny_instant(t->now_s);
	ev->wall = tiny_wall(t);
	ev->machine = tiny_machine(t);
	instant at = engine_handle(t->engine, ev, &t->out);

	t->deadline_s = tiny_seconds(at);
	assert_true(t->deadline_s >= t->now_s - 1e-9);
	assert_int_equal(t->out.lost, 0);
	for (uint32_t i = 0; i < t->out.count; i++) {
		tiny_carry(t, &t->out.effects[i]);
	}
}

/* The clock runs on. */
static inline void tiny_pass(struct tiny *t, double to_s)
{
	t->error_s += (to_s - t->now_s) * (t->own_freq + t->freq);
	t->bent_s += (to_s - t->now_s) * t->freq;
	t->now_s = to_s;
}

static inline void tiny_deliver(struct tiny *t, struct tiny_thing *q)
{
	struct event ev = { .kind = q->kind, .source = q->source };
	struct tiny_thing thing = *q;

	q->used = false;
	if (thing.kind == EVENT_SENT) {
		ev.sent.exchange = thing.exchange;
		ev.sent.at = thing.stamp;
		ev.sent.origin = STAMP_KERNEL;
	} else if (thing.kind == EVENT_PACKET) {
		ev.packet.at = tiny_wall(t);
		ev.packet.origin = STAMP_KERNEL;
		ev.packet.local = netaddr_v4(0x0a0000fe, 40000);
		ev.packet.data = thing.bytes;
		ev.packet.len = PACKET_LEN;
	} else if (thing.kind == EVENT_RESOLVED) {
		ev.resolved.addrs = t->names;
		ev.resolved.count = t->name_count;
	} else if (thing.kind == EVENT_REFCLOCK) {
		ev.refclock.reading =
			t->clock_silent ? READING_NONE : READING_GOOD;
		ev.refclock.reference = tiny_true(t->now_s + t->clock_lie_s);
		ev.refclock.received = tiny_wall(t);
		ev.refclock.precision = -20;
	}
	tiny_handle(t, &ev);
}

static inline void tiny_run(struct tiny *t, double until_s)
{
	while (!t->exited) {
		struct tiny_thing *first = NULL;
		double next_s = t->deadline_s;

		for (size_t i = 0; i < TINY_QUEUE; i++) {
			struct tiny_thing *q = &t->queue[i];

			if (q->used && (!first || q->at_s < first->at_s)) {
				first = q;
			}
		}
		if (first && first->at_s < next_s) {
			next_s = first->at_s;
		} else {
			first = NULL;
		}
		if (next_s > until_s) {
			tiny_pass(t, until_s);
			return;
		}
		tiny_pass(t, fmax(next_s, t->now_s));
		if (first) {
			tiny_deliver(t, first);
		} else {
			tiny_handle(t, &(struct event){ .kind = EVENT_TICK });
		}
	}
}

/* The clock's error is within what the view claims, now. */
static inline void tiny_check_bound(const struct tiny *t)
{
	double age_s = span_to_seconds(tstamp_diff(tiny_wall(t), t->view.made));
	double bound_s = span_to_seconds(t->view.root_delay) / 2 +
			 span_to_seconds(t->view.root_disp) +
			 age_s * t->view.drift_ppm * 1e-6;

	if (t->view.leap != LEAP_UNSYNC) {
		assert_true(fabs(t->error_s) <= bound_s);
	}
}

#endif
