/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of a source: its status word and its events. */
#include "core/source/source_inner.h"

bool source_has_line(const struct source *s)
{
	return s->pool == SOURCE_NO_POOL && !s->listener.on;
}

uint16_t source_status(const struct source *s)
{
	return (uint16_t)((source_has_line(s) ? STATUS_CONFIGURED : 0) |
			  (s->config->key != 0 ? STATUS_AUTHENABLE : 0) |
			  (s->authentic ? STATUS_AUTHENTIC : 0) |
			  (s->polling.reach != 0 ? STATUS_REACHABLE : 0) |
			  (unsigned)reason_tally(s->reason) << 8 |
			  events_bits(&s->events));
}

void source_note(struct source *s, enum note_id id, struct outbox *out)
{
	struct effect e = { .kind = EFFECT_NOTE, .source = s->id };
	struct text word = text_over(e.note.word, sizeof(e.note.word));

	events_add(&s->events, note_event(id));
	e.note.id = id;
	e.note.addr = s->addr;
	e.note.number = source_status(s);
	e.note.second = s->number;
	for (unsigned i = 0; i < 4 && id == NOTE_ACCESS_DENIED; i++) {
		text_char(&word, (char)(s->kiss >> (24 - 8 * i)));
	}
	if (id == NOTE_BAD_AUTH || id == NOTE_NO_KEY) {
		text_u64(&word, s->config->key);
	}
	outbox_add(out, &e);
}

void source_turn(struct source *s, enum note_id id, instant now,
		 struct outbox *out)
{
	s->turned = now;
	source_note(s, id, out);
}
