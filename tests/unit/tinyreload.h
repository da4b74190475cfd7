/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tinyreload.h - other settings for the engine of a tiny world; what it had
 * before is overwritten and freed as soon as that is allowed.
 */
#ifndef TESTS_TINYRELOAD_H
#define TESTS_TINYRELOAD_H

#include "tiny.h"

/* What a reload gave the engine; gone when the next event is over. */
struct tiny_settings {
	struct config config;
	struct settings settings;
	void *arena, *room;
};

static struct tiny_settings *tiny_held;

static inline void tiny_forget(struct tiny_settings *s)
{
	free(s->arena);
	free(s->room);
	memset(s, 0x5a, sizeof(*s)); /* whoever still looks there is to fall */
	free(s);
}

/* These lines are the whole configuration from now on. */
static inline void tiny_reload(struct tiny *t, const char *lines)
{
	size_t len = strlen(lines), size = config_arena_size(len);
	struct tiny_settings *s = calloc(1, sizeof(*s)), *was;
	struct event ev = { .kind = EVENT_SETTINGS };
	struct arena arena;

	assert_non_null(s);
	s->arena = malloc(size);
	arena = arena_over(s->arena, size);
	config_defaults(&s->config);
	struct config_result r =
		config_parse(&s->config, &arena, "t", lines, len, NULL);

	assert_int_equal(r.warnings + r.fatals, 0);
	s->settings =
		(struct settings){ .config = &s->config, .leaps = t->leaps };
	assert_true(engine_fits(&s->settings));
	size = engine_room(t->engine, &s->settings);
	s->room = malloc(size);
	assert_non_null(s->room);
	memset(s->room, 0xa5, size);
	ev.settings.settings = &s->settings;
	ev.settings.room = s->room;
	was = tiny_held;
	tiny_held = s;
	tiny_handle(t, &ev);
	if (was) {
		tiny_forget(was);
	} else { /* what was there at the start */
		memset(&t->config, 0x5a, sizeof(t->config));
		memset(t->sources, 0x5a, sizeof(t->sources));
	}
}

static inline void tiny_reload_end(struct tiny *t)
{
	tiny_end(t);
	if (tiny_held) {
		tiny_forget(tiny_held);
	}
	tiny_held = NULL;
}

#endif
