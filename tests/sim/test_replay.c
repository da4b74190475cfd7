/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A daemon's record, once more through an engine: the same, bit by bit; and
 * whatever is bent or missing is said, in plain words and by the exit.
 */
#include <string.h>

#include "core/record/record.h"
#include "recording.h"
#include "sim/replay.h"

static enum replay_end replay(const uint8_t *bytes, size_t count)
{
	FILE *f = tmpfile();
	enum replay_end end;
	size_t size;

	assert_non_null(f);
	end = replay_run(bytes, count, f);
	free(said);
	said = read_all(f, &size, 1);
	return end;
}

static void any_world_replays_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		record(seed, NULL);
		assert_int_equal(replay(data, len), REPLAY_SAME);
		assert_non_null(strstr(said, "all the same"));
	}
}

static void every_life_of_a_daemon_replays_the_same(void **state)
{
	(void)state;
	static const char *const names[] = { "restart", "pool", "external-step",
					     "spoofing" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		record(1, names[i]);
		assert_int_equal(replay(data, len), REPLAY_SAME);
		if (i == 0) {
			assert_non_null(strstr(said, "run 2, "));
		}
	}
}

/* Where the n-th item of this kind is, and what it is. */
static struct record_view find(enum record_item kind, unsigned n)
{
	struct reader r = reader_over(data, len);
	struct record_view item;

	while (record_next(&r, &item) == RECORD_GOOD) {
		if (item.kind == kind && n-- == 0) {
			return item;
		}
	}
	fail_msg("the record is too short");
	return item;
}

/* The record with other fields in place of those of `item`. */
static enum replay_end replay_with(const struct record_view *item,
				   const struct writer *w, const uint8_t *bytes)
{
	size_t count = (size_t)(w->at - bytes);
	size_t before = (size_t)(item->data - data) - 4;
	size_t behind = before + item->len + RECORD_FRAME;
	uint8_t *other = malloc(len + count);
	enum replay_end end;

	assert_false(w->failed);
	assert_non_null(other);
	memcpy(other, data, before);
	memcpy(other + before, bytes, count);
	memcpy(other + before + count, data + behind, len - behind);
	end = replay(other, before + count + len - behind);
	free(other);
	return end;
}

/* Replays with the n-th event's receive stamp 4 ms off, if it is a packet. */
static enum replay_end replay_late(unsigned n)
{
	static uint8_t bytes[RECORD_ROOM], packet[512];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct record_event r;
	struct record_view item = find(RECORD_EVENT, n);

	assert_int_equal(record_get_event(&item, &r), FIELDS_FINE);
	if (r.event.kind != EVENT_PACKET) {
		return REPLAY_SAME;
	}
	assert_in_range(r.event.packet.len, 48, sizeof(packet));
	memcpy(packet, r.event.packet.data, r.event.packet.len);
	packet[37] ^= 1;
	r.event.packet.data = packet;
	record_put_event(&w, &r.event);
	return replay_with(&item, &w, bytes);
}

static void a_packet_with_another_time_differs(void **state)
{
	(void)state;
	enum replay_end end = REPLAY_SAME;

	record(1, NULL);
	/* Some of them may be of a server that lies anyway. */
	for (unsigned n = 200; n < 300 && end == REPLAY_SAME; n++) {
		end = replay_late(n);
	}
	assert_int_equal(end, REPLAY_DIFFERS);
	assert_non_null(strstr(said, " differs\n"));
	assert_non_null(strstr(said, "UTC, "));
	assert_non_null(strstr(said, "  recorded: effect="));
	assert_non_null(strstr(said, "  now:      effect="));
}

static void another_effect_is_named(void **state)
{
	(void)state;
	static uint8_t bytes[RECORD_ROOM];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct record_effect r;
	struct record_view item;

	record(1, NULL);
	for (unsigned n = 100;; n++) {
		item = find(RECORD_EFFECT, n);
		assert_int_equal(record_get_effect(&item, &r), FIELDS_FINE);
		if (r.effect.kind == EFFECT_STEER) {
			break;
		}
	}
	r.effect.steer.freq += 1e-15;
	record_put_effect(&w, &r.effect, r.bytes);
	assert_int_equal(replay_with(&item, &w, bytes), REPLAY_DIFFERS);
	assert_non_null(strstr(said, "  recorded: effect=\"steer\" freq="));
	assert_non_null(strstr(said, "  now:      effect=\"steer\" freq="));
}

static void a_missing_effect_is_named(void **state)
{
	(void)state;
	static uint8_t bytes[1];
	struct writer w = writer_over(bytes, sizeof(bytes));

	record(1, NULL);
	struct record_view item = find(RECORD_EFFECT, 100);

	assert_int_equal(replay_with(&item, &w, bytes), REPLAY_DIFFERS);
}

static void any_flipped_bit_is_noticed(void **state)
{
	(void)state;
	record(7, NULL);
	FORALL(60) {
		size_t at = check_below(len);
		uint8_t bit = (uint8_t)(1u << check_rng() % 8);

		data[at] ^= bit;
		assert_int_not_equal(replay(data, len), REPLAY_SAME);
		data[at] ^= bit;
	}
}

static void an_end_anywhere_is_no_danger(void **state)
{
	(void)state;
	record(7, NULL);
	FORALL(300) {
		size_t n = case_ < 200 ? (size_t)case_ : check_below(len);
		uint8_t *exact = malloc(n > 0 ? n : 1);

		assert_non_null(exact);
		memcpy(exact, data, n);
		enum replay_end end = replay(exact, n);

		free(exact);
		assert_true(end != REPLAY_DIFFERS);
		assert_true(end == REPLAY_SAME || strstr(said, "at byte ") ||
			    strstr(said, "no record"));
	}
}

static void a_run_behind_a_broken_one_is_replayed(void **state)
{
	(void)state;
	record(7, NULL);
	/* In the middle of an item. */
	size_t cut = (size_t)(find(RECORD_EVENT, 300).data - data) + 1;
	uint8_t *both = malloc(cut + len);

	assert_non_null(both);
	memcpy(both, data, cut);
	memcpy(both + cut, data, len);
	assert_int_equal(replay(both, cut + len), REPLAY_BROKEN);
	free(both);
	assert_non_null(strstr(said, "run 1, "));
	assert_non_null(strstr(said, "run 2, "));
}

static void what_is_no_record_is_told(void **state)
{
	(void)state;
	assert_int_equal(replay((const uint8_t *)"root:x:0:0\n", 11),
			 REPLAY_BROKEN);
	assert_string_equal(said, "this is no record\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(any_world_replays_the_same, forget),
		cmocka_unit_test_teardown(
			every_life_of_a_daemon_replays_the_same, forget),
		cmocka_unit_test_teardown(a_packet_with_another_time_differs,
					  forget),
		cmocka_unit_test_teardown(another_effect_is_named, forget),
		cmocka_unit_test_teardown(a_missing_effect_is_named, forget),
		cmocka_unit_test_teardown(any_flipped_bit_is_noticed, forget),
		cmocka_unit_test_teardown(an_end_anywhere_is_no_danger, forget),
		cmocka_unit_test_teardown(a_run_behind_a_broken_one_is_replayed,
					  forget),
		cmocka_unit_test_teardown(what_is_no_record_is_told, forget),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
