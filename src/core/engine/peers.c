/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"
#include "core/source/symmetric.h"

void engine_list_peers(struct engine *e, void *memory)
{
	struct peerlist *list = memory;

	list->count = 0;
	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];

		if (s->used && s->symmetric.on && s->state != SOURCE_NAMELESS) {
			peerlist_add(list, &s->addr);
		}
	}
	e->peers = list->count > 0 ? list : NULL;
}

static struct source *peer_at(struct engine *e, const netaddr *addr)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s->symmetric.on && s->state != SOURCE_NAMELESS &&
		    netaddr_equal(&s->addr, addr)) {
			return s;
		}
	}
	return NULL;
}

void engine_take_peer(struct engine *e, const struct event *ev,
		      struct outbox *out)
{
	bool cast = ev->packet.len > 0 &&
		    (ev->packet.data[0] & 7) == MODE_BROADCAST;
	struct source *s = cast ? NULL : peer_at(e, &ev->packet.from);
	struct source_world world = engine_world(e);
	struct sample sample;

	if (cast) {
		engine_hear(e, ev, out);
	} else if (s) {
		engine_judged(e, s,
			      symmetric_receive(s, ev, &world, out, &sample),
			      &sample, out);
	}
}

void engine_note_unsigned(struct engine *e, struct outbox *out)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];
		struct effect n = { .kind = EFFECT_NOTE, .source = s->id };
		struct text word = text_over(n.note.word, sizeof(n.note.word));

		if (s->used && s->config->kind == SOURCE_KIND_PEER &&
		    !s->symmetric.on) {
			n.note.id = NOTE_PEER_UNSIGNED;
			text_str(&word, s->config->host);
			outbox_add(out, &n);
		}
	}
}
