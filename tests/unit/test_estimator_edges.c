/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first exchange and the late one, huge offsets and none, our own
 * corrections: where numbers are at their limits.
 */
#include "estimating.h"

static void one_exchange_is_usable(void **state)
{
	(void)state;
	begin(1e-4);
	struct estimate e;

	assert_false(estimator_estimate(&estimator, at_s(0), &e));
	assert_true(estimator_sd_after(&estimator, at_s(0), 0) > 1e6);
	add(5, 0.130, -0.090);
	e = estimate_at(5);
	assert_true(fabs(e.offset_s - 0.110) < 1e-9);
	/* The truth is within half the delay; evenly: 0.29 of the delay. */
	assert_true(e.offset_sd > 0.2 * 0.040 && e.offset_sd < 0.3 * 0.040);
	assert_true(fabs(e.freq) < 1e-12 && fabs(e.freq_sd - 1e-4) < 1e-9);
	assert_true(fabs(estimator_sd_after(&estimator, at_s(5), 1000) - 0.1) <
		    2e-3);
	assert_int_equal(e.samples, 1);
}

/* iburst at 2 s, then long polls, of a clock 40 ppm off. */
static void iburst_then_long_polls(void **state)
{
	static const double polls_s[] = { 64, 1024, 131072 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(polls_s); i++) {
		course(2, 1e-10, 1e-4, LAW_EXPONENTIAL);
		double offset_s = 0.3, freq = 4e-5, at = 0;

		begin(1e-4);
		for (int k = 0; k < 200; k++) {
			add(at, 4e-4 + offset_s + track_queue_s(&track),
			    4e-4 - offset_s + track_queue_s(&track));
			struct estimate e = estimate_at(at);

			assert_true(fabs(e.offset_s - offset_s) < e.bound_s);
			if (k > 10) {
				assert_true(fabs(e.freq - freq) <
					    6 * e.freq_sd + 1e-9);
			}
			double step_s = k < 8 ? 2 : polls_s[i];

			at += step_s;
			track_advance(&track, &offset_s, &freq, step_s);
		}
		struct estimate e = estimate_at(at);

		assert_true(e.offset_sd < 1e-4 * (1 + polls_s[i] / 1000));
	}
}

/* A slow clock is followed alike whether we correct it or only look on. */
static void corrections_move_nothing_that_was_learnt(void **state)
{
	static struct guess looked_on;

	(void)state;
	plain_course(0);
	run_ours();
	looked_on = ours;
	begin(1e-4);
	double slewed_s = 0;
	span stepped = SPAN_ZERO;

	for (int k = 0; k < 1000; k++) {
		/* A slew that begins before the sample and ends behind it. */
		double at = k * 64.0, rate = (double)(k % 7 - 3) * 2e-5;
		double step_s = k == 500 ? 1e9 : (k % 50 == 0 ? 0.25 : 0);

		estimator_adjust(&estimator, at_s(at - 0.25), 0, rate);
		double ours_s = slewed_s + 0.25 * rate;
		struct sample s = sample_of(at, track.forward_s[k] - ours_s,
					    track.backward_s[k] + ours_s);

		s.forward = span_sub(s.forward, stepped);
		s.backward.v += stepped.v;
		estimator_add(&estimator, &s);
		struct estimate e = estimate_at(at);

		/* Samples are rounded to 2^-32 s, and otherwise than before. */
		double slack_s = 0.02 * e.offset_sd + (k > 500 ? 1e-6 : 0);

		assert_true(fabs(e.offset_s + ours_s +
				 span_to_seconds(stepped) -
				 looked_on.offset_s[k]) < slack_s);
		assert_true(fabs(e.freq + rate - looked_on.freq[k]) <
			    0.02 * e.freq_sd);
		assert_true(fabs(e.offset_sd - looked_on.sd_s[k]) < slack_s);
		estimator_adjust(&estimator, at_s(at + 10), step_s, -rate);
		/* Told late, out of order. */
		estimator_adjust(&estimator, at_s(at + 5), 0, 1e-7);
		estimator_adjust(&estimator, at_s(at + 6), 0, -1e-7);
		slewed_s += rate * 10.25 + 1e-7;
		stepped.v += span_from_seconds(step_s).v;
	}
}

/* 150 us of slewing lie between a sample and the one that it overtook. */
static void late_and_repeated_samples_do_no_harm(void **state)
{
	double slewed_s = 0;

	(void)state;
	course(64, 1e-10, 1e-6, LAW_EXPONENTIAL);
	begin(1e-6);
	for (int k = 0; k < 400; k++) {
		double at = k * 64.0;
		double early = 1e-4 + track_queue_s(&track);
		double back = 1e-4 + track_queue_s(&track);
		double now_s = slewed_s + 0.3 * 5e-4;

		estimator_adjust(&estimator, at_s(at), 0, 5e-4);
		add(at + 0.3, 1e-4 + track_queue_s(&track) - now_s,
		    1e-4 + track_queue_s(&track) + now_s);
		add(at - 0.2, early - slewed_s, back + slewed_s);
		add(at - 0.2, early - slewed_s, back + slewed_s);
		estimator_adjust(&estimator, at_s(at + 1), 0, -5e-4);
		slewed_s += 5e-4;
		struct estimate e = estimate_at(at + 2);

		assert_true(k < 20 || fabs(e.offset_s + slewed_s) < 3e-6);
	}
	assert_int_equal(estimator.samples, 1200);
	assert_int_equal(estimator.rivals.changes, 0);
}

/* Offsets of half an era: the delays keep their nanoseconds. */
static void huge_offsets_keep_the_nanoseconds(void **state)
{
	static const int64_t offsets[] = { INT64_MAX, INT64_MIN,
					   INT64_C(1) << 62, -12345 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
		begin(1e-6);
		for (int k = 0; k < 300; k++) {
			uint64_t queue = check_rng() % 40; /* below 10 ns */
			uint64_t delay = (uint64_t)span_from_ns(1000).v + queue;
			struct sample s = {
				.at = at_s(k * 16.0),
				.forward = { (int64_t)((uint64_t)offsets[i] +
						       delay) },
				.backward = { (int64_t)(delay -
							(uint64_t)offsets[i]) },
				.noise_s = 1e-9,
			};

			estimator_add(&estimator, &s);
		}
		struct estimate e = estimate_at(300 * 16.0);

		assert_true(fabs(e.delay_s - 2e-6) < 2e-8);
		assert_true(e.offset_sd < 2e-8);
		assert_true(fabs(e.offset_s -
				 span_to_seconds((span){ offsets[i] })) < 1e-6);
		assert_int_equal(estimator.rivals.changes, 0);
	}
}

static void card_stamps_with_no_delay_or_less(void **state)
{
	(void)state;
	track.luck = check_rng();
	begin(1e-6);
	for (int k = 0; k < 500; k++) {
		struct sample s = sample_of(k, 2e-8 * track_normal(&track),
					    2e-8 * track_normal(&track));

		s.noise_s = 1e-8;
		estimator_add(&estimator, &s);
	}
	struct estimate e = estimate_at(500);

	assert_true(fabs(e.offset_s) < 6 * e.offset_sd && e.offset_sd < 2e-8);
	assert_true(fabs(e.delay_s) < 1e-7);
	assert_int_equal(estimator.refused, 0);
}

static void a_gap_of_days_is_nothing_special(void **state)
{
	(void)state;
	plain_course(0);
	run_ours();
	double end = (track.count - 1) * 64.0, before = 0;

	for (int i = 0; i < 20; i++) {
		double sd =
			estimator_sd_after(&estimator, at_s(end), ldexp(1, i));

		assert_true(sd >= before); /* claims only ever grow */
		before = sd;
	}
	for (int k = 0; k < 40; k++) {
		double offset_s = track.offset_s[1499] + 1e-3;

		add(end + 3e5 + k * 64, 4e-4 + offset_s, 4e-4 - offset_s);
	}
	struct estimate e = estimate_at(end + 3e5 + 40 * 64);

	assert_true(fabs(e.offset_s - track.offset_s[1499] - 1e-3) < 2e-4);
}

/* What a bank holds as bits, folded to one number. */
static uint64_t fingerprint(void)
{
	const unsigned char *bytes = (const unsigned char *)&estimator;
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < sizeof(estimator.rivals.all[0].bank.members);
	     i++) {
		size_t at = offsetof(struct estimator, rivals.all[0].bank) + i;

		hash = (hash ^ bytes[at]) * UINT64_C(1099511628211);
	}
	return hash;
}

static void two_runs_are_the_same_to_the_last_bit(void **state)
{
	(void)state;
	plain_course(2e-6);
	run_ours();
	uint64_t first = fingerprint();

	run_ours();
	assert_true(first == fingerprint());
	print_message("# fingerprint %016" PRIx64 "\n", first);
}

static void what_no_exchange_can_be_is_refused(void **state)
{
	(void)state;
	begin(1e-4);
	add(0, 40, 40);
	add(0, -1, -1);
	assert_int_equal(estimator.samples, 0);
	assert_int_equal(estimator.refused, 2);
	add(100, 10, 10); /* slow, but it may be */
	add(30, 1e-3, 1e-3);
	assert_int_equal(estimator.samples, 1);
	assert_int_equal(estimator.refused, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_exchange_is_usable),
		cmocka_unit_test(iburst_then_long_polls),
		cmocka_unit_test(corrections_move_nothing_that_was_learnt),
		cmocka_unit_test(late_and_repeated_samples_do_no_harm),
		cmocka_unit_test(huge_offsets_keep_the_nanoseconds),
		cmocka_unit_test(card_stamps_with_no_delay_or_less),
		cmocka_unit_test(a_gap_of_days_is_nothing_special),
		cmocka_unit_test(two_runs_are_the_same_to_the_last_bit),
		cmocka_unit_test(what_no_exchange_can_be_is_refused),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
