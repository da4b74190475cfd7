/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the server answers, and above all what it does not (threats F1 to F3,
 * F9, F10, F12). The golden answer is laid out by hand from RFC 5905.
 */
#include <string.h>

#include "check.h"
#include "core/serve/access.h"
#include "core/serve/server.h"

#define ROOM 2048
#define POISON 0xaa

static const tstamp now = { UINT64_C(0xe98c5a10b0010000) };

static const struct view view = {
	.leap = LEAP_INSERT,
	.stratum = 2,
	.precision = -23,
	.refid = 0xc0000263,
	.reference = { UINT64_C(0xe98c5a0012345678) },
	.made = { UINT64_C(0xe98c5a10b0010000) - (UINT64_C(100) << 32) },
	.root_delay = { INT64_C(0x10000000) }, /* 1/16 s */
	.root_disp = { INT64_C(0x08000000) },  /* 1/32 s */
	.drift_ppm = 15,
};

struct fixture {
	uint8_t in[ROOM], out[ROOM];
	struct request req;
	struct server_shard shard;
	struct view view;
	size_t answered; /* bytes */
};

static struct fixture begin(unsigned first, size_t len)
{
	struct fixture f = { .view = view };

	f.in[0] = (uint8_t)first;
	f.in[2] = 6;
	for (size_t i = 0; i < 8; i++) {
		f.in[40 + i] = (uint8_t)(0xc1 + i);
	}
	f.req = (struct request){
		.len = len,
		.from = netaddr_v4(0xc0000201, 4711),
		.to = netaddr_v4(0xc0000202, 123),
		.received = { UINT64_C(0xe98c5a10aabbccdd) },
	};
	return f;
}

static enum server_verdict respond(struct fixture *f)
{
	struct writer w = writer_over(f->out, sizeof(f->out));

	memset(f->out, POISON, sizeof(f->out));
	f->req.data = f->in;
	enum server_verdict verdict =
		server_respond(&f->view, &f->shard, &f->req, now, &w);

	f->answered = (size_t)(w.at - f->out);
	for (size_t i = f->answered; i < sizeof(f->out); i++) {
		assert_int_equal(f->out[i], POISON);
	}
	return verdict;
}

static enum server_verdict verdict_on(unsigned first, size_t len)
{
	struct fixture f = begin(first, len);

	return respond(&f);
}

/* F9: every octet is one that we meant. */
static void a_client_gets_these_bytes(void **state)
{
	(void)state;
	static const uint8_t golden[PACKET_LEN] = {
		0x64, 0x02, 0x06, 0xe9, /* LI 1, VN 4, mode 4, stratum 2 */
		0x00, 0x00, 0x10, 0x00, /* 1/16 s */
		0x00, 0x00, 0x08, 0x63, /* 1/32 s + 100 s * 15 ppm, up */
		0xc0, 0x00, 0x02, 0x63, 0xe9, 0x8c, 0x5a, 0x00, 0x12,
		0x34, 0x56, 0x78, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6,
		0xc7, 0xc8, 0xe9, 0x8c, 0x5a, 0x10, 0xaa, 0xbb, 0xcc,
		0xdd, 0xe9, 0x8c, 0x5a, 0x10, 0xb0, 0x01, 0x00, 0x00,
	};
	struct fixture f = begin(0x23, 48);

	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(f.answered, PACKET_LEN);
	assert_memory_equal(f.out, golden, PACKET_LEN);
	assert_int_equal(f.shard.versions[4], 1);
}

static bool is_allowed(unsigned first, size_t len, uint16_t port)
{
	/* One extension field, or nothing: see test_server_keys.c (C5). */
	if (len != 48 && (len <= 72 || (first >> 3 & 7) != 4)) {
		return false;
	}
	unsigned version = first >> 3 & 7, mode = first & 7;

	if (version < 1 || version > 4) {
		return false;
	}
	return len >= 48 && (mode == 3 || mode == 1 ||
			     (mode == 0 && version == 1 && port != 123));
}

/* F1: whatever the first octet and the length. */
static void only_requests_are_answered(void **state)
{
	(void)state;
	static const uint16_t ports[] = { 123, 4711 };
	size_t lens[54] = { 48, 52, 68, 72, 100, 1472 };

	for (size_t i = 0; i < 48; i++) {
		lens[6 + i] = i;
	}
	for (unsigned first = 0; first < 256; first++) {
		for (size_t i = 0; i < 2 * ARRAY_LEN(lens); i++) {
			size_t len = lens[i / 2];
			struct fixture f = begin(first, len);
			bool control = (first & 7) == 6 && len >= 12 &&
				       (first >> 3 & 7) - 1 < 4;

			f.req.from.port = ports[i % 2];
			f.in[50] = (uint8_t)((len - 48) >> 8);
			f.in[51] = (uint8_t)(len - 48);
			enum server_verdict verdict = respond(&f);

			assert_int_equal(
				verdict == SERVER_ANSWERED,
				is_allowed(first, len, f.req.from.port));
			assert_int_equal(verdict == SERVER_CONTROL, control);
			assert_int_equal(f.answered,
					 verdict == SERVER_ANSWERED ? 48 : 0);
		}
	}
}

/* F1: none of our own answers makes another one of us answer. */
static void answers_are_not_answered(void **state)
{
	(void)state;
	static const unsigned firsts[] = { 0x08, 0x0b, 0x13, 0x1b, 0x23, 0x21 };

	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		struct fixture f = begin(firsts[i], 48);

		assert_int_equal(respond(&f), SERVER_ANSWERED);
		struct fixture echo = begin(f.out[0], 48);

		memcpy(echo.in, f.out, PACKET_LEN);
		assert_int_equal(respond(&echo), SERVER_MODE);
	}
	struct fixture control = begin(0x16, 12);

	control.in[1] = 0x82; /* an answer to READVAR */
	assert_int_equal(respond(&control), SERVER_MODE);
	control.in[1] = 0x42;
	assert_int_equal(respond(&control), SERVER_MODE);
	control.in[1] = 0x22;
	assert_int_equal(respond(&control), SERVER_MODE);
	control.in[1] = 0x02;
	assert_int_equal(respond(&control), SERVER_CONTROL);
}

static void versions_and_modes_are_echoed(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 4; version++) {
		struct fixture client = begin(version << 3 | 3, 48);
		struct fixture peer = begin(version << 3 | 1, 48);

		assert_int_equal(respond(&client), SERVER_ANSWERED);
		assert_int_equal(client.out[0] & 0x3f, version << 3 | 4);
		assert_int_equal(respond(&peer), SERVER_ANSWERED);
		assert_int_equal(peer.out[0] & 0x3f, version << 3 | 2);
	}
	assert_int_equal(verdict_on(0x03, 48), SERVER_VERSION);
	assert_int_equal(verdict_on(0x2b, 48), SERVER_VERSION);
}

static void what_follows_the_header_is_not_echoed(void **state)
{
	(void)state;
	struct fixture f = begin(0x23, 76);

	memset(f.in + 48, 0x11, 28);
	f.in[50] = 0;
	f.in[51] = 28;
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(f.answered, 48);
	assert_int_equal(verdict_on(0x23, 49), SERVER_LENGTH);
	assert_int_equal(verdict_on(0x23, 71), SERVER_LENGTH);
}

/* F10. */
static void cut_and_empty_datagrams_are_dropped(void **state)
{
	(void)state;
	struct fixture f = begin(0x23, 48);

	f.req.truncated = true;
	assert_int_equal(respond(&f), SERVER_LENGTH);
	assert_int_equal(verdict_on(0x23, 0), SERVER_LENGTH);
	assert_int_equal(verdict_on(0x23, 47), SERVER_LENGTH);
	assert_int_equal(verdict_on(0x16, 11), SERVER_LENGTH);
}

static enum server_verdict verdict_from(const char *ip, uint16_t port,
					bool by_loopback)
{
	struct fixture f = begin(0x23, 48);

	assert_true(netaddr_parse(&f.req.from, ip, strlen(ip)));
	f.req.from.port = port;
	f.req.by_loopback = by_loopback;
	return respond(&f);
}

/* F2. */
static void nonsense_is_not_answered(void **state)
{
	(void)state;
	assert_int_equal(verdict_from("192.0.2.1", 123, false),
			 SERVER_ANSWERED);
	assert_int_equal(verdict_from("192.0.2.1", 0, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("192.0.2.2", 123, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("192.0.2.2", 124, false),
			 SERVER_ANSWERED);
	assert_int_equal(verdict_from("0.0.0.0", 9, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("::", 9, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("224.0.1.1", 9, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("ff02::101", 9, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("255.255.255.255", 9, false),
			 SERVER_SOURCE);
	assert_int_equal(verdict_from("127.0.0.1", 9, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("127.127.20.0", 9, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("::1", 9, false), SERVER_SOURCE);
	assert_int_equal(verdict_from("::ffff:127.0.0.1", 9, false),
			 SERVER_SOURCE);
	assert_int_equal(verdict_from("127.0.0.1", 9, true), SERVER_ANSWERED);
	assert_int_equal(verdict_from("::1", 9, true), SERVER_ANSWERED);
}

/* F12. */
static void a_clock_that_is_not_set_says_so(void **state)
{
	(void)state;
	struct fixture f = begin(0x23, 48);

	f.view.leap = LEAP_UNSYNC;
	f.view.stratum = 16;
	f.view.refid = 0x494e4954;
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	assert_int_equal(f.out[0], 0xe4);
	assert_int_equal(f.out[1], 0);
	assert_memory_equal(f.out + 12, "INIT", 4);
}

static uint32_t disp_after(double age_s, double drift_ppm)
{
	struct fixture f = begin(0x23, 48);
	struct packet p;

	f.view.made = tstamp_add(now, span_from_seconds(-age_s));
	f.view.drift_ppm = drift_ppm;
	assert_int_equal(respond(&f), SERVER_ANSWERED);
	struct reader r = reader_over(f.out, PACKET_LEN);

	assert_int_equal(packet_parse(&p, &r), PACKET_OK);
	return (uint32_t)(p.root_disp.v >> 16);
}

/* F12: the bound is never too small, and the wire has 16 bits of a second. */
static void dispersion_grows_and_rounds_up(void **state)
{
	(void)state;
	assert_int_equal(disp_after(0, 15), 0x801);
	assert_int_equal(disp_after(1e-6, 15), 0x801);
	assert_int_equal(disp_after(1000, 15), 0x800 + 984); /* 983.04 */
	assert_int_equal(disp_after(1000, 500), 0x800 + 32769);
	assert_int_equal(disp_after(-1000, 15), 0x801); /* we stepped back */
	assert_int_equal(disp_after(1e9, 1e6), UINT32_MAX);
}

static enum server_verdict verdict_under(uint32_t flags, unsigned first)
{
	static uint64_t memory[256];
	struct restrict_config line = { .kind = RESTRICT_DEFAULT,
					.flags = flags };
	struct config config = { .restricts = &line };
	struct fixture f = begin(first, 48);

	assert_true(access_size(&config, 0) <= sizeof(memory));
	f.view.access = access_build(memory, &config, NULL, 0);
	return respond(&f);
}

static void restrict_lines_decide(void **state)
{
	(void)state;
	static const struct {
		uint32_t flags;
		enum server_verdict time4, time3, control;
	} cases[] = {
		{ 0, SERVER_ANSWERED, SERVER_ANSWERED, SERVER_CONTROL },
		{ RESTRICT_IGNORE, SERVER_IGNORED, SERVER_IGNORED,
		  SERVER_IGNORED },
		{ RESTRICT_NOSERVE, SERVER_NOSERVE, SERVER_NOSERVE,
		  SERVER_CONTROL },
		{ RESTRICT_NOTRUST, SERVER_NOTRUST, SERVER_NOTRUST,
		  SERVER_CONTROL },
		{ RESTRICT_VERSION, SERVER_ANSWERED, SERVER_OLDVERSION,
		  SERVER_CONTROL },
		{ RESTRICT_NOQUERY, SERVER_ANSWERED, SERVER_ANSWERED,
		  SERVER_NOQUERY },
		/* These are about other things, or do nothing alone. */
		{ RESTRICT_NOPEER | RESTRICT_NOMODIFY | RESTRICT_NOTRAP |
			  RESTRICT_KOD | RESTRICT_LIMITED,
		  SERVER_ANSWERED, SERVER_ANSWERED, SERVER_CONTROL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(verdict_under(cases[i].flags, 0x23),
				 cases[i].time4);
		assert_int_equal(verdict_under(cases[i].flags, 0x1b),
				 cases[i].time3);
		assert_int_equal(verdict_under(cases[i].flags, 0x16),
				 cases[i].control);
	}
	/* Nobody is asked to become a peer: as a client, whatever nopeer. */
	assert_int_equal(verdict_under(RESTRICT_NOPEER, 0x21), SERVER_ANSWERED);
}

static void flake_drops_a_tenth(void **state)
{
	(void)state;
	static uint64_t memory[256];
	struct restrict_config line = { .kind = RESTRICT_DEFAULT,
					.flags = RESTRICT_FLAKE };
	struct config config = { .restricts = &line };
	struct fixture f = begin(0x23, 48);
	unsigned flaked = 0;

	f.view.access = access_build(memory, &config, NULL, 0);
	FORALL(10000) {
		f.in[40] = (uint8_t)case_;
		f.in[41] = (uint8_t)(case_ >> 8);
		flaked += respond(&f) == SERVER_FLAKED;
	}
	assert_in_range(flaked, 1000 - 6 * 30, 1000 + 6 * 30);
}

/* The answers to `n` requests at one moment, under these flags. */
static void flood(uint32_t flags, unsigned n, struct fixture *f,
		  uint64_t count[SERVER_VERDICTS])
{
	static uint64_t memory[256];
	static const uint8_t seed[RNG_SEED] = { 9 };
	struct restrict_config line = { .kind = RESTRICT_DEFAULT,
					.flags = flags };
	struct config config = { .restricts = &line };
	struct limit_config limit = { .average = 3, .minimum_s = 2 };
	void *buckets = malloc(ratelimit_size(8));

	assert_non_null(buckets);
	f->view.access = access_build(memory, &config, NULL, 0);
	f->shard.limit = ratelimit_init(buckets, 8, &limit, seed);
	memset(count, 0, SERVER_VERDICTS * sizeof(*count));
	for (unsigned i = 0; i < n; i++) {
		enum server_verdict verdict = respond(f);

		count[verdict]++;
		if (verdict == SERVER_KISSED) {
			break; /* the answer is to be looked at */
		}
	}
	free(buckets);
	f->shard.limit = NULL;
}

static void who_floods_is_limited_where_a_line_says_so(void **state)
{
	(void)state;
	struct fixture f = begin(0x23, 48);
	uint64_t count[SERVER_VERDICTS];

	flood(RESTRICT_LIMITED, 1000, &f, count);
	assert_in_range(count[SERVER_LIMITED], 749 - 84, 749 + 84);
	assert_int_equal(count[SERVER_ANSWERED] + count[SERVER_LIMITED], 1000);
	/* kod alone does nothing, as in classic. */
	flood(RESTRICT_KOD, 1000, &f, count);
	assert_int_equal(count[SERVER_ANSWERED], 1000);
}

static void a_kiss_carries_no_time(void **state)
{
	(void)state;
	struct fixture f = begin(0x23, 48);
	uint64_t count[SERVER_VERDICTS];

	flood(RESTRICT_LIMITED | RESTRICT_KOD, 1000, &f, count);
	assert_int_equal(count[SERVER_KISSED], 1);
	assert_int_equal(f.answered, 48);
	assert_int_equal(f.out[0], 0xe4); /* LI 3, VN 4, mode 4 */
	assert_int_equal(f.out[1], 0);
	assert_memory_equal(f.out + 12, "RATE", 4);
	for (size_t at = 16; at < 48; at += 8) {
		assert_memory_equal(f.out + at, f.in + 40, 8);
	}
}

/* F3: over any bytes, never more out than in. */
static void never_more_out_than_in(void **state)
{
	(void)state;
	uint64_t in = 0, out = 0;

	struct fixture f = begin(0, 0);

	FORALL(1000000) {
		f.req.len = check_below(100);
		for (size_t i = 0; i < 8; i++) {
			f.in[check_rng() % 48] = (uint8_t)check_rng();
		}
		struct writer w = writer_over(f.out, sizeof(f.out));

		f.req.data = f.in;
		enum server_verdict verdict =
			server_respond(&f.view, &f.shard, &f.req, now, &w);
		size_t len = (size_t)(w.at - f.out);

		assert_true(len <= f.req.len);
		assert_int_equal(len != 0, verdict == SERVER_ANSWERED);
		in += f.req.len;
		out += len;
	}
	assert_true(out > 0 && out <= in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_gets_these_bytes),
		cmocka_unit_test(only_requests_are_answered),
		cmocka_unit_test(answers_are_not_answered),
		cmocka_unit_test(versions_and_modes_are_echoed),
		cmocka_unit_test(what_follows_the_header_is_not_echoed),
		cmocka_unit_test(cut_and_empty_datagrams_are_dropped),
		cmocka_unit_test(nonsense_is_not_answered),
		cmocka_unit_test(a_clock_that_is_not_set_says_so),
		cmocka_unit_test(dispersion_grows_and_rounds_up),
		cmocka_unit_test(restrict_lines_decide),
		cmocka_unit_test(flake_drops_a_tenth),
		cmocka_unit_test(who_floods_is_limited_where_a_line_says_so),
		cmocka_unit_test(a_kiss_carries_no_time),
		cmocka_unit_test(never_more_out_than_in),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
