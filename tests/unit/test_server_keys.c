/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who signs a request, and what the server makes of it (C1, C3, C6, C11, B8):
 * an answer by the same key, or none that could be believed.
 */
#include "core/serve/access.h"
#include "core/serve/server.h"
#include "keyrings.h"

#define KEYS \
	"1 M md5-secret\n2 SHA1 sha1-secret\n3 SHA256 sha256-secret\n" \
	"4 AES aes-secret\n5 SHA512 sha512-secret\n6 RMD160 rmd-secret\n" \
	"7 M addressed 192.0.2.200\n8 M not-to-serve\n9 M not-trusted\n"
#define TRUST "trustedkey (1 ... 7) noserve 8\n"
#define ALL 6 /* the first keys, of one type each */

static const uint8_t seed[RNG_SEED] = { 1 };
static const tstamp now = { UINT64_C(0xe98c5a10b0010000) };
static _Alignas(16) uint8_t room[1 << 14];

struct fixture {
	struct view view;
	struct server_shard shard;
	struct request req;
	uint8_t in[PACKET_LEN + 256], out[512];
	size_t len, answered;
};

static struct fixture begin(unsigned version)
{
	struct fixture f = {
		.view = { .stratum = 2,
			  .precision = -23,
			  .made = now,
			  .drift_ppm = 15,
			  .keys = keyring_trusting(KEYS, TRUST) },
		.req = { .from = netaddr_v4(0xc0000201, 4711),
			 .to = netaddr_v4(0xc0000202, 123) },
		.len = PACKET_LEN,
	};

	f.in[0] = (uint8_t)(version << 3 | MODE_CLIENT);
	f.in[47] = 1;
	f.shard.limit = ratelimit_init(
		room, 8, &(struct limit_config){ .average = 3, .minimum_s = 2 },
		seed);
	return f;
}

static enum server_verdict respond(struct fixture *f)
{
	struct writer w = writer_over(f->out, sizeof(f->out));
	enum server_verdict v;

	f->req.data = f->in;
	f->req.len = f->len;
	v = server_respond(&f->view, &f->shard, &f->req, now, &w);
	f->answered = (size_t)(w.at - f->out);
	assert_true(f->answered <= f->len); /* F3 */
	return v;
}

/* The key of the answer's code; 0: none, or a crypto-NAK. */
static uint32_t signer(const struct fixture *f)
{
	uint8_t again[PACKET_LEN + 4 + MAC_LEN_MAX];
	struct reader r = reader_over(f->out, f->answered);
	size_t mac_len;
	uint32_t id;

	r.at += PACKET_LEN;
	if (reader_left(&r) == 0) {
		return 0;
	}
	id = read_u32(&r);
	mac_len = reader_left(&r);
	if (id != 0) {
		memcpy(again, f->out, PACKET_LEN);
		assert_int_equal(
			sign_with(f->view.keys, id, again, PACKET_LEN, mac_len),
			f->answered);
		assert_memory_equal(again, f->out, f->answered);
	}
	return id;
}

static bool is_nak(const struct fixture *f)
{
	return f->answered == PACKET_LEN + 4 && signer(f) == 0;
}

static void the_answer_is_signed_by_the_same_key(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 4; version++) {
		for (uint32_t id = 1; id <= ALL; id++) {
			struct fixture f = begin(version);

			f.len = sign_with(f.view.keys, id, f.in, PACKET_LEN,
					  KEYRING_V4);
			assert_int_equal(respond(&f), SERVER_ANSWERED);
			assert_int_equal(signer(&f), id);
			assert_int_equal(f.answered, f.len);
			assert_int_equal(f.shard.keys.digests_right +
						 f.shard.keys.cmacs_right,
					 1);
		}
	}
}

/* Before version 4 a code may be whole, as chrony's is. */
static void a_long_code_is_for_old_versions(void **state)
{
	struct fixture f = begin(3);

	(void)state;
	f.len = sign_with(f.view.keys, 5, f.in, PACKET_LEN, KEYRING_WHOLE);
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(f.answered, PACKET_LEN + 4 + 64);
	assert_int_equal(signer(&f), 5);
	f.in[0] = 0x23;
	assert_int_equal(respond(&f), SERVER_LENGTH);
}

static void nobody_else_is_told_anything_signed(void **state)
{
	struct fixture f = begin(4);

	(void)state;
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(f.answered, PACKET_LEN);
}

/* Every bit of it counts; B8: a crypto-NAK, and not longer than the request. */
static void a_wrong_code_gets_a_nak(void **state)
{
	(void)state;
	for (uint32_t id = 1; id <= ALL; id++) {
		struct fixture f = begin(4);
		size_t len = sign_with(f.view.keys, id, f.in, PACKET_LEN,
				       KEYRING_V4);

		f.len = len;
		for (size_t bit = 64; bit < len * 8; bit++) {
			f.in[bit / 8] ^= (uint8_t)(1 << bit % 8);
			f.req.from.ip[15]++;
			f.req.from.ip[14] = (uint8_t)bit;
			enum server_verdict v = respond(&f);

			assert_true(v == SERVER_NAKED || v == SERVER_BADAUTH);
			assert_true(v == SERVER_NAKED ? is_nak(&f)
						      : f.answered == 0);
			f.in[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(f.shard.keys.digests_right +
					 f.shard.keys.cmacs_right,
				 0);
	}
}

/* C3: not trusted, not to serve, not from there. */
static void a_key_is_only_for_its_use(void **state)
{
	static const uint32_t ids[] = { 8, 7 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct fixture f = begin(4);

		f.len = sign_with(f.view.keys, ids[i], f.in, PACKET_LEN,
				  KEYRING_V4);
		assert_int_equal(respond(&f), SERVER_NAKED);
		assert_true(is_nak(&f));
		assert_int_equal(f.shard.keys.unknown, 1);
	}
	struct fixture f = begin(4);

	f.len = sign_with(f.view.keys, 7, f.in, PACKET_LEN, KEYRING_V4);
	f.req.from = netaddr_v4(0xc00002c8, 4711);
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(signer(&f), 7);
	/* Key 9 is in the file, and not trusted. */
	f.len = sign_with(keyring_trusting(KEYS, "trustedkey 9\n"), 9, f.in,
			  PACKET_LEN, KEYRING_V4);
	f.view.keys = keyring_trusting(KEYS, TRUST);
	assert_int_equal(respond(&f), SERVER_NAKED);
}

/* B8, C11: as rarely as any limited host is answered; silence without limits.
 */
static void naks_are_limited(void **state)
{
	struct fixture f = begin(4);
	unsigned naks = 0;

	(void)state;
	f.len = sign_with(f.view.keys, 1, f.in, PACKET_LEN, KEYRING_V4);
	f.in[60] ^= 1;
	for (unsigned i = 0; i < 10000; i++) {
		enum server_verdict v = respond(&f);

		naks += v == SERVER_NAKED;
		assert_true(v == SERVER_NAKED || v == SERVER_BADAUTH);
	}
	assert_in_range(naks, 1, 3000); /* the leak of F8 */
	f.shard.limit = NULL;
	assert_int_equal(respond(&f), SERVER_BADAUTH);
	assert_int_equal(f.answered, 0);
}

/* B8: somebody's crypto-NAK is no request. */
static void a_nak_is_not_answered(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < 6; mode++) {
		struct fixture f = begin(4);

		f.in[0] = (uint8_t)(0x20 | mode);
		f.len = PACKET_LEN + 4;
		(void)respond(&f);
		assert_int_equal(f.answered, 0);
	}
}

/* C6: a prefix digest proves nothing of what has fields; CMAC does. */
static void extended_packets_need_a_cmac(void **state)
{
	static const uint8_t field[28] = { 0x7f, 0x01, 0, 28 };

	(void)state;
	for (uint32_t id = 1; id <= ALL; id++) {
		struct fixture f = begin(4);

		memcpy(f.in + PACKET_LEN, field, sizeof(field));
		f.len = sign_with(f.view.keys, id, f.in,
				  PACKET_LEN + sizeof(field), KEYRING_V4);
		if (id == 4) {
			assert_int_equal(respond(&f), SERVER_ANSWERED);
			assert_int_equal(signer(&f), id);
		} else {
			assert_int_equal(respond(&f), SERVER_NAKED);
		}
	}
}

static void notrust_wants_a_signature(void **state)
{
	static uint8_t memory[4096];
	struct restrict_config line = { .kind = RESTRICT_DEFAULT,
					.flags = RESTRICT_NOTRUST };
	struct config c = { .restricts = &line };
	struct fixture f = begin(4);

	(void)state;
	assert_true(access_size(&c, 0) <= sizeof(memory));
	f.view.access = access_build(memory, &c, NULL, 0);
	assert_int_equal(respond(&f), SERVER_NOTRUST);
	assert_int_equal(f.answered, 0);
	f.len = sign_with(f.view.keys, 2, f.in, PACKET_LEN, KEYRING_V4);
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(signer(&f), 2);
	f.in[50] ^= 1;
	assert_int_equal(respond(&f), SERVER_NAKED);
	assert_true(is_nak(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_signed_by_the_same_key),
		cmocka_unit_test(a_long_code_is_for_old_versions),
		cmocka_unit_test(nobody_else_is_told_anything_signed),
		cmocka_unit_test(a_wrong_code_gets_a_nak),
		cmocka_unit_test(a_key_is_only_for_its_use),
		cmocka_unit_test(naks_are_limited),
		cmocka_unit_test(a_nak_is_not_answered),
		cmocka_unit_test(extended_packets_need_a_cmac),
		cmocka_unit_test(notrust_wants_a_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
