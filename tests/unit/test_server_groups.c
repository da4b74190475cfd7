/* SPDX-License-Identifier: BSD-2-Clause */
/* What came to a group: what is heard, what is answered, and what is nothing.
 */
#include "core/serve/access.h"
#include "core/serve/server.h"
#include "keyrings.h"

static const tstamp now = { UINT64_C(0xe98c5a10b0010000) };

struct fixture {
	struct view view;
	struct server_shard shard;
	struct request req;
	uint8_t in[PACKET_LEN + 64], out[256];
	size_t answered;
};

/* A call from an unsynchronised host to a server of stratum 2. */
static struct fixture begin(void)
{
	struct fixture f = {
		.view = { .stratum = 2, .precision = -23, .made = now },
		.req = { .len = PACKET_LEN,
			 .from = netaddr_v4(0xc0000201, 4711),
			 .to = netaddr_v4(0xe0000101, NTP_PORT),
			 .group = true,
			 .called = true,
			 .received = now },
		.in = { 4 << 3 | MODE_CLIENT },
	};

	f.view.listens = true;
	f.in[47] = 1;
	return f;
}

static enum server_verdict respond(struct fixture *f)
{
	struct writer w = writer_over(f->out, sizeof(f->out));
	enum server_verdict v;

	f->req.data = f->in;
	v = server_respond(&f->view, &f->shard, &f->req, now, &w);
	f->answered = (size_t)(w.at - f->out);
	assert_int_equal(f->answered > 0,
			 v == SERVER_ANSWERED || v == SERVER_NAKED);
	assert_true(f->answered <= f->req.len); /* F3 */
	return v;
}

/* F1, D5: of all first octets to a socket that both hears and is called. */
static void only_calls_are_answered_and_broadcasts_heard(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		struct fixture f = begin();
		unsigned version = first >> 3 & 7, mode = first & 7;
		bool served = version >= 1 && version <= 4;

		f.req.heard = true;
		f.in[0] = (uint8_t)first;
		assert_int_equal(respond(&f),
				 !served                  ? SERVER_VERSION
				 : mode == MODE_CLIENT    ? SERVER_ANSWERED
				 : mode == MODE_BROADCAST ? SERVER_PEER
							  : SERVER_MODE);
	}
}

/* A socket is for what it was opened for, and one host's is for neither. */
static void a_socket_is_for_one_thing(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.req.called = false;
	assert_int_equal(respond(&f), SERVER_MODE);
	f.in[0] = 4 << 3 | MODE_BROADCAST;
	assert_int_equal(respond(&f), SERVER_MODE);
	f.req.heard = true;
	assert_int_equal(respond(&f), SERVER_PEER);
	f.view.listens = false;
	assert_int_equal(respond(&f), SERVER_MODE);
	f.view.listens = true;
	f.req.group = false;
	assert_int_equal(respond(&f), SERVER_MODE);
}

/* Control requests are for one host (F1). */
static void mode_6_to_a_group_is_nothing(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.in[0] = 2 << 3 | MODE_CONTROL;
	f.in[1] = 2;
	for (size_t len = 0; len <= PACKET_LEN; len += 4) {
		enum server_verdict v;

		f.req.len = len;
		v = respond(&f);
		assert_true(v == SERVER_LENGTH || v == SERVER_MODE);
	}
}

/* Better by a stratum between, or as good and of one cohort; F12. */
static void a_call_is_for_better_servers(void **state)
{
	(void)state;
	for (unsigned ours = 1; ours < 16; ours++) {
		for (unsigned theirs = 0; theirs <= 16; theirs++) {
			struct fixture f = begin();
			unsigned worst = theirs == 0 ? 16 : theirs;

			f.view.stratum = (uint8_t)ours;
			f.in[1] = (uint8_t)theirs;
			assert_int_equal(respond(&f),
					 ours + 1 < worst ? SERVER_ANSWERED
							  : SERVER_DECLINED);
			f.view.cohort = true;
			assert_int_equal(respond(&f),
					 ours < worst ? SERVER_ANSWERED
						      : SERVER_DECLINED);
			f.view.leap = LEAP_UNSYNC;
			assert_int_equal(respond(&f), SERVER_DECLINED);
		}
	}
}

static void lengths_that_no_packet_has_are_nothing(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.req.heard = true;
	for (unsigned mode = 0; mode < 8; mode++) {
		f.in[0] = (uint8_t)(4 << 3 | mode);
		for (size_t len = 0; len < PACKET_LEN; len++) {
			f.req.len = len;
			assert_int_equal(respond(&f), SERVER_LENGTH);
		}
	}
	f.req.len = PACKET_LEN;
	f.req.truncated = true;
	assert_int_equal(respond(&f), SERVER_LENGTH);
}

static void restrictions_hold_for_groups_too(void **state)
{
	static const struct {
		uint32_t flags;
		enum server_verdict call, broadcast;
	} cases[] = {
		{ 0, SERVER_ANSWERED, SERVER_PEER },
		{ RESTRICT_IGNORE, SERVER_IGNORED, SERVER_IGNORED },
		{ RESTRICT_NOSERVE, SERVER_NOSERVE, SERVER_PEER },
		{ RESTRICT_NOTRUST, SERVER_NOTRUST, SERVER_PEER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static uint64_t memory[256];
		struct restrict_config line = { .kind = RESTRICT_DEFAULT,
						.flags = cases[i].flags };
		struct config config = { .restricts = &line };
		struct fixture f = begin();

		assert_true(access_size(&config, 0) <= sizeof(memory));
		f.view.access = access_build(memory, &config, NULL, 0);
		f.req.heard = true;
		assert_int_equal(respond(&f), cases[i].call);
		f.in[0] = 4 << 3 | MODE_BROADCAST;
		assert_int_equal(respond(&f), cases[i].broadcast);
	}
}

static void a_signed_call_has_a_signed_answer(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.view.keys = keyring_trusting("7 SHA1 a_secret\n", "trustedkey 7\n");
	f.req.len = sign_with(f.view.keys, 7, f.in, PACKET_LEN, KEYRING_V4);
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(f.answered, f.req.len);
	f.in[f.req.len - 1] ^= 1;
	assert_int_not_equal(respond(&f), SERVER_ANSWERED);
}

/*
 * D5: a flood of broadcasts costs no look at a signature, here or in the
 * engine, beyond what one host may ask; a call is no broadcast.
 */
static void broadcasts_meet_the_limits_before_any_signature(void **state)
{
	static uint64_t memory[1024];
	static const struct limit_config discard = { .average = 3,
						     .minimum_s = 2 };
	static const uint8_t seed[RNG_SEED] = { 5 };
	struct fixture f = begin();
	unsigned passed = 0;

	(void)state;
	assert_true(ratelimit_size(64) <= sizeof(memory));
	f.shard.limit = ratelimit_init(memory, 64, &discard, seed);
	f.view.keys = keyring_trusting("7 SHA1 a_secret\n", "trustedkey 7\n");
	f.req.heard = true;
	f.in[0] = 4 << 3 | MODE_BROADCAST;
	f.req.len = sign_with(f.view.keys, 7, f.in, PACKET_LEN, KEYRING_V4);
	for (unsigned i = 0; i < 1000; i++) {
		enum server_verdict v = respond(&f);

		assert_true(v == SERVER_PEER || v == SERVER_LIMITED);
		passed += v == SERVER_PEER;
	}
	assert_in_range(passed, 1, 500);
	assert_int_equal(f.shard.keys.lookups, 0);
	/* Another host is heard at once. */
	f.req.from = netaddr_v4(0xc0000202, NTP_PORT);
	assert_int_equal(respond(&f), SERVER_PEER);
	f.in[0] = 4 << 3 | MODE_CLIENT;
	f.req.len = sign_with(f.view.keys, 7, f.in, PACKET_LEN, KEYRING_V4);
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(f.shard.keys.lookups, 1);
}

/* F2: nobody is there, or it would be ourselves. */
static void impossible_callers_are_not_answered(void **state)
{
	static const netaddr none[] = {
		{ .ip = { [10] = 0xff, [11] = 0xff, 224, 0, 1, 1 },
		  .port = 123 },
		{ .ip = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 },
		  .port = 123 },
		{ .ip = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 }, .port = 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		struct fixture f = begin();

		f.req.heard = true;
		f.req.from = none[i];
		assert_int_equal(respond(&f), SERVER_SOURCE);
		f.in[0] = 4 << 3 | MODE_BROADCAST;
		assert_int_equal(respond(&f), SERVER_SOURCE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_calls_are_answered_and_broadcasts_heard),
		cmocka_unit_test(a_socket_is_for_one_thing),
		cmocka_unit_test(mode_6_to_a_group_is_nothing),
		cmocka_unit_test(a_call_is_for_better_servers),
		cmocka_unit_test(lengths_that_no_packet_has_are_nothing),
		cmocka_unit_test(restrictions_hold_for_groups_too),
		cmocka_unit_test(a_signed_call_has_a_signed_answer),
		cmocka_unit_test(
			broadcasts_meet_the_limits_before_any_signature),
		cmocka_unit_test(impossible_callers_are_not_answered),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
