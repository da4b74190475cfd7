/* SPDX-License-Identifier: BSD-2-Clause */
/* A smeared leap second: where it goes, and how it is told. */
#include "core/steer/smear.h"

#include <math.h>

#include "check.h"
#include "core/serve/server.h"

#define LENGTH_S 7200

static const tstamp end = { UINT64_C(0xee000000) << 32 };

static struct smear of(enum leap leap)
{
	return (struct smear){ .length_s = LENGTH_S, .leap = leap, .end = end };
}

static double offset_s(const struct smear *s, double before_s)
{
	tstamp at = tstamp_add(end, span_from_seconds(-before_s));

	return span_to_seconds(smear_offset(s, at));
}

static void it_begins_at_zero_and_ends_a_second_away(void **state)
{
	(void)state;
	static const struct {
		enum leap leap;
		double sign;
	} cases[] = { { LEAP_INSERT, -1 }, { LEAP_DELETE, 1 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smear s = of(cases[i].leap);

		assert_true(offset_s(&s, 3 * LENGTH_S) == 0);
		assert_true(offset_s(&s, LENGTH_S) == 0);
		assert_true(fabs(offset_s(&s, LENGTH_S / 2.0) -
				 0.5 * cases[i].sign) < 1e-9);
		assert_true(fabs(offset_s(&s, 0) - cases[i].sign) < 1e-9);
	}
}

/* Neither a jump nor a bend, and never steeper than it says. */
static void it_is_smooth_and_no_steeper_than_its_rate(void **state)
{
	(void)state;
	const struct smear s = of(LEAP_INSERT);
	const double most = smear_rate(LENGTH_S);
	double steepest = 0, last = 0, rate = 0;

	assert_true(fabs(most - 218.166e-6) < 1e-9);
	for (int at_s = -LENGTH_S - 10; at_s <= 0; at_s++) {
		double now = offset_s(&s, -at_s);

		assert_true(now <= last); /* never back */
		assert_true(fabs(now - last - rate) < 1e-7);
		rate = now - last;
		last = now;
		steepest = fmax(steepest, fabs(rate));
	}
	assert_true(steepest < 1.00001 * most);
	assert_true(steepest > 0.999 * most);
}

static void without_a_leap_second_or_a_length_nothing_is_smeared(void **state)
{
	(void)state;
	const struct smear none = of(LEAP_NONE);
	const struct smear off = { .leap = LEAP_INSERT, .end = end };

	for (int before_s = -10; before_s < 86400; before_s++) {
		tstamp at = tstamp_add(end, SPAN_S(-before_s));

		assert_true(smear_offset(&none, at).v == 0);
		assert_true(smear_offset(&off, at).v == 0);
		assert_false(smear_is_blind(&none, at));
		assert_false(smear_is_blind(&off, at));
	}
}

static void it_is_blind_while_two_seconds_look_the_same(void **state)
{
	(void)state;
	static const struct {
		double before_s;
		enum leap leap;
		bool blind;
	} cases[] = {
		{ 1.1, LEAP_INSERT, false }, { 1.0, LEAP_INSERT, true },
		{ 0.5, LEAP_INSERT, true },  { -0.01, LEAP_INSERT, true },
		{ 1.0, LEAP_DELETE, false }, { 0.1, LEAP_DELETE, false },
		{ 0.01, LEAP_DELETE, true }, { -1.01, LEAP_DELETE, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smear s = of(cases[i].leap);
		span before = span_from_seconds(-cases[i].before_s);

		assert_int_equal(smear_is_blind(&s, tstamp_add(end, before)),
				 cases[i].blind);
	}
}

/* Two bits of seconds with their sign, 22 of fractions. */
static void the_refid_tells_the_offset(void **state)
{
	(void)state;
	static const struct {
		double offset_s;
		uint32_t refid;
	} cases[] = {
		{ 0.5, 0xfe200000 },  { -0.5, 0xfee00000 },
		{ 1.0, 0xfe400000 },  { -1.0, 0xfec00000 },
		{ 0.25, 0xfe100000 }, { -0x1p-22, 0xfeffffff },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		span offset = span_from_seconds(cases[i].offset_s);

		assert_int_equal(smear_refid(offset), cases[i].refid);
		assert_true(smear_is_refid(cases[i].refid));
	}
	assert_false(smear_is_refid(0xfe400001)); /* more than a second */
	assert_false(smear_is_refid(0xfebfffff));
	assert_false(smear_is_refid(0xfd200000));
	assert_false(smear_is_refid(0x47505300));
}

static const tstamp now = { UINT64_C(0xe98c5a10b0010000) };

/* The answer to a request in this mode, half way through a smear. */
static struct packet served(enum mode mode, enum leap leap, double left_s)
{
	const struct view view = {
		.leap = leap,
		.stratum = 2,
		.precision = -23,
		.refid = 0xc0000263,
		.reference = tstamp_add(now, SPAN_S(-7200)),
		.made = now,
		.drift_ppm = 15,
		.smear = { LENGTH_S, LEAP_INSERT,
			   tstamp_add(now, span_from_seconds(left_s)) },
	};
	const uint8_t in[PACKET_LEN] = { (uint8_t)(0x20 | mode), [40] = 1 };
	const struct request req = {
		.data = in,
		.len = sizeof(in),
		.from = netaddr_v4(0xc0000201, 4711),
		.to = netaddr_v4(0xc0000202, 123),
		.received = tstamp_add(now, SPAN_MS(-20)),
	};
	static struct server_shard shard;
	uint8_t out[PACKET_LEN];
	struct writer w = writer_over(out, sizeof(out));
	struct reader r = reader_over(out, sizeof(out));
	struct packet p = { .version = 0 };

	if (server_respond(&view, &shard, &req, now, &w) == SERVER_ANSWERED) {
		assert_int_equal(packet_parse(&p, &r), PACKET_OK);
	}
	return p;
}

static bool is_off(tstamp t, tstamp from, double off_s)
{
	double s = span_to_seconds(tstamp_diff(t, from));

	return fabs(s - off_s) < 5e-6;
}

/* Half a second, at 218 ppm, and no word of a leap second. */
static void clients_alone_get_smeared_time(void **state)
{
	(void)state;
	struct packet p = served(MODE_CLIENT, LEAP_INSERT, 3600);

	assert_int_equal(p.leap, LEAP_NONE);
	assert_int_equal(p.refid, 0xfee00000);
	assert_true(is_off(p.transmit, now, -0.5));
	assert_true(is_off(p.receive, now, -0.5 - 0.02 + 4.4e-6));
	assert_true(is_off(p.reference, now, -7200));
	p = served(MODE_ACTIVE, LEAP_INSERT, 3600);
	assert_int_equal(p.leap, LEAP_INSERT);
	assert_int_equal(p.refid, 0xc0000263);
	assert_true(is_off(p.transmit, now, 0));
	p = served(MODE_CLIENT, LEAP_UNSYNC, 3600);
	assert_int_equal(p.leap, LEAP_UNSYNC);
	assert_true(is_off(p.transmit, now, 0));
	/* Whoever asks when nobody knows is not answered. */
	p = served(MODE_CLIENT, LEAP_INSERT, 0.5);
	assert_int_equal(p.version, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_begins_at_zero_and_ends_a_second_away),
		cmocka_unit_test(it_is_smooth_and_no_steeper_than_its_rate),
		cmocka_unit_test(
			without_a_leap_second_or_a_length_nothing_is_smeared),
		cmocka_unit_test(it_is_blind_while_two_seconds_look_the_same),
		cmocka_unit_test(the_refid_tells_the_offset),
		cmocka_unit_test(clients_alone_get_smeared_time),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
