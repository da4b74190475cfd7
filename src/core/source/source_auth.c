/* SPDX-License-Identifier: BSD-2-Clause */
/* The key that a source's line names: signed with it, or not at all. */
#include "core/serve/refid.h"
#include "core/source/answer.h"
#include "core/source/source_inner.h"
#include "wire/tail.h"

size_t source_sign(const struct source_config *line, const netaddr *host,
		   const struct packet *p, const struct source_world *world,
		   uint8_t bytes[SIGNED_MAX])
{
	struct writer w = writer_over(bytes, SIGNED_MAX);

	packet_write(p, &w);
	if (line->key != 0) {
		const struct keyring_key *key =
			keyring_find(world->keys, line->key, KEY_FOR_SOURCE,
				     host, world->key_counts);

		if (!key || !keyring_sign(key, bytes, &w, KEYRING_V4,
					  world->key_counts)) {
			return 0;
		}
	}
	INVARIANT(!w.failed);
	return (size_t)(w.at - bytes);
}

void source_put(struct source *s, const struct packet *p,
		const struct effect *sending, const struct source_world *world,
		struct outbox *out)
{
	uint8_t bytes[SIGNED_MAX];
	size_t len = source_sign(s->config, &s->addr, p, world, bytes);

	if (len > 0) {
		s->requests++;
		outbox_send(out, sending, bytes, len);
	}
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
