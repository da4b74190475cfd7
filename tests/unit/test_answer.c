/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a server, or somebody in its name, may send. "No effect" means: not a
 * byte of the source differs, and nothing is in the outbox (SECURITY.md,
 * the pipeline).
 */
#include "sourcebench.h"

/* SECURITY.md A1, B1, B6 */
static void a_wrong_origin_has_no_effect(void **state)
{
	(void)state;
	struct bench *b = fresh();
	static const uint32_t kisses[] = { 0, RATE, DENY, RSTR };

	ask(b);
	(void)sent(b);
	FORALL(1000) {
		struct packet p = good(b);
		uint32_t kiss = kisses[check_rng() % 4];

		p.origin.v ^= check_rng() | 1;
		if (kiss != 0) {
			p.stratum = 0;
			p.refid = kiss;
		}
		refuse(b, &p, SOURCE_ORIGIN);
	}
	struct packet p = good(b);

	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
}

/* SECURITY.md A2: between polls, during one, after an answer. */
static void a_zero_origin_never_matches(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet zero, p;

	zero = good(b);
	zero.origin.v = 0;
	refuse(b, &zero, SOURCE_UNASKED);
	ask(b);
	zero = good(b);
	zero.origin.v = 0;
	refuse(b, &zero, SOURCE_ORIGIN);
	(void)sent(b);
	refuse(b, &zero, SOURCE_ORIGIN);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
	refuse(b, &zero, SOURCE_UNASKED);
}

/* SECURITY.md A4 */
static void a_request_is_answered_once(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet p;

	ask(b);
	(void)sent(b);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
	for (int i = 0; i < 100; i++) {
		refuse(b, &p, SOURCE_DUPLICATE);
	}
	ask(b);
	refuse(b, &p, SOURCE_DUPLICATE);
	(void)sent(b);
	refuse(b, &p, SOURCE_DUPLICATE);
}

/* SECURITY.md A13 */
static void what_a_refused_packet_says_is_not_taken(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet p;

	ask(b);
	(void)sent(b);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
	ask(b);
	(void)sent(b);
	p = good(b);
	p.leap = LEAP_INSERT;
	p.stratum = 1;
	p.precision = 50; /* the one thing that is wrong */
	assert_int_equal(receive(b, &p), SOURCE_PRECISION);
	assert_int_equal(b->source.peer.leap, LEAP_NONE);
	assert_int_equal(b->source.peer.stratum, 2);
	assert_int_equal(b->source.peer.precision, -20);
}

/* SECURITY.md A14, A17, A18: of all first bytes exactly three are taken. */
static void only_mode_4_in_our_version_is_taken(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		struct bench *b = fresh();
		struct packet p;
		uint8_t bytes[PACKET_LEN];
		struct writer w = writer_over(bytes, sizeof(bytes));
		enum source_verdict v, want = SOURCE_SAMPLE;

		ask(b);
		(void)sent(b);
		p = good(b);
		packet_write(&p, &w);
		bytes[0] = (uint8_t)first;
		b->now_s += 0.0201;
		v = receive_bytes(b, bytes, sizeof(bytes));
		if ((first & 7) != MODE_SERVER) {
			want = SOURCE_MODE;
		} else if ((first >> 3 & 7) != 4) {
			want = SOURCE_VERSION;
		} else if (first >> 6 == LEAP_UNSYNC) {
			want = SOURCE_UNSYNCHRONISED;
		}
		assert_int_equal(v, want);
	}
}

/* SECURITY.md A17 */
static void our_own_request_is_no_answer(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct source before;

	ask(b);
	before = b->source;
	assert_int_equal(receive_bytes(b, b->request, PACKET_LEN), SOURCE_MODE);
	assert_memory_equal(&before, &b->source, sizeof(before));
}

static void every_prefix_and_every_tail_is_refused(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet p;
	uint8_t bytes[PACKET_LEN + 100] = { 0 };
	struct writer w = writer_over(bytes, PACKET_LEN);
	struct source before;

	ask(b);
	(void)sent(b);
	p = good(b);
	packet_write(&p, &w);
	b->now_s += 0.0201;
	before = b->source;
	for (size_t len = 0; len < sizeof(bytes); len++) {
		if (len == PACKET_LEN) {
			continue;
		}
		/* SECURITY.md B8: a crypto-NAK is just a failure. */
		assert_int_equal(receive_bytes(b, bytes, len),
				 len < PACKET_LEN ? SOURCE_SHORT
						  : SOURCE_LENGTH);
		assert_memory_equal(&before, &b->source, sizeof(before));
		assert_int_equal(b->out.count, 0);
	}
	assert_int_equal(receive_bytes(b, bytes, PACKET_LEN), SOURCE_SAMPLE);
}

struct row {
	enum source_verdict verdict;
	uint8_t stratum;
	int8_t precision;
	double delay_s, disp_s, receive_s, transmit_s;
	uint32_t refid;
};

#define IN 0.010
#define OUT 0.0101
#define NONE (-1)

static const struct row rows[] = {
	{ SOURCE_SAMPLE, 1, -20, 0, 0, IN, OUT, 1 },
	{ SOURCE_SAMPLE, 15, -32, 15.99, 15.99, IN, OUT, 1 },
	{ SOURCE_UNSYNCHRONISED, 16, -20, 0, 0, IN, OUT, 1 },
	{ SOURCE_UNSYNCHRONISED, 255, -20, 0, 0, IN, OUT, 1 },
	{ SOURCE_UNSYNCHRONISED, 0, -20, 0, 0, IN, OUT, 0 },
	{ SOURCE_UNSYNCHRONISED, 0, -20, 0, 0, IN, OUT, 0x494e4954 },
	{ SOURCE_KISS_OTHER, 0, -20, 0, 0, IN, OUT, 0x1b5b324a },
	{ SOURCE_KISS_RATE, 0, -20, 0, 0, NONE, NONE, RATE },
	{ SOURCE_KISS_DENY, 0, -20, 0, 0, NONE, NONE, DENY },
	{ SOURCE_KISS_RSTR, 0, -20, 0, 0, NONE, NONE, RSTR },
	{ SOURCE_SAMPLE, 2, 1, 0, 0, IN, OUT, 1 },
	{ SOURCE_PRECISION, 2, 2, 0, 0, IN, OUT, 1 },
	{ SOURCE_PRECISION, 2, -33, 0, 0, IN, OUT, 1 },
	{ SOURCE_ROOT, 2, -20, 16, 0, IN, OUT, 1 },
	{ SOURCE_ROOT, 2, -20, 0, 16, IN, OUT, 1 },
	{ SOURCE_NO_TIME, 2, -20, 0, 0, NONE, OUT, 1 },
	{ SOURCE_NO_TIME, 2, -20, 0, 0, IN, NONE, 1 },
	{ SOURCE_BACKWARDS, 2, -20, 0, 0, OUT, IN, 1 },
	{ SOURCE_SAMPLE, 2, -20, 0, 0, IN, IN, 1 },
	{ SOURCE_SAMPLE, 2, -20, 0, 0, 0.0, 0.0201, 1 },
	{ SOURCE_DELAY, 2, -20, 0, 0, 0.0, 0.02012, 1 },
	{ SOURCE_DELAY, 2, -20, 0, 0, 0.0, 5, 1 },
	{ SOURCE_SAMPLE, 2, -6, 0, 0, 0.0, 0.034, 1 },
	{ SOURCE_LOOP, 2, -20, 0, 0, IN, OUT, 0x0a141e28 },
	{ SOURCE_SAMPLE, 1, -20, 0, 0, IN, OUT, 0x0a141e28 },
	{ SOURCE_LOOP, 3, -20, 0, 0, IN, OUT, 0xc00002fe },
};

/* A good answer, but for what the row says. */
static struct packet packet_of(const struct bench *b, const struct row *r)
{
	struct packet p = good(b);

	p.stratum = r->stratum;
	p.precision = r->precision;
	p.refid = r->refid;
	p.root_delay = span_from_seconds(r->delay_s);
	p.root_disp = span_from_seconds(r->disp_s);
	p.receive = wall(b->now_s + r->receive_s);
	p.transmit = wall(b->now_s + r->transmit_s);
	if (r->receive_s < 0) {
		p.receive.v = 0;
	}
	if (r->transmit_s < 0) {
		p.transmit.v = 0;
	}
	return p;
}

/* SECURITY.md A15, E13: one row a rule, with its boundary. */
static void impossible_headers_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct bench *b = fresh();

		ask(b);
		(void)sent(b);

		struct packet p = packet_of(b, r);
		enum source_verdict v = receive(b, &p);

		if (v != r->verdict) {
			print_error("row %zu: %s\n", i,
				    source_verdict_words(v));
		}
		assert_int_equal(v, r->verdict);
		assert_int_equal(b->source.polling.reach & 1,
				 v == SOURCE_SAMPLE);
		assert_int_equal(b->source.heard, v == SOURCE_SAMPLE);
		assert_false(source_is_waiting(&b->source));
	}
}

/* RFC 5905, packet(); one that does not tell its reference time is heard. */
static void a_reference_time_to_come_is_refused(void **state)
{
	static const struct {
		double reference_s;
		enum source_verdict verdict;
	} cases[] = {
		{ -10, SOURCE_SAMPLE },           { OUT, SOURCE_SAMPLE },
		{ OUT + 0.01, SOURCE_REFERENCE }, { 3600, SOURCE_REFERENCE },
		{ NAN, SOURCE_SAMPLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bench *b = fresh();

		ask(b);
		(void)sent(b);

		struct packet p = packet_of(b, &rows[0]);

		p.reference = isnan(cases[i].reference_s)
				      ? (tstamp){ 0 }
				      : wall(b->now_s + cases[i].reference_s);
		assert_int_equal(receive(b, &p), cases[i].verdict);
	}
}

/* Any bytes at any moment: a verdict, and never a sample without a match. */
static void garbage_has_no_effect(void **state)
{
	(void)state;
	struct bench *b = fresh();

	ask(b);
	FORALL(20000) {
		uint8_t bytes[96];
		size_t len = check_below(sizeof(bytes) + 1);
		struct source before = b->source;

		for (size_t i = 0; i < len; i++) {
			bytes[i] = (uint8_t)check_rng();
		}
		if (case_ % 2 && len > 0) {
			bytes[0] = 0x24;
		}
		assert_true(receive_bytes(b, bytes, len) > SOURCE_HELD);
		assert_memory_equal(&before, &b->source, sizeof(before));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_origin_has_no_effect),
		cmocka_unit_test(a_zero_origin_never_matches),
		cmocka_unit_test(a_request_is_answered_once),
		cmocka_unit_test(what_a_refused_packet_says_is_not_taken),
		cmocka_unit_test(only_mode_4_in_our_version_is_taken),
		cmocka_unit_test(our_own_request_is_no_answer),
		cmocka_unit_test(every_prefix_and_every_tail_is_refused),
		cmocka_unit_test(impossible_headers_are_refused),
		cmocka_unit_test(a_reference_time_to_come_is_refused),
		cmocka_unit_test(garbage_has_no_effect),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
