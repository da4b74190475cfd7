/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/rerun.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"

#define PIVOT INT64_C(1800000000) /* 2027: right until 2095 */

static void forget(struct rerun_settings *s)
{
	free(s->arena);
	free(s->room);
	s->arena = s->room = NULL;
}

static bool read_settings(struct rerun_settings *s,
			  const struct record_settings *from, FILE *out)
{
	size_t len = from->config_len, size = config_arena_size(len);
	struct config_result result;
	struct arena arena;

	forget(s);
	s->arena = malloc(size);
	INVARIANT(s->arena != NULL);
	arena = arena_over(s->arena, size);
	config_defaults(&s->config);
	result = config_parse(&s->config, &arena, "record",
			      (const char *)from->config, len, NULL);
	for (const struct complaint *c = result.complaints; c; c = c->next) {
		char line[RECORD_LINE];
		struct text text = text_over(line, sizeof(line));

		if (c->severity != COMPLAINT_INFO) {
			complaint_print(c, &text);
			(void)fprintf(out, "its configuration: %s\n", line);
		}
	}
	s->config.orders = from->orders;
	s->settings =
		(struct settings){ .config = &s->config, .leaps = from->leaps };
	return !result.out_of_memory && result.warnings + result.fatals == 0 &&
	       engine_fits(&s->settings);
}

bool rerun_begin(struct rerun *r, const struct record_view *item, FILE *out)
{
	enum fields_trouble trouble;
	struct rerun_settings *s = &r->held[0];

	rerun_end(r);
	trouble = record_get_start(item, &r->began);
	if (trouble != FIELDS_FINE) {
		(void)fprintf(out, "the start cannot be read: %s\n",
			      record_trouble_words(trouble));
		return false;
	}
	if (!read_settings(s, &r->began.settings, out)) {
		return false;
	}
	r->now = 0;
	r->memory = malloc(engine_size(&s->settings));
	r->outbox = calloc(1, sizeof(*r->outbox));
	INVARIANT(r->memory != NULL && r->outbox != NULL);
	r->engine = engine_init(r->memory, &s->settings, &r->began.start);
	return true;
}

bool rerun_event(struct rerun *r, struct record_event *ev, FILE *out)
{
	struct rerun_settings *s = &r->held[1 - r->now];

	if (ev->event.kind != EVENT_SETTINGS || !ev->has_settings) {
		return true;
	}
	if (!read_settings(s, &ev->settings, out)) {
		return false;
	}
	s->room = malloc(engine_room(r->engine, &s->settings));
	INVARIANT(s->room != NULL);
	ev->event.settings.settings = &s->settings;
	ev->event.settings.room = s->room;
	ev->event.settings.text = ev->settings.config;
	ev->event.settings.text_len = ev->settings.config_len;
	r->now = 1 - r->now;
	return true;
}

void rerun_end(struct rerun *r)
{
	forget(&r->held[0]);
	forget(&r->held[1]);
	free(r->memory);
	free(r->outbox);
	r->memory = NULL;
	r->engine = NULL;
	r->outbox = NULL;
}

void rerun_when(const struct rerun *r, const struct event *ev,
		char words[RERUN_WORDS])
{
	struct date d = date_from_unix(tstamp_to_unix(ev->wall, PIVOT));
	span since = instant_diff(ev->now, r->began.start.now);

	(void)snprintf(words, RERUN_WORDS,
		       "%04lld-%02u-%02u %02u:%02u:%02u UTC, %.3f s after the "
		       "start",
		       (long long)d.year, d.month, d.day, d.hour, d.minute,
		       d.second, span_to_seconds(since));
}
