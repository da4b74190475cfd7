/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who asked (threats F7, F8): found again, in the order of time, in a memory
 * that does not grow and with a search that nobody can make long.
 */
#include <string.h>

#include "check.h"
#include "core/serve/mru.h"

#define NONE 0u

static const uint8_t seed[RNG_SEED] = { 7 };
static const netaddr ours = { .ip = { [10] = 0xff, 0xff, 127, 0, 0, 1 } };

static tstamp at(double s)
{
	return tstamp_add((tstamp){ UINT64_C(0xe98c5a1000000000) },
			  span_from_seconds(s));
}

static struct mru *list_of(const struct mru_config *rules)
{
	void *memory = calloc(1, mru_size(mru_room(rules)));

	assert_non_null(memory);
	return mru_init(memory, rules, seed);
}

static netaddr v4(uint32_t host)
{
	return netaddr_v4(0x0a000000 + host, (uint16_t)(1024 + host % 60000));
}

static void note(struct mru *m, netaddr from, double s)
{

	mru_note(m, &from, &ours, 0x23, MRU_SERVED, at(s));
}

static size_t length_of(const struct mru *m)
{
	size_t n = 0;
	tstamp before = at(0);

	for (mru_place i = mru_oldest(m); i != NONE; i = mru_newer(m, i)) {
		tstamp last = mru_client(m, i).last;

		assert_false(tstamp_before(last, before));
		assert_true(mru_newer(m, i) == NONE
				    ? mru_newest(m) == i
				    : mru_older(m, mru_newer(m, i)) == i);
		before = last;
		n++;
	}
	assert_int_equal(n, mru_counts(m, at(0)).depth);
	return n;
}

static void a_client_is_told_as_it_asked(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 8, .maxage_s = 64 };
	struct mru *m = list_of(&rules);
	netaddr a = netaddr_v4(0xc0000201, 123), b = a;

	assert_int_equal(mru_find(m, &a), NONE);
	mru_note(m, &a, &ours, 0x1b, MRU_SERVED, at(1.25));
	a.port = 4711;
	mru_note(m, &a, &ours, 0x16, MRU_KISSED, at(7.5));
	b.port = 9;
	mru_place i = mru_find(m, &b); /* whatever its port */

	assert_int_not_equal(i, NONE);
	struct mru_client c = mru_client(m, i);

	assert_true(netaddr_same_host(&c.addr, &a));
	assert_int_equal(c.addr.port, 4711);
	assert_int_equal(c.count, 2);
	assert_int_equal(c.version, 2);
	assert_int_equal(c.mode, 6);
	assert_int_equal(c.fate, MRU_KISSED);
	assert_int_equal(c.first.v, at(1).v);
	assert_int_equal(c.last.v, at(7.5).v);
	assert_int_equal(length_of(m), 1);
	free(m);
}

/* As many of ours as are told apart; the others are none, and harm nobody. */
static void which_of_our_addresses_was_asked_is_known(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 1000, .maxage_s = 64 };
	struct mru *m = list_of(&rules);

	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 300; i++) {
			netaddr from = v4(i),
				to = netaddr_v4(0xc0000000 + i, 1);

			mru_note(m, &from, &to, 0x23, MRU_SERVED, at(round));
		}
	}
	for (uint32_t i = 0; i < 300; i++) {
		netaddr from = v4(i), to = netaddr_v4(0xc0000000 + i, 1);
		struct mru_client c = mru_client(m, mru_find(m, &from));

		assert_int_equal(netaddr_same_host(&c.local, &to), i < 255);
		assert_int_equal(netaddr_is_none(&c.local), i >= 255);
	}
	free(m);
}

static void link_local_addresses_are_told_apart_by_their_scope(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 8, .maxage_s = 64 };
	struct mru *m = list_of(&rules);
	netaddr a = { .ip = { 0xfe, 0x80, [15] = 1 }, .scope = 2, .port = 123 };
	netaddr b = a;

	b.scope = 0x01020304;
	note(m, a, 1);
	note(m, b, 2);
	assert_int_equal(length_of(m), 2);
	struct mru_client c = mru_client(m, mru_find(m, &b));

	assert_true(netaddr_equal(&c.addr, &b));
	free(m);
}

static void the_oldest_come_first_however_they_ask(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 2000,
					  .maxage_s = 1u << 30 };
	struct mru *m = list_of(&rules);

	for (unsigned i = 0; i < 100000; i++) {
		note(m, v4((uint32_t)(check_rng() % 1500)), i * 1e-3);
	}
	assert_int_equal(length_of(m), 1500);
	assert_int_equal(mru_counts(m, at(100)).added, 1500);
	assert_int_equal(mru_counts(m, at(100)).exists, 100000 - 1500);
	free(m);
}

/* F8: 10^6 strangers in a list for 1000. */
static void the_list_does_not_grow(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 1000,
					  .mindepth = 600,
					  .maxage_s = 1u << 30 };
	struct mru *m = list_of(&rules);
	struct mru_counts n;

	for (unsigned i = 0; i < 1000000; i++) {
		note(m, v4(i), i * 1e-3);
	}
	assert_in_range(length_of(m), 990, 1000);
	n = mru_counts(m, at(1000));
	assert_int_equal(n.room, 1000);
	assert_int_equal(n.added, 1000000);
	assert_int_equal(n.added, n.depth + n.recycled_full + n.recycled_old);
	assert_int_equal(mru_client(m, mru_newest(m)).last.v,
			 at(999.999).v & ~UINT64_C(0xffff));
	free(m);
}

static void old_clients_make_room_before_the_list_is_full(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 100,
					  .mindepth = 10,
					  .maxage_s = 64 };
	struct mru *m = list_of(&rules);

	for (unsigned i = 0; i < 20; i++) {
		note(m, v4(i), i);
	}
	assert_int_equal(length_of(m), 20);
	assert_int_equal(mru_counts(m, at(64)).oldest_s, 64);
	note(m, v4(100), 64);
	assert_int_equal(length_of(m), 21);
	note(m, v4(101), 65); /* the first is 65 s old */
	assert_int_equal(length_of(m), 21);
	netaddr first = v4(0);

	assert_int_equal(mru_find(m, &first), NONE);
	assert_int_equal(mru_counts(m, at(65)).recycled_old, 1);
	free(m);
}

/* A flood of strangers does not push out whoever asked just now. */
static void young_clients_stay(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 10,
					  .maxage_s = 64,
					  .minage_s = 64 };
	struct mru *m = list_of(&rules);
	netaddr honest = v4(1 << 20);

	note(m, honest, 0);
	for (unsigned i = 0; i < 5000; i++) {
		note(m, v4(i), i * 1e-2);
	}
	assert_int_not_equal(mru_find(m, &honest), NONE);
	assert_int_equal(mru_counts(m, at(50)).unlisted, 5000 - 9);
	assert_int_equal(length_of(m), 10);
	free(m);
}

/* F7: who knows not the key cannot fill one line only. */
static void no_pattern_of_addresses_fills_one_line(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 100000,
					  .maxage_s = 1u << 30 };
	struct mru *m = list_of(&rules);

	for (unsigned i = 0; i < 100000; i++) {
		/* One /64; what a sum times 37 makes the same of. */
		netaddr a = { .ip = { 0x20, 0x01, 0x0d, 0xb8 }, .port = 123 };

		a.ip[8] = (uint8_t)(i % 37);
		a.ip[10] = (uint8_t)(i >> 8);
		a.ip[12] = (uint8_t)i;
		a.ip[14] = (uint8_t)(i >> 16);
		note(m, a, i * 1e-3);
	}
	/* Chance alone does not fill both lines of anybody, either. */
	assert_int_equal(length_of(m), 100000);
	assert_in_range(mru_counts(m, at(100)).slots, 133333, 133333 + 16);
	free(m);
}

static void are_the_same(const struct mru *a, const struct mru *b)
{
	mru_place i = mru_oldest(a), j = mru_oldest(b);

	for (; i != NONE; i = mru_newer(a, i), j = mru_newer(b, j)) {
		const struct mru_client x = mru_client(a, i),
					y = mru_client(b, j);

		assert_true(netaddr_equal(&x.addr, &y.addr));
		assert_int_equal(x.last.v, y.last.v);
		assert_int_equal(x.count, y.count);
	}
	assert_int_equal(j, NONE);
}

/*
 * Looked for ahead, in batches, while others come in between, who take the
 * places of those that were found.
 */
static void a_look_ahead_changes_nothing(void **state)
{
	(void)state;
	const struct mru_config rules = { .maxdepth = 40,
					  .maxage_s = 1u << 30 };
	struct mru *plain = list_of(&rules), *ahead = list_of(&rules);
	netaddr from[64];
	struct mru_aim aims[64];
	double s = 0;

	for (unsigned batch = 0; batch < 3000; batch++) {
		size_t size = 1 + check_rng() % ARRAY_LEN(from);

		for (size_t i = 0; i < size; i++) {
			from[i] = v4((uint32_t)(check_rng() % 60));
			aims[i] = mru_aim(ahead, &from[i]);
			mru_aim_at_line(ahead, &aims[i]);
		}
		for (size_t i = 0; i < size; i++) {
			mru_aim_at_client(ahead, &aims[i]);
			mru_aim_at_neighbours(ahead, &aims[i]);
		}
		for (size_t i = 0; i < size; i++) {
			s += 1e-3;
			note(plain, from[i], s);
			mru_note_aimed(ahead, &aims[i], &ours, 0x23, MRU_SERVED,
				       at(s));
		}
		are_the_same(plain, ahead);
	}
	assert_int_equal(length_of(ahead), length_of(plain));
	free(plain);
	free(ahead);
}

static void a_million_take_46_octets_each(void **state)
{
	(void)state;
	const struct mru_config all = { .maxdepth = UINT32_MAX };
	const struct mru_config none = { .maxdepth = 0 };

	assert_in_range(mru_size(1000000), 45000000, 46000000);
	assert_in_range(mru_size(MRU_UNLIMITED), 47000000, 48000000);
	assert_int_equal(mru_room(&all), MRU_UNLIMITED);
	assert_int_equal(mru_room(&none), 1);
}

static void a_clock_set_back_harms_nobody(void **state)
{
	(void)state;
	const struct mru_config rules = {
		.maxdepth = 4, .mindepth = 0, .maxage_s = 64, .minage_s = 64
	};
	struct mru *m = list_of(&rules);

	note(m, v4(1), 1e6);
	note(m, v4(2), 0);
	assert_int_equal(mru_counts(m, at(0)).depth, 2);
	assert_int_equal(mru_counts(m, at(0)).oldest_s, 0);
	for (unsigned i = 0; i < 10; i++) {
		note(m, v4(3 + i), 1e6 + 1000 + i);
	}
	assert_in_range(mru_counts(m, at(0)).depth, 1, 4);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_told_as_it_asked),
		cmocka_unit_test(which_of_our_addresses_was_asked_is_known),
		cmocka_unit_test(
			link_local_addresses_are_told_apart_by_their_scope),
		cmocka_unit_test(the_oldest_come_first_however_they_ask),
		cmocka_unit_test(the_list_does_not_grow),
		cmocka_unit_test(old_clients_make_room_before_the_list_is_full),
		cmocka_unit_test(young_clients_stay),
		cmocka_unit_test(no_pattern_of_addresses_fills_one_line),
		cmocka_unit_test(a_look_ahead_changes_nothing),
		cmocka_unit_test(a_million_take_46_octets_each),
		cmocka_unit_test(a_clock_set_back_harms_nobody),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
