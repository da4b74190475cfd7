/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/replay.h"

#include <inttypes.h>
#include <string.h>

#include "sim/rerun.h"

struct replay {
	FILE *out;
	struct rerun rerun;
	uint64_t runs, events, effects; /* the last two of this run */
	struct record_event event;
	bool running, open; /* open: an event's effects are being compared */
	uint32_t next;      /* the effect to be compared next */
	instant deadline;
	enum replay_end end;
};

static void finish_run(struct replay *p)
{
	if (p->running && p->end != REPLAY_DIFFERS) {
		(void)fprintf(
			p->out,
			"run %" PRIu64 ", %s: %" PRIu64 " events, %" PRIu64
			" effects: all the same%s\n",
			p->runs, p->rerun.began.version, p->events, p->effects,
			p->open ? "; those of the last event are missing" : "");
	}
	p->running = p->open = false;
}

static void broken(struct replay *p)
{
	if (p->end == REPLAY_SAME) {
		p->end = REPLAY_BROKEN;
	}
}

static void begin_run(struct replay *p, const struct record_view *item)
{
	finish_run(p);
	p->runs++;
	p->events = p->effects = 0;
	p->running = rerun_begin(&p->rerun, item, p->out);
	if (!p->running) {
		broken(p);
	}
}

/* Names the event at hand. */
static void say_event(const struct replay *p, const char *what)
{
	char when[RERUN_WORDS], line[RECORD_LINE];
	struct text text = text_over(line, sizeof(line));

	rerun_when(&p->rerun, &p->event.event, when);
	record_print_event(&p->event.event, &text);
	(void)fprintf(p->out,
		      "run %" PRIu64 ", event %" PRIu64 " at %s: %s\n"
		      "  event:   %s\n",
		      p->runs, p->events, when, what, line);
}

static void say_recorded(const struct replay *p, const struct record_view *item)
{
	struct record_effect r;
	char line[RECORD_LINE];
	struct text text = text_over(line, sizeof(line));
	enum fields_trouble trouble;

	if (!item) {
		text_str(&text, " nothing more");
	} else if ((trouble = record_get_effect(item, &r)) != FIELDS_FINE) {
		text_str(&text, " an effect that cannot be read: ");
		text_str(&text, record_trouble_words(trouble));
	} else {
		record_print_effect(&r.effect, r.bytes, &text);
	}
	(void)fprintf(p->out, "  recorded:%s\n", line);
}

static void say_ours(const struct replay *p, uint32_t index)
{
	const struct outbox *out = p->rerun.outbox;
	char line[RECORD_LINE];
	struct text text = text_over(line, sizeof(line));

	if (index < out->count) {
		const struct effect *e = &out->effects[index];

		record_print_effect(e, record_effect_bytes(out, e), &text);
	} else {
		text_str(&text, " nothing more");
	}
	(void)fprintf(p->out, "  now:     %s\n", line);
}

static void differs(struct replay *p, const struct record_view *item)
{
	char what[64];

	p->end = REPLAY_DIFFERS;
	(void)snprintf(what, sizeof(what), "effect %" PRIu32 " differs",
		       p->next + 1);
	say_event(p, what);
	say_recorded(p, item);
	say_ours(p, p->next);
}

static void take_event(struct replay *p, const struct record_view *item)
{
	enum fields_trouble trouble = record_get_event(item, &p->event);
	struct rerun *r = &p->rerun;

	p->events++;
	if (trouble != FIELDS_FINE || p->open) {
		(void)fprintf(p->out,
			      "run %" PRIu64 ", event %" PRIu64
			      " cannot be used: %s\n",
			      p->runs, p->events,
			      p->open ? "effects are missing before it"
				      : record_trouble_words(trouble));
		broken(p);
		finish_run(p);
		return;
	}
	if (!rerun_event(r, &p->event, p->out)) {
		broken(p);
		finish_run(p);
		return;
	}
	outbox_empty(r->outbox);
	(void)fflush(p->out); /* lest the engine ends us */
	p->deadline = engine_handle(r->engine, &p->event.event, r->outbox);
	p->next = 0;
	p->open = true;
}

static bool is_same(const struct outbox *out, const struct effect *e,
		    const struct record_view *item)
{
	static uint8_t buffer[RECORD_ROOM];
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct reader r;
	struct record_view ours;

	record_put_effect(&w, e, record_effect_bytes(out, e));
	r = reader_over(buffer, (size_t)(w.at - buffer));
	return !w.failed && record_next(&r, &ours) == RECORD_GOOD &&
	       ours.len == item->len &&
	       memcmp(ours.data, item->data, item->len) == 0;
}

static void take_effect(struct replay *p, const struct record_view *item)
{
	const struct outbox *out = p->rerun.outbox;

	if (!p->open || p->next >= out->count ||
	    !is_same(out, &out->effects[p->next], item)) {
		differs(p, item);
		return;
	}
	p->next++;
	p->effects++;
}

static void take_done(struct replay *p, const struct record_view *item)
{
	const struct outbox *out = p->rerun.outbox;
	struct record_done d;
	enum fields_trouble trouble = record_get_done(item, &d);

	if (!p->open || trouble != FIELDS_FINE) {
		(void)fprintf(p->out, "the end of event %" PRIu64 ": %s\n",
			      p->events, record_trouble_words(trouble));
		broken(p);
	} else if (p->next < out->count) {
		differs(p, NULL);
	} else if (d.deadline.v != p->deadline.v || d.lost != out->lost) {
		p->end = REPLAY_DIFFERS;
		say_event(p, "the effects are the same, the next deadline or "
			     "what was lost is not");
	}
	p->open = false;
}

static void take(struct replay *p, const struct record_view *item)
{
	if (item->kind == RECORD_START) {
		begin_run(p, item);
	} else if (!p->running) {
		return; /* its start could not be used */
	} else if (item->kind == RECORD_EVENT) {
		take_event(p, item);
	} else if (item->kind == RECORD_EFFECT) {
		take_effect(p, item);
	} else {
		take_done(p, item);
	}
}

static const char *verdict_words(enum record_verdict v)
{
	return v == RECORD_CUT     ? "it ends within an item"
	       : v == RECORD_NEWER ? "it is of a format that this build does "
				     "not know"
				   : "it is damaged";
}

enum replay_end replay_run(const uint8_t *data, size_t len, FILE *out)
{
	static struct replay p;
	struct reader r = reader_over(data, len);
	enum record_verdict v;

	p = (struct replay){ .out = out };
	if (len < 4 || memcmp(data, RECORD_MAGIC, 4) != 0) {
		(void)fprintf(out, "this is no record\n");
		return REPLAY_BROKEN;
	}
	while (p.end != REPLAY_DIFFERS) {
		struct record_view item;

		v = record_next(&r, &item);
		if (v == RECORD_GOOD) {
			take(&p, &item);
			continue;
		}
		finish_run(&p);
		if (v == RECORD_OVER) {
			break;
		}
		(void)fprintf(out, "at byte %zu: %s\n", (size_t)(r.at - data),
			      verdict_words(v));
		broken(&p);
		if (!record_seek_start(&r)) {
			break;
		}
	}
	rerun_end(&p.rerun);
	return p.end;
}
