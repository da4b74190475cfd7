/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records: every kind of event and effect comes back as it was, what is cut or
 * bent is noticed, and what another build wrote is read as far as it goes.
 */
#include <string.h>

#include "records.h"

#define KINDS 256

static uint8_t buffer[RECORD_ROOM * 2], again[RECORD_ROOM];
/* The one item that was written. */
static struct record_view only_item(const struct writer *w)
{
	struct reader r = reader_over(buffer, (size_t)(w->at - buffer));
	struct record_view item;

	assert_false(w->failed);
	assert_int_equal(record_next(&r, &item), RECORD_GOOD);
	assert_int_equal(record_next(&r, &item), RECORD_OVER);
	return item;
}

/* As text, which shows every field; padding is not compared so. */
static void assert_same_event(const struct event *a, const struct event *b)
{
	static char x[RECORD_ROOM], y[RECORD_ROOM];
	struct text tx = text_over(x, sizeof(x)), ty = text_over(y, sizeof(y));

	record_print_event(a, &tx);
	record_print_event(b, &ty);
	assert_false(tx.cut);
	assert_string_equal(x, y);
}

static void every_event_comes_back(void **state)
{
	(void)state;
	unsigned kinds = 0;

	for (unsigned i = 0; i < KINDS; i++) {
		const char *name = record_event_name((enum event_kind)i);

		kinds += name != NULL;
		for (int n = 0; name && n < 500; n++) {
			struct event ev = any_event((enum event_kind)i);
			struct writer w = writer_over(buffer, sizeof(buffer));
			struct record_event back;

			record_put_event(&w, &ev);
			struct record_view item = only_item(&w);

			assert_int_equal(item.kind, RECORD_EVENT);
			assert_int_equal(record_get_event(&item, &back),
					 FIELDS_FINE);
			assert_int_equal(back.event.kind, ev.kind);
			assert_int_equal(back.event.wall.v, ev.wall.v);
			assert_same_event(&ev, &back.event);
		}
	}
	assert_true(kinds >= 7);
}

static void every_effect_comes_back(void **state)
{
	(void)state;
	unsigned kinds = 0;

	for (unsigned i = 0; i < KINDS; i++) {
		const char *name = record_effect_name((enum effect_kind)i);

		kinds += name != NULL;
		for (int n = 0; name && n < 500; n++) {
			struct effect e = any_effect((enum effect_kind)i);
			struct writer w = writer_over(buffer, sizeof(buffer));
			struct writer v = writer_over(again, sizeof(again));
			struct record_effect back;

			record_put_effect(&w, &e, blob);
			struct record_view item = only_item(&w);

			assert_int_equal(item.kind, RECORD_EFFECT);
			assert_int_equal(record_get_effect(&item, &back),
					 FIELDS_FINE);
			assert_int_equal(back.effect.kind, e.kind);
			record_put_effect(&v, &back.effect, back.bytes);
			assert_int_equal(v.at - again, w.at - buffer);
			assert_memory_equal(again, buffer,
					    (size_t)(v.at - again));
		}
	}
	assert_true(kinds >= 12);
}

static void golden_bytes_do_not_change(void **state)
{
	(void)state;
	static const uint8_t golden[] = {
		2,  0, 0,    26,            /* an event, its length */
		1,  4, 's',  'e', 'n', 't', /* its kind */
		2,  1, 7,                   /* now */
		3,  8, 0x80, 0,   0,   0,   0, 0, 0, 9, /* wall */
		4,  2, 1,    0,                         /* slot 256 */
		16, 1, 5, /* exchange; `at` is zero */
	};
	struct event ev = { .kind = EVENT_SENT, .now = { 7 } };
	struct writer w = writer_over(buffer, sizeof(buffer));

	ev.wall.v = UINT64_C(0x8000000000000009);
	ev.source.slot = 256;
	ev.sent.exchange = 5;
	record_put_event(&w, &ev);
	assert_int_equal(w.at - buffer, sizeof(golden) + 4);
	assert_memory_equal(buffer, golden, sizeof(golden));
}

static void put_all_kinds(struct writer *w)
{
	for (unsigned i = 0; i < KINDS; i++) {
		if (record_event_name((enum event_kind)i)) {
			struct event ev = any_event((enum event_kind)i);

			record_put_event(w, &ev);
		}
		if (record_effect_name((enum effect_kind)i)) {
			struct effect e = any_effect((enum effect_kind)i);

			record_put_effect(w, &e, blob);
		}
	}
	record_put_done(w, &(struct record_done){ { -5 }, 3, 1 });
	assert_false(w->failed);
}

/* Reads on until it is not good. */
static enum record_verdict read_all(const uint8_t *data, size_t len,
				    size_t *items)
{
	struct reader r = reader_over(data, len);
	struct record_view item;
	enum record_verdict v;

	*items = 0;
	while ((v = record_next(&r, &item)) == RECORD_GOOD) {
		++*items;
	}
	return v;
}

static void an_end_at_any_byte_is_noticed(void **state)
{
	(void)state;
	struct writer w = writer_over(buffer, sizeof(buffer));
	size_t items, most, len, last = 0;

	put_all_kinds(&w);
	len = (size_t)(w.at - buffer);
	assert_int_equal(read_all(buffer, len, &most), RECORD_OVER);
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n > 0 ? n : 1);

		assert_non_null(exact);
		memcpy(exact, buffer, n);
		enum record_verdict v = read_all(exact, n, &items);

		free(exact);
		assert_true(v == RECORD_CUT ||
			    (v == RECORD_OVER && (items > last || n == 0)));
		assert_true(items < most);
		last = items;
	}
}

static void a_bent_byte_is_noticed(void **state)
{
	(void)state;
	struct writer w = writer_over(buffer, sizeof(buffer));
	size_t items, most, len;

	put_all_kinds(&w);
	len = (size_t)(w.at - buffer);
	(void)read_all(buffer, len, &most);
	for (size_t n = 0; n < len; n++) {
		uint8_t bit = (uint8_t)(1u << check_rng() % 8);

		buffer[n] ^= bit;
		assert_int_not_equal(read_all(buffer, len, &items),
				     RECORD_OVER);
		assert_true(items < most);
		buffer[n] ^= bit;
	}
}

/* The fields alone: what the check of an item cannot vouch for. */
static void fields_survive_anything(void **state)
{
	(void)state;
	FORALL(20000) {
		struct writer w = writer_over(buffer, sizeof(buffer));
		struct record_event ev;
		struct record_effect effect;
		struct record_start start;
		struct event any =
			any_event((enum event_kind)(check_rng() % 7));

		record_put_event(&w, &any);
		struct record_view item = only_item(&w);
		uint8_t *exact = malloc(item.len);
		size_t at = check_below(item.len);

		assert_non_null(exact);
		memcpy(exact, item.data, item.len);
		exact[at] ^= (uint8_t)(1u << check_rng() % 8);
		item.data = exact;
		item.len = check_rng() % 4 ? item.len : at;
		(void)record_get_event(&item, &ev);
		(void)record_get_effect(&item, &effect);
		(void)record_get_start(&item, &start);
		free(exact);
	}
}

static void an_older_record_is_read_and_a_newer_one_refused(void **state)
{
	(void)state;
	static const uint8_t older[] = { 1, 4, 't', 'i', 'c', 'k' };
	static const uint8_t newer[] = { 1, 4, 't', 'i', 'c', 'k',
					 2, 1, 7,   200, 1,   1 };
	static const uint8_t kind[] = { 1, 5, 'q', 'u', 'a', 'r', 'k' };
	static const uint8_t twice[] = { 1, 4, 't', 'i', 'c', 'k',
					 2, 1, 7,   2,   1,   7 };
	struct record_view item = { RECORD_EVENT, older, sizeof(older) };
	struct record_event r;

	assert_int_equal(record_get_event(&item, &r), FIELDS_FINE);
	assert_int_equal(r.event.kind, EVENT_TICK);
	assert_int_equal(r.event.now.v, 0);
	item = (struct record_view){ RECORD_EVENT, newer, sizeof(newer) };
	assert_int_equal(record_get_event(&item, &r), FIELDS_UNKNOWN);
	item = (struct record_view){ RECORD_EVENT, kind, sizeof(kind) };
	assert_int_equal(record_get_event(&item, &r), FIELDS_BAD_VALUE);
	item = (struct record_view){ RECORD_EVENT, twice, sizeof(twice) };
	assert_int_equal(record_get_event(&item, &r), FIELDS_DISORDER);
}

static const char *const lines =
	"driftfile \"/d\"\nkeys \"/etc/ntp.keys\"\ntrustedkey 1\n"
	"server 10.0.0.1 iburst minpoll 4 key 1\ncrypto pw Swordfish\n";

static size_t put_config(struct writer *w)
{
	static uint8_t memory[65536];
	static char normal[4096];
	struct arena arena = arena_over(memory, sizeof(memory));
	struct text text = text_over(normal, sizeof(normal));
	struct record_start s = {
		.start = { .now = { 5 },
			   .wall = { 6 },
			   .precision = -20,
			   .freq_known = true,
			   .freq_ppm = -12.5,
			   .freq_age_s = 3.25,
			   .boot = { 1, [15] = 9 },
			   .machine = { .bent = { 77 }, .rate = 1e-5 },
			   .snapshot = (const uint8_t *)"left",
			   .snapshot_len = 4,
			   .version = "ntpd test",
			   .processor = "p",
			   .system = "s" }
	};
	struct config c;
	struct settings settings = { .config = &c };

	config_defaults(&c);
	struct config_result result =
		config_parse(&c, &arena, "f", lines, strlen(lines), NULL);

	assert_int_equal(result.fatals, 0);
	assert_non_null(c.idles);
	c.orders.step_once = c.orders.no_clock = true;
	c.orders.only = FAMILY_V6;
	s.start.seed[31] = 7;
	settings.leaps.count = 2;
	settings.leaps.entries[1] = (struct leap_entry){ 1483228800, 37 };
	settings.leaps.expires = 1800000000;
	record_config_print(&c, &text);
	record_take_settings(&s.settings, &settings);
	s.settings.config = (const uint8_t *)normal;
	s.settings.config_len = text.len;
	record_put_start(w, &s);
	return text.len;
}

static void a_start_comes_back(void **state)
{
	(void)state;
	struct writer w = writer_over(buffer, sizeof(buffer));
	size_t len = put_config(&w);
	struct record_start r;
	struct config c;

	struct record_view item = only_item(&w);

	assert_int_equal(item.kind, RECORD_START);
	assert_int_equal(record_get_start(&item, &r), FIELDS_FINE);
	assert_int_equal(r.settings.config_len, len);
	assert_int_equal(r.start.seed[31], 7);
	assert_int_equal(r.start.now.v, 5);
	assert_int_equal(r.start.wall.v, 6);
	assert_int_equal(r.start.precision, -20);
	assert_true(r.start.freq_known);
	assert_true(r.start.freq_ppm == -12.5);
	assert_true(r.start.freq_age_s == 3.25);
	assert_int_equal(r.start.boot[15], 9);
	assert_int_equal(r.start.machine.bent.v, 77);
	assert_true(r.start.machine.rate == 1e-5);
	assert_int_equal(r.start.snapshot_len, 4);
	assert_memory_equal(r.start.snapshot, "left", 4);
	assert_string_equal(r.start.version, "ntpd test");
	assert_int_equal(r.settings.leaps.count, 2);
	assert_int_equal(r.settings.leaps.entries[1].at, 1483228800);
	assert_int_equal(r.settings.leaps.entries[1].tai, 37);
	assert_int_equal(r.settings.leaps.expires, 1800000000);
	config_defaults(&c);
	c.orders = r.settings.orders;
	assert_true(c.orders.step_once && c.orders.no_clock && !c.orders.quit &&
		    !c.orders.panic_once);
	assert_int_equal(c.orders.only, FAMILY_V6);
}

static bool has(const char *word, size_t len)
{
	for (size_t i = 0; i + strlen(word) <= len; i++) {
		if (memcmp(buffer + i, word, strlen(word)) == 0) {
			return true;
		}
	}
	return false;
}

static void a_password_in_a_line_without_effect_is_left_out(void **state)
{
	(void)state;
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)put_config(&w);
	size_t len = (size_t)(w.at - buffer);

	assert_true(has("server 10.0.0.1", len));
	assert_true(has("/etc/ntp.keys", len)); /* its name, never its text */
	assert_false(has("Swordfish", len));
}

static void the_next_run_is_found_behind_a_broken_end(void **state)
{
	(void)state;
	struct event ev = { .kind = EVENT_NETWORK };

	for (size_t cut = 1; cut < 12; cut++) {
		struct writer w = writer_over(buffer, sizeof(buffer));
		struct record_view item;

		(void)put_config(&w);
		size_t begin = (size_t)(w.at - buffer);

		record_put_event(&w, &ev);
		w.at -= cut;
		(void)put_config(&w);
		struct reader r = reader_over(buffer, (size_t)(w.at - buffer));

		assert_int_equal(record_next(&r, &item), RECORD_GOOD);
		assert_int_not_equal(record_next(&r, &item), RECORD_GOOD);
		assert_int_equal(r.at - buffer, begin);
		assert_true(record_seek_start(&r));
		assert_int_equal(record_next(&r, &item), RECORD_GOOD);
		assert_int_equal(item.kind, RECORD_START);
		assert_int_equal(record_next(&r, &item), RECORD_OVER);
	}
}

static void another_version_is_named(void **state)
{
	(void)state;
	struct writer w = writer_over(buffer, sizeof(buffer));
	size_t items;

	(void)put_config(&w);
	buffer[sizeof(RECORD_MAGIC) - 1 + 3]++;
	assert_int_equal(read_all(buffer, (size_t)(w.at - buffer), &items),
			 RECORD_NEWER);
}

static void too_little_room_is_told(void **state)
{
	(void)state;
	struct event ev = any_event(EVENT_SENT);

	for (size_t size = 0;; size++) {
		struct writer w = writer_over(buffer, size);

		record_put_event(&w, &ev);
		if (!w.failed) {
			assert_true(size > RECORD_FRAME);
			break;
		}
		assert_true(w.at <= w.end && size < 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_comes_back),
		cmocka_unit_test(every_effect_comes_back),
		cmocka_unit_test(golden_bytes_do_not_change),
		cmocka_unit_test(an_end_at_any_byte_is_noticed),
		cmocka_unit_test(a_bent_byte_is_noticed),
		cmocka_unit_test(fields_survive_anything),
		cmocka_unit_test(
			an_older_record_is_read_and_a_newer_one_refused),
		cmocka_unit_test(a_start_comes_back),
		cmocka_unit_test(
			a_password_in_a_line_without_effect_is_left_out),
		cmocka_unit_test(the_next_run_is_found_behind_a_broken_end),
		cmocka_unit_test(another_version_is_named),
		cmocka_unit_test(too_little_room_is_told),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
