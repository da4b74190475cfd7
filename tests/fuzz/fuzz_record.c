/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a record. What is read as good is written again as the same
 * bytes: there is one way to say a thing. The first octet says whether they
 * are items, or the fields of one.
 */
#include <string.h>

#include "core/record/record.h"
#include "fuzz/fuzz.h"

static uint8_t buffer[1 << 20];
static char words[RECORD_LINE];

/* The item that was just written has these fields. */
static void check_written(const struct writer *w,
			  const struct record_view *item)
{
	struct reader r = reader_over(buffer, (size_t)(w->at - buffer));
	struct record_view ours;

	INVARIANT(!w->failed);
	INVARIANT(record_next(&r, &ours) == RECORD_GOOD);
	INVARIANT(ours.kind == item->kind && ours.len == item->len);
	INVARIANT(memcmp(ours.data, item->data, item->len) == 0);
}

static void check_event(const struct record_view *item)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct text text = text_over(words, sizeof(words));
	struct record_event r;

	if (record_get_event(item, &r) == FIELDS_FINE) {
		record_put_event(&w, &r.event);
		check_written(&w, item);
		record_print_event(&r.event, &text);
	}
}

static void check_effect(const struct record_view *item)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct text text = text_over(words, sizeof(words));
	struct record_effect r;

	if (record_get_effect(item, &r) == FIELDS_FINE) {
		record_put_effect(&w, &r.effect, r.bytes);
		check_written(&w, item);
		record_print_effect(&r.effect, r.bytes, &text);
	}
}

static void check_start(const struct record_view *item)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct record_start r;

	if (record_get_start(item, &r) == FIELDS_FINE) {
		record_put_start(&w, &r);
		check_written(&w, item);
	}
}

static void check_done(const struct record_view *item)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct record_done d;

	if (record_get_done(item, &d) == FIELDS_FINE) {
		record_put_done(&w, &d);
		check_written(&w, item);
	}
}

static void check(const struct record_view *item)
{
	switch (item->kind) {
	case RECORD_START:
		check_start(item);
		break;
	case RECORD_EVENT:
		check_event(item);
		break;
	case RECORD_EFFECT:
		check_effect(item);
		break;
	case RECORD_DONE:
		check_done(item);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	uint8_t kind = read_u8(&r);
	struct record_view item = { .data = r.at, .len = reader_left(&r) };

	if (size == 0 || size > sizeof(buffer) / 4) {
		return 0;
	}
	if (kind >= RECORD_START && kind <= RECORD_DONE) {
		item.kind = (enum record_item)kind;
		check(&item);
		return 0;
	}
	do {
		while (record_next(&r, &item) == RECORD_GOOD) {
			check(&item);
		}
	} while (record_seek_start(&r));
	return 0;
}
