/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Broadcasts through the whole engine: who becomes a source, and all that
 * leaves no trace (C1, D1, D5).
 */
#include "broadcasts.h"

#define CROWD 10000

/* What it is: the first good one makes a source, and only that one's key. */
static void a_signed_one_makes_a_source(void **state)
{
	struct tiny *t = begin(true, true);
	struct packet p = broadcast(t);

	(void)state;
	deliver(t, SENDER, make(t, &p, KEY));
	assert_non_null(only(t));
	assert_true(only(t)->listener.on);
	assert_int_equal(only(t)->config->key, KEY);
	tiny_end(t);
}

/* It received nothing, and says so: that is no fault. */
static void each_newer_one_is_a_sample(void **state)
{
	struct tiny *t = begin(true, true);

	(void)state;
	t->config.no_volley = true;
	t->config.broadcast_delay_s = TINY_WAY_S;
	for (unsigned i = 0; i < 20; i++) {
		struct packet p = broadcast(t);

		assert_true(tstamp_is_zero(p.receive));
		deliver(t, SENDER, make(t, &p, KEY));
		assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], i);
		tiny_run(t, t->now_s + 64);
	}
	assert_int_equal(only(t)->polling.reach, 0xfe); /* the next is due */
	assert_int_equal(t->servers[0].asked, 0);
	tiny_end(t);
}

/* D5: an old one, replayed, has no effect; C1: nor has another key's. */
static void a_copy_leaves_no_trace(void **state)
{
	struct tiny *t = begin(true, true);
	struct packet p = broadcast(t);
	static uint8_t first[sizeof(bytes)];
	size_t len = make(t, &p, KEY);

	(void)state;
	memcpy(first, bytes, sizeof(first));
	deliver(t, SENDER, len);
	struct listener before = only(t)->listener;
	uint8_t reach = only(t)->polling.reach;

	for (int i = 0; i < 100; i++) {
		tiny_pass(t, t->now_s + 0.01);
		memcpy(bytes, first, sizeof(first));
		deliver(t, SENDER, len);
	}
	tiny_pass(t, t->now_s + 0.01);
	p = broadcast(t);
	deliver(t, SENDER, make(t, &p, 8));
	deliver(t, SENDER, make(t, &p, 0));
	assert_memory_equal(&before, &only(t)->listener, sizeof(before));
	assert_int_equal(only(t)->polling.reach, reach);
	assert_int_equal(only(t)->estimator.samples, 0);
	/* A newer one counts. */
	deliver(t, SENDER, make(t, &p, KEY));
	assert_int_equal(only(t)->listener.newest.v, p.transmit.v);
	tiny_end(t);
}

/* D5: every bit of the packet and of its code counts. */
static void a_bad_signature_makes_no_source(void **state)
{
	struct tiny *t = begin(true, true);
	struct packet p = broadcast(t);
	size_t len = make(t, &p, KEY);

	(void)state;
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		deliver(t, SENDER, len);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_null(only(t));
	}
	for (size_t cut = 0; cut < len; cut++) {
		deliver(t, SENDER, cut);
		assert_null(only(t));
	}
	deliver(t, SENDER, make(t, &p, 0));
	assert_null(only(t));
	deliver(t, SENDER, make(t, &p, KEY));
	assert_non_null(only(t));
	tiny_end(t);
}

/* D5: whoever does not listen hears nothing, whatever its fields. */
static void who_does_not_listen_hears_nothing(void **state)
{
	static const uint8_t strata[] = { 0, 1, 2, 15, 16, 255 };
	static const int8_t polls[] = { -128, 0, 3, 6, 17, 127 };

	(void)state;
	for (int auth = 0; auth < 2; auth++) {
		struct tiny *t = begin(false, auth);

		for (unsigned i = 0;
		     i < 256 * ARRAY_LEN(strata) * ARRAY_LEN(polls); i++) {
			unsigned first = i & 255, rest = i >> 8;
			struct packet p = broadcast(t);

			p.leap = (enum leap)(first >> 6);
			p.version = first >> 3 & 7;
			p.mode = (enum mode)(first & 7);
			p.stratum = strata[rest % ARRAY_LEN(strata)];
			p.poll = polls[rest / ARRAY_LEN(strata)];
			deliver(t, SENDER, make(t, &p, i % 3 ? KEY : 0));
			assert_null(only(t));
		}
		tiny_end(t);
	}
}

/* D1: ten thousand strangers, each with a valid key, in a peer's mode. */
static void mode_1_makes_no_source_however_signed(void **state)
{
	static struct server_shard shard;
	struct tiny *t = begin(true, false);
	uint8_t out[sizeof(bytes)];

	(void)state;
	for (uint32_t i = 0; i < CROWD; i++) {
		struct packet p = broadcast(t);
		struct writer w = writer_over(out, sizeof(out));
		struct request req = {
			.data = bytes,
			.from = netaddr_v4(0x0b000000u + i, NTP_PORT),
			.to = netaddr_v4(0x0a0000feu, NTP_PORT),
			.received = tiny_wall(t),
		};

		p.mode = MODE_ACTIVE;
		req.len = make(t, &p, KEY);
		/* The server answers and forgets it; should it not ... */
		assert_int_equal(server_respond(&t->view, &shard, &req,
						tiny_wall(t), &w),
				 SERVER_ANSWERED);
		deliver(t, 0x0b000000u + i, req.len); /* ... so does this */
		assert_int_equal(t->out.count, 0);
	}
	assert_null(only(t));
	assert_int_equal(engine_members(t->engine), 0);
	tiny_end(t);
}

/* D1: what is adopted is bounded. */
static void no_more_are_taken_than_maxclock(void **state)
{
	struct tiny *t = begin(true, true);
	struct packet p = broadcast(t);
	size_t len = make(t, &p, KEY);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		deliver(t, 0x0b000000u + i, len);
	}
	assert_int_equal(engine_members(t->engine), t->config.tos.maxclock);
	tiny_end(t);
}

/* D5: who was taken unsigned goes when signatures are asked for. */
static void enable_auth_lets_the_unsigned_go(void **state)
{
	struct tiny *t = begin(true, false);
	struct packet p = broadcast(t);

	(void)state;
	deliver(t, SENDER, make(t, &p, 0));
	assert_non_null(only(t));
	tiny_reload(t, "broadcastclient\ndisable auth\n");
	assert_non_null(only(t));
	tiny_reload(t, "broadcastclient\n");
	assert_null(only(t));
	p = broadcast(t);
	deliver(t, SENDER, make(t, &p, 0));
	assert_null(only(t));
	tiny_reload_end(t);
}

static void disable_bclient_lets_all_go(void **state)
{
	struct tiny *t = begin(true, true);
	struct packet p = broadcast(t);

	(void)state;
	deliver(t, SENDER, make(t, &p, KEY));
	assert_non_null(only(t));
	tiny_reload(t, "disable bclient\n");
	assert_null(only(t));
	tiny_reload_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_one_makes_a_source),
		cmocka_unit_test(each_newer_one_is_a_sample),
		cmocka_unit_test(a_copy_leaves_no_trace),
		cmocka_unit_test(a_bad_signature_makes_no_source),
		cmocka_unit_test(who_does_not_listen_hears_nothing),
		cmocka_unit_test(mode_1_makes_no_source_however_signed),
		cmocka_unit_test(no_more_are_taken_than_maxclock),
		cmocka_unit_test(enable_auth_lets_the_unsigned_go),
		cmocka_unit_test(disable_bclient_lets_all_go),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
