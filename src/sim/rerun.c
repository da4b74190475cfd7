/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/rerun.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"

#define PIVOT INT64_C(1800000000) /* 2027: right until 2095 */

static bool read_config(struct rerun *r, FILE *out)
{
	size_t len = r->began.config_len, size = config_arena_size(len);
	struct config_result result;
	struct arena arena;

	r->arena = malloc(size);
	INVARIANT(r->arena != NULL);
	arena = arena_over(r->arena, size);
	config_defaults(&r->config);
	result = config_parse(&r->config, &arena, "record",
			      (const char *)r->began.config, len, NULL);
	for (const struct complaint *c = result.complaints; c; c = c->next) {
		char line[RECORD_LINE];
		struct text text = text_over(line, sizeof(line));

		if (c->severity != COMPLAINT_INFO) {
			complaint_print(c, &text);
			(void)fprintf(out, "its configuration: %s\n", line);
		}
	}
	record_give_config(&r->began, &r->config);
	return !result.out_of_memory && result.warnings + result.fatals == 0;
}

bool rerun_begin(struct rerun *r, const struct record_view *item, FILE *out)
{
	enum fields_trouble trouble;

	rerun_end(r);
	trouble = record_get_start(item, &r->began);
	if (trouble != FIELDS_FINE) {
		(void)fprintf(out, "the start cannot be read: %s\n",
			      record_trouble_words(trouble));
		return false;
	}
	if (!read_config(r, out)) {
		return false;
	}
	r->memory = malloc(engine_size(&r->config));
	r->outbox = calloc(1, sizeof(*r->outbox));
	INVARIANT(r->memory != NULL && r->outbox != NULL);
	r->engine = engine_init(r->memory, &r->config, &r->began.start);
	return true;
}

void rerun_end(struct rerun *r)
{
	free(r->arena);
	free(r->memory);
	free(r->outbox);
	r->arena = r->memory = NULL;
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
