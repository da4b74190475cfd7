/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of Active Directory's clients (restrict mssntp): 68 octets, the last
 * 16 of them zeros. Nobody else's are any others than before.
 */
#include <string.h>

#include "core/serve/access.h"
#include "core/serve/server.h"
#include "keyrings.h"

static const tstamp now = { UINT64_C(0xe98c5a10b0010000) };
static uint64_t memory[256], buckets[1024];
static uint8_t in[256], out[256];
static struct view view;
static struct server_shard shard;
static struct request req;

static void begin(uint32_t flags)
{
	struct restrict_config line = { .kind = RESTRICT_DEFAULT,
					.flags = flags };
	struct config config = { .restricts = &line };

	assert_true(access_size(&config, 0) <= sizeof(memory));
	view = (struct view){ .stratum = 2, .precision = -23, .made = now };
	view.access = access_build(memory, &config, NULL, 0);
	view.keys = keyring_trusting("7 SHA1 a_secret\n", "trustedkey 7\n");
	shard = (struct server_shard){ .limit = NULL };
	memset(in, 0, sizeof(in));
	in[0] = 3 << 3 | MODE_CLIENT;
	in[47] = 1;
	in[PACKET_LEN] = 0x51; /* its RID */
	in[PACKET_LEN + 1] = 0x04;
	req = (struct request){ .data = in,
				.len = 68,
				.from = netaddr_v4(0xc0000201, 123),
				.to = netaddr_v4(0xc0000202, 123),
				.received = now };
}

static enum server_verdict respond(void)
{
	struct writer w = writer_over(out, sizeof(out));
	enum server_verdict v = server_respond(&view, &shard, &req, now, &w);

	assert_true((size_t)(w.at - out) <= req.len); /* F3 */
	assert_true(v != SERVER_SIGN || w.at == out);
	return v;
}

static void samba_signs_when_asked_and_allowed(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 4; version++) {
		begin(RESTRICT_MSSNTP);
		in[0] = (uint8_t)(version << 3 | MODE_CLIENT);
		assert_int_equal(respond(), SERVER_SIGN);
		assert_int_equal(shard.versions[version], 1);
		assert_int_equal(shard.keys.lookups, 0);
		begin(0); /* an unknown key's wrong code */
		in[0] = (uint8_t)(version << 3 | MODE_CLIENT);
		assert_int_not_equal(respond(), SERVER_SIGN);
	}
}

static void any_other_code_is_what_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVER_SAMBA_MAC; i++) {
		begin(RESTRICT_MSSNTP);
		in[52 + i] = 1;
		assert_int_not_equal(respond(), SERVER_SIGN);
	}
	for (req.len = 0; req.len <= 200; req.len++) {
		size_t len = req.len;

		begin(RESTRICT_MSSNTP);
		req.len = len;
		assert_int_equal(respond() == SERVER_SIGN, len == 68);
	}
	begin(RESTRICT_MSSNTP);
	req.len = sign_with(view.keys, 7, in, PACKET_LEN, KEYRING_V4);
	assert_int_equal(respond(), SERVER_ANSWERED);
	req.len = PACKET_LEN;
	assert_int_equal(respond(), SERVER_ANSWERED);
}

static void what_is_no_request_is_not_signed(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		unsigned mode = first & 7, version = first >> 3 & 7;
		bool asks = mode == MODE_CLIENT || mode == MODE_ACTIVE;

		begin(RESTRICT_MSSNTP);
		in[0] = (uint8_t)first;
		assert_int_equal(respond() == SERVER_SIGN,
				 asks && version >= 1 && version <= 4);
		req.group = req.called = true;
		assert_int_not_equal(respond(), SERVER_SIGN);
	}
}

static void restrictions_and_limits_hold(void **state)
{
	static const struct limit_config discard = { .average = 3,
						     .minimum_s = 2 };
	static const uint8_t seed[RNG_SEED] = { 9 };
	unsigned signs = 0;

	(void)state;
	begin(RESTRICT_MSSNTP | RESTRICT_NOSERVE);
	assert_int_equal(respond(), SERVER_NOSERVE);
	begin(RESTRICT_MSSNTP | RESTRICT_IGNORE);
	assert_int_equal(respond(), SERVER_IGNORED);
	begin(RESTRICT_MSSNTP | RESTRICT_NOTRUST);
	assert_int_equal(respond(), SERVER_NOTRUST);
	begin(RESTRICT_MSSNTP | RESTRICT_LIMITED);
	assert_true(ratelimit_size(64) <= sizeof(buckets));
	shard.limit = ratelimit_init(buckets, 64, &discard, seed);
	for (unsigned i = 0; i < 1000; i++) {
		signs += respond() == SERVER_SIGN;
	}
	assert_in_range(signs, 1, 500);
}

/* The packet that Samba gets is the one that a plain client would. */
static void the_answer_is_a_plain_one(void **state)
{
	uint8_t plain[PACKET_LEN], put[PACKET_LEN];
	struct writer w = writer_over(put, sizeof(put));

	(void)state;
	begin(RESTRICT_MSSNTP);
	req.len = PACKET_LEN;
	assert_int_equal(respond(), SERVER_ANSWERED);
	memcpy(plain, out, sizeof(plain));
	req.len = 68;
	assert_int_equal(respond(), SERVER_SIGN);
	server_put_unsigned(&view, &req, now, &w);
	assert_int_equal(w.at - put, PACKET_LEN);
	assert_memory_equal(put, plain, PACKET_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samba_signs_when_asked_and_allowed),
		cmocka_unit_test(any_other_code_is_what_it_was),
		cmocka_unit_test(what_is_no_request_is_not_signed),
		cmocka_unit_test(restrictions_and_limits_hold),
		cmocka_unit_test(the_answer_is_a_plain_one),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
