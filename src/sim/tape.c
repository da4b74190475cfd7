/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/tape.h"

#include <stdlib.h>
#include <string.h>

#include "core/record/record.h"

#define TEXT_ROOM ((size_t)1 << 16) /* no world has a longer configuration */
#define ROOM (TEXT_ROOM + RECORD_ROOM)

void tape_begin(struct tape *t, FILE *file)
{
	*t = (struct tape){ .file = file, .buffer = malloc(ROOM) };
	INVARIANT(t->buffer != NULL);
}

bool tape_end(struct tape *t)
{
	bool good = !t->failed && fflush(t->file) == 0;

	free(t->buffer);
	*t = (struct tape){ .file = NULL };
	return good;
}

static struct writer room(const struct tape *t)
{
	return writer_over(t->buffer, ROOM);
}

static void put(struct tape *t, const struct writer *w)
{
	size_t len = (size_t)(w->at - t->buffer);

	INVARIANT(!w->failed);
	t->failed |= fwrite(t->buffer, 1, len, t->file) != len;
}

void tape_start(struct tape *t, const struct settings *settings,
		const struct engine_start *start)
{
	static char buffer[TEXT_ROOM];
	struct text text = text_over(buffer, sizeof(buffer));
	struct record_start s = { .start = *start };
	struct writer w = room(t);

	record_config_print(settings->config, &text);
	INVARIANT(!text.cut);
	s.settings.config = (const uint8_t *)buffer;
	s.settings.config_len = text.len;
	record_take_settings(&s.settings, settings);
	record_put_start(&w, &s);
	put(t, &w);
}

void tape_event(struct tape *t, const struct event *ev)
{
	struct writer w = room(t);

	record_put_event(&w, ev);
	put(t, &w);
}

void tape_effects(struct tape *t, const struct outbox *out, instant deadline)
{
	struct record_done done = { deadline, out->count, out->lost };
	struct writer w;

	for (uint32_t i = 0; i < out->count; i++) {
		const struct effect *e = &out->effects[i];

		w = room(t);
		record_put_effect(&w, e, record_effect_bytes(out, e));
		put(t, &w);
	}
	w = room(t);
	record_put_done(&w, &done);
	put(t, &w);
}
