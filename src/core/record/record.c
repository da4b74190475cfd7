/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/record.h"

#include <string.h>

#include "base/siphash.h"

#define MAGIC_LEN (sizeof(RECORD_MAGIC) - 1)
#define HEAD 4 /* kind and length */
#define CHECK 4
#define LEAP_BYTES 10 /* of one entry */

/* --- items --- */

struct item {
	uint8_t *start;
};

static struct item begin(struct writer *w, enum record_item kind)
{
	struct item item = { .start = w->at };

	write_u8(w, (uint8_t)kind);
	write_be(w, 0, 3);
	return item;
}

/* Against accidents, not against forgers: the key is no secret. */
static uint32_t check_of(const uint8_t *data, size_t len)
{
	static const struct siphash_key key = { 1, 2 };

	return (uint32_t)siphash(&key, data, len);
}

static void end(struct writer *w, struct item item)
{
	size_t len = (size_t)(w->at - item.start);
	struct writer head;

	if (w->failed || len - HEAD > RECORD_MOST) {
		w->failed = true;
		return;
	}
	head = writer_over(item.start + 1, 3);
	write_be(&head, len - HEAD, 3);
	write_u32(w, check_of(item.start, len));
}

static bool is_kind(unsigned kind)
{
	return kind >= RECORD_START && kind <= RECORD_DONE;
}

/* The end of a file may be the beginning of anything. */
static enum record_verdict next_plain(struct reader r, struct record_view *item)
{
	const uint8_t *start = r.at;
	unsigned kind;
	size_t len;

	if (reader_left(&r) < HEAD + CHECK) {
		return RECORD_CUT;
	}
	kind = read_u8(&r);
	len = (size_t)read_be(&r, 3);
	if (!is_kind(kind)) {
		return RECORD_DAMAGED;
	}
	if (len > reader_left(&r) - CHECK) {
		return RECORD_CUT;
	}
	item->kind = (enum record_item)kind;
	item->data = r.at;
	item->len = len;
	r.at += len;
	return read_u32(&r) == check_of(start, HEAD + len) ? RECORD_GOOD
							   : RECORD_DAMAGED;
}

static bool has_magic(const struct reader *r)
{
	return reader_left(r) >= MAGIC_LEN &&
	       memcmp(r->at, RECORD_MAGIC, MAGIC_LEN) == 0;
}

enum record_verdict record_next(struct reader *r, struct record_view *item)
{
	struct reader at = *r;
	bool magic = has_magic(&at);
	enum record_verdict v;

	if (reader_left(r) == 0) {
		return RECORD_OVER;
	}
	if (magic) {
		at.at += MAGIC_LEN;
		if (reader_left(&at) < 4) {
			return RECORD_CUT;
		}
		if (read_u32(&at) != RECORD_VERSION) {
			return RECORD_NEWER;
		}
	}
	v = next_plain(at, item);
	if (v == RECORD_GOOD && magic != (item->kind == RECORD_START)) {
		v = RECORD_DAMAGED;
	}
	if (v == RECORD_GOOD) {
		r->at = item->data + item->len + CHECK;
	}
	return v;
}

bool record_seek_start(struct reader *r)
{
	while (reader_left(r) > 0) {
		r->at++;
		if (has_magic(r)) {
			return true;
		}
	}
	return false;
}

/* --- how a run began --- */

void record_config_print(const struct config *c, struct text *out)
{
	struct config without = *c;

	without.idles = NULL;
	config_print(&without, out);
}

void record_take_settings(struct record_settings *r, const struct settings *s)
{
	r->leaps = s->leaps;
	r->orders = s->config->orders;
}

static void seed_field(struct fields *f, struct engine_start *s)
{
	const uint8_t *data = s->seed;
	size_t len = sizeof(s->seed);

	field_bytes(f, 1, "seed", &data, &len);
	if (f->walk != FIELDS_READ) {
		return;
	}
	if (len == sizeof(s->seed)) {
		memcpy(s->seed, data, len);
	} else {
		fields_refuse(f);
	}
}

void record_leaps(struct fields *f, uint8_t tag, struct leap_table *t)
{
	uint8_t bytes[LEAP_ENTRIES * LEAP_BYTES];
	const uint8_t *data = bytes;
	struct writer w = writer_over(bytes, sizeof(bytes));
	size_t len;

	for (size_t i = 0; f->walk != FIELDS_READ && i < t->count; i++) {
		write_u64(&w, (uint64_t)t->entries[i].at);
		write_be(&w, (uint16_t)t->entries[i].tai, 2);
	}
	len = (size_t)(w.at - bytes);
	field_bytes(f, tag, "leaps", &data, &len);
	t->expires = field_int(f, (uint8_t)(tag + 1), "leaps_expire",
			       t->expires, INT64_MIN, INT64_MAX);
	if (f->walk != FIELDS_READ) {
		return;
	}
	if (len % LEAP_BYTES != 0 || len > sizeof(bytes)) {
		fields_refuse(f);
		return;
	}
	struct reader r = reader_over(data, len);

	t->count = len / LEAP_BYTES;
	for (size_t i = 0; i < t->count; i++) {
		t->entries[i].at = (int64_t)read_u64(&r);
		t->entries[i].tai = (int16_t)read_be(&r, 2);
	}
}

static void config_fields(struct fields *f, uint8_t tag,
			  struct record_settings *r)
{
	struct orders *o = &r->orders;

	field_bytes(f, tag, "config", &r->config, &r->config_len);
	o->panic_once = field_bool(f, tag + 1, "panic_once", o->panic_once);
	o->step_once = field_bool(f, tag + 2, "step_once", o->step_once);
	o->slew_only = field_bool(f, tag + 3, "slew_only", o->slew_only);
	o->quit = field_bool(f, tag + 4, "quit", o->quit);
	o->no_clock = field_bool(f, tag + 5, "no_clock", o->no_clock);
	o->only =
		(enum family)field_uint(f, tag + 6, "only", o->only, FAMILY_V6);
}

void record_settings_fields(struct fields *f, uint8_t tag,
			    struct record_settings *r)
{
	record_leaps(f, tag, &r->leaps);
	config_fields(f, tag + 2, r);
}

/* Zeros are "unknown", which is said by saying nothing. */
static void boot_field(struct fields *f, uint8_t tag, struct engine_start *s)
{
	static const uint8_t unknown[sizeof(s->boot)];
	const uint8_t *data = s->boot;
	size_t len = memcmp(data, unknown, sizeof(unknown)) == 0
			     ? 0
			     : sizeof(s->boot);

	field_bytes(f, tag, "boot", &data, &len);
	if (f->walk != FIELDS_READ || len == 0) {
		return;
	}
	if (len != sizeof(s->boot) ||
	    memcmp(data, unknown, sizeof(unknown)) == 0) {
		fields_refuse(f);
		return;
	}
	memcpy(s->boot, data, len);
}

static void start_fields(struct fields *f, struct record_start *r)
{
	struct engine_start *s = &r->start;

	seed_field(f, s);
	s->now.v = field_time(f, 2, "now", s->now.v);
	s->wall = field_tstamp(f, 3, "wall", s->wall);
	s->precision = (int8_t)field_int(f, 4, "precision", s->precision,
					 INT8_MIN, INT8_MAX);
	s->freq_known = field_bool(f, 5, "freq_known", s->freq_known);
	s->freq_ppm = field_double(f, 6, "freq_ppm", s->freq_ppm);
	record_leaps(f, 7, &r->settings.leaps);
	field_word(f, 9, "version", r->version, sizeof(r->version));
	field_word(f, 10, "processor", r->processor, sizeof(r->processor));
	field_word(f, 11, "system", r->system, sizeof(r->system));
	config_fields(f, 12, &r->settings);
	s->freq_age_s = field_double(f, 19, "freq_age_s", s->freq_age_s);
	boot_field(f, 20, s);
	record_machine(f, 21, &s->machine);
	field_bytes(f, 26, "snapshot", &s->snapshot, &s->snapshot_len);
	s->built = field_int(f, 40, "built", s->built, INT64_MIN, INT64_MAX);
}

static void copy_word(char word[RECORD_WORD], const char *s)
{
	struct text t = text_over(word, RECORD_WORD);

	text_str(&t, s ? s : "");
}

void record_put_start(struct writer *w, const struct record_start *r)
{
	struct record_start copy = *r;
	struct fields f = fields_to(w);

	copy_word(copy.version, r->start.version);
	copy_word(copy.processor, r->start.processor);
	copy_word(copy.system, r->start.system);
	for (size_t i = 0; i < MAGIC_LEN; i++) {
		write_u8(w, (uint8_t)RECORD_MAGIC[i]);
	}
	write_u32(w, RECORD_VERSION);
	struct item item = begin(w, RECORD_START);

	start_fields(&f, &copy);
	end(w, item);
}

enum fields_trouble record_get_start(const struct record_view *item,
				     struct record_start *r)
{
	struct fields f = fields_from(item->data, item->len);

	memset(r, 0, sizeof(*r));
	start_fields(&f, r);
	r->start.version = r->version;
	r->start.processor = r->processor;
	r->start.system = r->system;
	return fields_end(&f);
}

/* --- what happened, and what came of it --- */

void record_put_event(struct writer *w, const struct event *ev)
{
	struct record_event r = { .event = *ev };
	struct fields f = fields_to(w);
	struct item item = begin(w, RECORD_EVENT);

	record_event_fields(&f, &r);
	end(w, item);
}

void record_put_effect(struct writer *w, const struct effect *e,
		       const uint8_t *bytes)
{
	struct record_effect r = { .effect = *e, .bytes = bytes };
	struct fields f = fields_to(w);
	struct item item = begin(w, RECORD_EFFECT);

	record_effect_fields(&f, &r);
	end(w, item);
}

static void done_fields(struct fields *f, struct record_done *d)
{
	d->deadline.v = field_time(f, 1, "deadline", d->deadline.v);
	d->effects = (uint32_t)field_uint(f, 2, "effects", d->effects,
					  OUTBOX_EFFECTS);
	d->lost = (uint32_t)field_uint(f, 3, "lost", d->lost, UINT32_MAX);
}

void record_put_done(struct writer *w, const struct record_done *d)
{
	struct record_done copy = *d;
	struct fields f = fields_to(w);
	struct item item = begin(w, RECORD_DONE);

	done_fields(&f, &copy);
	end(w, item);
}

enum fields_trouble record_get_event(const struct record_view *item,
				     struct record_event *r)
{
	struct fields f = fields_from(item->data, item->len);

	memset(r, 0, sizeof(*r));
	record_event_fields(&f, r);
	return fields_end(&f);
}

enum fields_trouble record_get_effect(const struct record_view *item,
				      struct record_effect *r)
{
	struct fields f = fields_from(item->data, item->len);

	memset(r, 0, sizeof(*r));
	record_effect_fields(&f, r);
	return fields_end(&f);
}

enum fields_trouble record_get_done(const struct record_view *item,
				    struct record_done *d)
{
	struct fields f = fields_from(item->data, item->len);

	memset(d, 0, sizeof(*d));
	done_fields(&f, d);
	return fields_end(&f);
}

const char *record_trouble_words(enum fields_trouble t)
{
	switch (t) {
	case FIELDS_FINE:
		break;
	case FIELDS_CUT:
		return "it ends early";
	case FIELDS_DISORDER:
		return "its fields are out of order";
	case FIELDS_UNKNOWN:
		return "it has a field that this build does not know";
	case FIELDS_BAD_VALUE:
		return "it has a kind or a value that this build does not know";
	}
	return "nothing is wrong with it";
}

void record_print_event(const struct event *ev, struct text *out)
{
	struct record_event r = { .event = *ev };
	struct fields f = fields_print(out);

	record_event_fields(&f, &r);
}

void record_print_effect(const struct effect *e, const uint8_t *bytes,
			 struct text *out)
{
	struct record_effect r = { .effect = *e, .bytes = bytes };
	struct fields f = fields_print(out);

	record_effect_fields(&f, &r);
}
