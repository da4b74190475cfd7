/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of all threads as one (threat F8): the same clients in the same
 * order as in a single list, whoever served them, and a walk that goes on
 * where somebody knows it, though the clock was set back.
 */
#include <string.h>

#include "check.h"
#include "core/serve/clients.h"

#define SHARDS 7
#define ROOM 4000
#define MOST (SHARDS * ROOM)

static const uint8_t seed[RNG_SEED] = { 11 };
static const netaddr ours = { .ip = { [10] = 0xff, 0xff, 127, 0, 0, 1 } };

static tstamp at(double s)
{
	return tstamp_add((tstamp){ UINT64_C(0xe98c5a1000000000) },
			  span_from_seconds(s));
}

static struct mru *list_of(uint32_t room)
{
	const struct mru_config rules = { .maxdepth = room,
					  .maxage_s = 1u << 30 };
	void *memory = calloc(1, mru_size(room));

	assert_non_null(memory);
	return mru_init(memory, &rules, seed);
}

/* Clients as `shard_count` threads have them, and all in one list. */
struct crowd {
	struct server_shard shards[SHARDS], one;
	size_t shard_count;
};

static struct crowd begin(size_t shard_count)
{
	struct crowd c = { .shard_count = shard_count };

	for (size_t i = 0; i < shard_count; i++) {
		c.shards[i].clients = list_of(ROOM);
	}
	c.one.clients = list_of(MOST);
	return c;
}

static void end(struct crowd *c)
{
	for (size_t i = 0; i < c->shard_count; i++) {
		free(c->shards[i].clients);
	}
	free(c->one.clients);
}

static void note(struct mru *m, const netaddr *from, tstamp now)
{

	mru_note(m, from, &ours, 0x23, MRU_SERVED, now);
}

/* One address is always the same thread's. */
static void ask(struct crowd *c, uint32_t host, tstamp now)
{
	netaddr from = netaddr_v4(0x0a000000 + host, 123);

	note(c->shards[host % c->shard_count].clients, &from, now);
	note(c->one.clients, &from, now);
}

static size_t read_all(struct clients_walk *w, struct mru_client *all)
{
	size_t n = 0;

	while (clients_next(w, &all[n])) {
		n++;
		assert_in_range(n, 1, MOST - 1);
	}
	return n;
}

static size_t merged(const struct crowd *c, struct mru_client *all)
{
	struct clients_walk w;

	clients_begin(&w, c->shards, c->shard_count);
	return read_all(&w, all);
}

static void assert_same(const struct mru_client *a, const struct mru_client *b)
{
	assert_true(netaddr_equal(&a->addr, &b->addr));
	assert_int_equal(a->last.v, b->last.v);
	assert_int_equal(a->first.v, b->first.v);
	assert_int_equal(a->count, b->count);
}

static struct mru_client all[MOST], other[MOST];
static const size_t some[] = { 1, 2, SHARDS };

/* Requests of random clients; `step_s` from one to the next, at most. */
static void ask_at_random(struct crowd *c, double step_s)
{
	uint32_t hosts = (uint32_t)(1 + check_rng() % 3000);
	double s = 1;

	for (unsigned i = 0; i < 10000; i++) {
		s += step_s * (double)(1 + check_rng() % 4);
		ask(c, (uint32_t)(check_rng() % hosts), at(s));
	}
}

static void many_lists_read_as_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		struct crowd c = begin(some[i]);
		struct clients_walk w;
		size_t n, m;

		ask_at_random(&c, 1e-3);
		n = merged(&c, all);
		clients_begin(&w, &c.one, 1);
		m = read_all(&w, other);
		assert_int_equal(n, m);
		for (size_t k = 0; k < n; k++) {
			assert_same(&all[k], &other[k]);
		}
		end(&c);
	}
}

/* From every client on, and the last so many; some asked at one moment. */
static void a_walk_goes_on_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		struct crowd c = begin(some[i]);
		struct clients_walk w;
		struct mru_client known;
		size_t n;

		ask_at_random(&c, 4e-6); /* stamps are kept to 15e-6 s */
		n = merged(&c, all);
		clients_begin(&w, c.shards, c.shard_count);
		for (size_t k = 0; k < n; k += 1 + check_below(20)) {
			assert_true(clients_resume(&w, &all[k].addr,
						   all[k].last, &known));
			assert_same(&known, &all[k]);
			assert_int_equal(read_all(&w, other), n - k - 1);
			for (size_t j = k + 1; j < n; j++) {
				assert_same(&other[j - k - 1], &all[j]);
			}
			clients_recent(&w, k);
			assert_int_equal(read_all(&w, other), k);
			for (size_t j = 0; j < k; j++) {
				assert_same(&other[j], &all[n - k + j]);
			}
		}
		clients_recent(&w, n + 5);
		assert_int_equal(read_all(&w, other), n);
		end(&c);
	}
}

static void who_has_moved_is_no_place_to_go_on(void **state)
{
	(void)state;
	struct crowd c = begin(2);
	struct clients_walk w;
	struct mru_client known;
	netaddr four = netaddr_v4(0x0a000004, 1);
	netaddr stranger = netaddr_v4(0xc0000201, 1);

	for (uint32_t i = 0; i < 10; i++) {
		ask(&c, i, at(i));
	}
	ask(&c, 4, at(100));
	clients_begin(&w, c.shards, c.shard_count);
	assert_false(clients_resume(&w, &four, at(4), &known));
	assert_false(clients_resume(&w, &stranger, at(4), &known));
	assert_int_equal(read_all(&w, all), 10); /* still at its begin */
	assert_true(clients_resume(&w, &four, at(100), &known));
	assert_int_equal(known.count, 2);
	assert_int_equal(read_all(&w, all), 0);
	end(&c);
}

static void threads_without_a_list_are_none(void **state)
{
	(void)state;
	struct server_shard shards[3] = { { .clients = NULL } };
	netaddr from = netaddr_v4(0xc0000201, 1);
	struct clients_walk w;
	struct mru_client c;

	clients_begin(&w, shards, 3);
	clients_recent(&w, 7);
	assert_false(clients_next(&w, &c));
	assert_false(clients_resume(&w, &from, at(0), &c));
	assert_int_equal(clients_counts(shards, 3, at(0)).slots, 0);
	shards[1].clients = list_of(10);
	note(shards[1].clients, &from, at(1));
	clients_begin(&w, shards, 3);
	assert_true(clients_next(&w, &c));
	assert_false(clients_next(&w, &c));
	assert_int_equal(clients_counts(shards, 3, at(0)).depth, 1);
	free(shards[1].clients);
}

/* In pieces of `size`, each from the last one's end: how many there are. */
static size_t read_in_pieces(const struct crowd *c, size_t size)
{
	struct clients_walk w;
	struct mru_client last, known;
	size_t n = 0;

	clients_begin(&w, c->shards, c->shard_count);
	while (clients_next(&w, &last)) {
		all[n++] = last;
		assert_in_range(n, 1, MOST - 1);
		if (n % size == 0) {
			assert_true(clients_resume(&w, &last.addr, last.last,
						   &known));
		}
	}
	return n;
}

static int by_address(const void *a, const void *b)
{
	const struct mru_client *x = a, *y = b;

	return memcmp(x->addr.ip, y->addr.ip, sizeof(x->addr.ip));
}

/* Whatever is left out then: nobody twice, and there is an end. */
static void a_clock_set_back_makes_no_loop(void **state)
{
	(void)state;
	struct crowd c = begin(3);
	size_t n;

	for (uint32_t i = 0; i < 1000; i++) {
		ask(&c, i, at(1000 + i));
	}
	assert_int_equal(read_in_pieces(&c, 7), 1000);
	for (unsigned i = 0; i < 1000; i++) {
		ask(&c, (uint32_t)(check_rng() % 1500), at(500 + i));
	}
	assert_false(mru_in_order(c.shards[0].clients));
	n = merged(&c, all);
	assert_int_equal(n, mru_depth(c.one.clients)); /* all in one go */
	n = read_in_pieces(&c, 7);
	qsort(all, n, sizeof(all[0]), by_address);
	for (size_t i = 1; i < n; i++) {
		assert_true(by_address(&all[i - 1], &all[i]) < 0);
	}
	for (uint32_t i = 0; i < 1500; i++) {
		ask(&c, i, at(3000 + i));
	}
	assert_true(mru_in_order(c.shards[0].clients));
	assert_int_equal(read_in_pieces(&c, 7), 1500);
	end(&c);
}

static void counts_are_sums(void **state)
{
	(void)state;
	struct crowd c = begin(SHARDS);
	struct mru_counts n, one;

	ask_at_random(&c, 1e-3);
	n = clients_counts(c.shards, SHARDS, at(500));
	one = mru_counts(c.one.clients, at(500));
	assert_int_equal(n.depth, one.depth);
	assert_int_equal(n.deepest, one.deepest);
	assert_int_equal(n.exists, one.exists);
	assert_int_equal(n.added, one.added);
	assert_int_equal(n.oldest_s, one.oldest_s);
	assert_int_equal(n.room, SHARDS * ROOM);
	assert_in_range(n.slots, 4 * n.room / 3, 3 * n.room / 2);
	assert_int_equal(n.bytes, SHARDS * mru_size(ROOM));
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_lists_read_as_one),
		cmocka_unit_test(a_walk_goes_on_anywhere),
		cmocka_unit_test(who_has_moved_is_no_place_to_go_on),
		cmocka_unit_test(threads_without_a_list_are_none),
		cmocka_unit_test(a_clock_set_back_makes_no_loop),
		cmocka_unit_test(counts_are_sums),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
