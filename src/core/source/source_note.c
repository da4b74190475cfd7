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
	static const struct {
		enum note_id id;
		uint8_t event;
	} codes[] = {
		{ NOTE_MOBILIZE, PEER_MOBILIZE },
		{ NOTE_DEMOBILIZE, PEER_DEMOBILIZE },
		{ NOTE_PREEMPTED, PEER_DEMOBILIZE },
		{ NOTE_UNREACHABLE, PEER_UNREACHABLE },
		{ NOTE_REACHABLE, PEER_REACHABLE },
		{ NOTE_RATE_EXCEEDED, PEER_RATE_EXCEEDED },
		{ NOTE_ACCESS_DENIED, PEER_ACCESS_DENIED },
		{ NOTE_SYS_PEER, PEER_SYS_PEER },
		{ NOTE_BAD_AUTH, PEER_BAD_AUTH },
		{ NOTE_NO_KEY, PEER_BAD_AUTH },
	};
	struct effect e = { .kind = EFFECT_NOTE, .source = s->id };
	struct text word = text_over(e.note.word, sizeof(e.note.word));

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i].id == id) {
			events_add(&s->events, codes[i].event);
		}
	}
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
