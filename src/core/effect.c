/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/effect.h"

#include <string.h>

void outbox_empty(struct outbox *out)
{
	out->count = 0;
	out->used = 0;
}

bool outbox_has_room(const struct outbox *out, size_t bytes)
{
	return out->count < OUTBOX_EFFECTS - OUTBOX_RESERVE &&
	       bytes <= OUTBOX_BYTES - out->used;
}

static struct effect *append(struct outbox *out)
{
	if (out->count == OUTBOX_EFFECTS) {
		out->lost++;
		return NULL;
	}
	return &out->effects[out->count++];
}

/* Copies bytes into the outbox; false when they do not fit. */
static bool store(struct outbox *out, const void *data, size_t len,
		  uint32_t *at)
{
	if (len > OUTBOX_BYTES - out->used || out->count == OUTBOX_EFFECTS) {
		out->lost++;
		return false;
	}
	*at = out->used;
	memcpy(out->bytes + out->used, data, len);
	out->used += (uint32_t)len;
	return true;
}

void outbox_add(struct outbox *out, const struct effect *effect)
{
	struct effect *e = append(out);

	if (e) {
		*e = *effect;
	}
}

void outbox_send(struct outbox *out, const struct effect *sending,
		 const uint8_t *data, size_t len)
{
	struct effect e = *sending;

	e.send.len = (uint32_t)len;
	if (store(out, data, len, &e.send.at)) {
		outbox_add(out, &e);
	}
}

void outbox_close(struct outbox *out, source_id source)
{
	outbox_add(out,
		   &(struct effect){ .kind = EFFECT_CLOSE, .source = source });
}

void outbox_resolve(struct outbox *out, source_id source, const char *name,
		    enum family family)
{
	struct effect e = { .kind = EFFECT_RESOLVE, .source = source };

	e.resolve.family = family;
	e.resolve.len = (uint32_t)strlen(name);
	if (store(out, name, e.resolve.len, &e.resolve.at)) {
		outbox_add(out, &e);
	}
}

void outbox_answer(struct outbox *out, const uint8_t *data, size_t len)
{
	struct effect e = { .kind = EFFECT_ANSWER };

	e.answer.len = (uint32_t)len;
	if (store(out, data, len, &e.answer.at)) {
		outbox_add(out, &e);
	}
}

void outbox_configure(struct outbox *out, enum wish wish, const char *text,
		      size_t len)
{
	struct effect e = { .kind = EFFECT_CONFIGURE };

	e.configure.wish = wish;
	e.configure.len = (uint32_t)len;
	if (store(out, text, len, &e.configure.at)) {
		outbox_add(out, &e);
	}
}

void outbox_list(struct outbox *out, const struct effect *list,
		 const uint8_t *data, size_t len)
{
	struct effect e = *list;

	e.kind = EFFECT_LIST;
	e.list.len = (uint32_t)len;
	if (store(out, data, len, &e.list.at)) {
		outbox_add(out, &e);
	}
}

struct text outbox_text(struct outbox *out)
{
	return text_over((char *)out->bytes + out->used,
			 OUTBOX_BYTES + 1 - out->used);
}

void outbox_stats(struct outbox *out, const struct effect *moment,
		  const struct text *lines)
{
	struct effect e = *moment;

	if (lines->len == 0) {
		return;
	}
	if (lines->cut || out->count == OUTBOX_EFFECTS) {
		out->lost++;
		return;
	}
	e.stats.at = out->used;
	e.stats.len = (uint32_t)lines->len;
	out->used += e.stats.len;
	outbox_add(out, &e);
}
