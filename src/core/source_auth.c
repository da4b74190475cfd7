/* SPDX-License-Identifier: BSD-2-Clause */
/* The key that a source's line names: signed with it, or not at all. */
#include "core/answer.h"
#include "core/refid.h"
#include "core/source_inner.h"
#include "wire/tail.h"

void source_put(struct source *s, const struct packet *p,
		const struct effect *sending, const struct source_world *world,
		struct outbox *out)
{
	uint8_t bytes[PACKET_LEN + TAIL_MAC_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));

	packet_write(p, &w);
	if (s->config->key != 0) {
		const struct keyring_key *key = answer_key(s, world);

		if (!key || !keyring_sign(key, bytes, &w, KEYRING_V4,
					  world->key_counts)) {
			return; /* never unsigned */
		}
	}
	INVARIANT(!w.failed);
	s->requests++;
	outbox_send_as(out, sending, bytes, (size_t)(w.at - bytes));
}

/* Without its key there is nothing to ask: no answer could be believed. */
bool source_lacks_key(struct source *s, const struct source_world *world,
		      struct outbox *out)
{
	bool lacks = s->config->key != 0 && !answer_key(s, world);

	if (lacks) {
		source_abandon_request(s, out);
		s->kiss = REFID_NKEY;
		s->authentic = false;
		if (!s->no_key) {
			source_note(s, NOTE_NO_KEY, out);
		}
	} else if (s->no_key) {
		s->kiss = REFID_INIT;
	}
	s->no_key = lacks;
	return lacks;
}

/* Nothing authentic came to the last request, but something else did. */
void source_note_mistrust(struct source *s, struct outbox *out)
{
	if (s->mistrusted) {
		s->mistrusted = s->authentic = false;
		if (!s->bad_auth) {
			source_note(s, NOTE_BAD_AUTH, out);
		}
		s->bad_auth = true;
	}
}
