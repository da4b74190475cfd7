/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks and paths as they come: polls of any length, samples that are late,
 * lost or repeated, coarse clocks, stamps that are worse or better than they
 * say, lopsided paths, delays of nothing. The truth is known, and what is
 * claimed of the error must hold.
 */
#include <string.h>

#include "check.h"
#include "core/estimate/estimator.h"
#include "track.h"

/* What is there, and what is told of it. */
struct world {
	double floor_s[2];         /* forward, backward */
	double queue_s[2];         /* mean */
	double stamps_s;           /* sd of their noise */
	double tick_s;             /* of both clocks; 0: none */
	double told_s;             /* noise_s of the samples */
	double at, offset_s, freq; /* the present */
	struct track clock;        /* how the clock wanders; all luck */
};

/* Claims, held against the truth. */
struct tally {
	long all, beyond3, beyond5;
	double worst_s, worst_sds;
	double sd_s; /* the last claim */
};

static struct estimator estimator;
static struct world world;

static instant at_s(double s)
{
	return (instant){ (int64_t)(s * 0x1p32) };
}

/* A kernel's stamps on a path like any: tests change what they are about. */
static void begin(uint64_t luck)
{
	const struct estimator_prior prior = { .freq_sd = 1e-4 };

	world = (struct world){
		.floor_s = { 5e-3, 5e-3 },
		.queue_s = { 1e-4, 1e-4 },
		.stamps_s = 1e-6,
		.told_s = 1e-6,
		.offset_s = 1e-2,
		.freq = 2e-5,
		.clock = { .luck = luck, .wander = 1e-9 },
	};
	estimator_init(&estimator, &prior);
}

static double tick(double v)
{
	return world.tick_s > 0 ? floor(v / world.tick_s) * world.tick_s : v;
}

/* One direction, from a stamp of one clock to a stamp of the other. */
static double passage_s(enum direction d)
{
	struct track *t = &world.clock;
	double ours = world.at, theirs = world.at + world.offset_s;
	double took = world.floor_s[d] + world.stamps_s * track_normal(t);

	if (world.queue_s[d] > 0) {
		took += track_exponential(t, world.queue_s[d]);
	}
	return d == FORWARD ? tick(theirs + took) - tick(ours)
			    : tick(ours + took) - tick(theirs);
}

static struct sample exchange_now(void)
{
	return (struct sample){
		.at = at_s(world.at),
		.forward = span_from_seconds(passage_s(FORWARD)),
		.backward = span_from_seconds(passage_s(BACKWARD)),
		.noise_s = world.told_s,
	};
}

static void wait_s(double s)
{
	track_advance(&world.clock, &world.offset_s, &world.freq, s);
	world.at += s;
}

static double unit(void)
{
	return track_unit(&world.clock);
}

/* All magnitudes alike. */
static double between(double least, double most)
{
	return least * exp(unit() * log(most / least));
}

/* Whatever was told: numbers, and no variance below zero. */
static struct estimate sound_estimate(void)
{
	struct estimate e;

	assert_true(estimator_estimate(&estimator, at_s(world.at), &e));
	assert_true(isfinite(e.offset_s) && isfinite(e.freq));
	assert_true(e.offset_sd > 0 && isfinite(e.offset_sd));
	assert_true(e.freq_sd > 0 && isfinite(e.freq_sd));
	assert_true(e.wander > 0 && isfinite(e.wander));
	assert_true(isfinite(e.delay_s));
	assert_true(e.jitter_s > 0 && isfinite(e.jitter_s));
	return e;
}

/* Half of what the floors differ by cannot be seen, and is not claimed. */
static void judge(struct tally *t)
{
	struct estimate e = sound_estimate();
	double unseen_s = (world.floor_s[0] - world.floor_s[1]) / 2;
	double off_s = fabs(e.offset_s - world.offset_s - unseen_s);
	/* Spans count 2^-32 s. */
	double sd_s = e.offset_sd + 0x1p-32;

	t->all++;
	t->beyond3 += off_s > 3 * sd_s;
	t->beyond5 += off_s > 5 * sd_s;
	t->worst_s = fmax(t->worst_s, off_s);
	t->worst_sds = fmax(t->worst_sds, off_s / sd_s);
	t->sd_s = e.offset_sd;
}

static void assert_claims_hold(const char *name, const struct tally *t)
{
	double beyond3 = (double)t->beyond3 / (double)t->all;
	double beyond5 = (double)t->beyond5 / (double)t->all;

	print_message("# %-32s beyond 3 sd %.4f, 5 sd %.4f, worst %.1f sd, "
		      "%.1e s; last sd %.1e s\n",
		      name, beyond3, beyond5, t->worst_sds, t->worst_s,
		      t->sd_s);
	assert_true(beyond3 <= 0.02);
	assert_true(beyond5 <= 0.003);
}

static void add_now(void)
{
	const struct sample s = exchange_now();

	estimator_add(&estimator, &s);
}

/* Polls of about one length; of the first `settle` nothing is counted. */
static void follow_world(struct tally *t, int settle, double every_s)
{
	for (int k = 0; k < 400; k++) {
		add_now();
		if (k >= settle) {
			judge(t);
		}
		wait_s(every_s * (0.97 + 0.06 * unit()));
	}
}

static void polls_of_any_length_in_one_series(void **state)
{
	struct tally t = { 0 };

	(void)state;
	for (uint64_t luck = 0; luck < 10; luck++) {
		begin(luck);
		for (int k = 0; k < 300; k++) {
			add_now();
			judge(&t);
			wait_s(between(0.01, 1e5));
		}
	}
	assert_claims_hold("polls of 10 ms to a day", &t);
	for (uint64_t luck = 10; luck < 20; luck++) {
		begin(luck);
		for (int k = 0; k < 300; k++) {
			add_now();
			judge(&t);
			/* A burst of eight, then a long pause. */
			wait_s(k % 8 == 7 ? 1024 : 2);
		}
	}
	assert_claims_hold("bursts", &t);
}

#define ON_THE_WAY 8

/* Samples overtake each other, come twice, or not at all. */
static void late_lost_and_repeated_samples(void **state)
{
	struct tally t = { 0 };
	struct sample waiting[ON_THE_WAY];

	(void)state;
	for (uint64_t luck = 20; luck < 30; luck++) {
		begin(luck);
		for (int i = 0; i < ON_THE_WAY; i++) {
			waiting[i] = exchange_now();
			wait_s(2);
		}
		for (int k = 0; k < 400; k++) {
			int i = (int)(unit() * ON_THE_WAY);
			double fate = unit();

			if (fate < 0.7) {
				estimator_add(&estimator, &waiting[i]);
			}
			if (fate < 0.05) {
				estimator_add(&estimator, &waiting[i]);
			}
			waiting[i] = exchange_now();
			wait_s(between(1, 8));
			if (estimator.samples > 0) {
				judge(&t);
			}
		}
	}
	assert_claims_hold("late, lost, repeated", &t);
}

/* We step and slew our clock at any moment, and say so. */
static void our_own_corrections(void **state)
{
	struct tally t = { 0 };

	(void)state;
	for (uint64_t luck = 30; luck < 40; luck++) {
		double rate = 0;

		begin(luck);
		for (int k = 0; k < 400; k++) {
			add_now();
			judge(&t);
			wait_s(between(1, 64));
			double more = (unit() - 0.5) * 1e-3 - rate;
			double step_s = unit() < 0.1 ? unit() - 0.5 : 0;

			estimator_adjust(&estimator, at_s(world.at), step_s,
					 more);
			world.offset_s -= step_s;
			world.freq -= more;
			rate += more;
			judge(&t);
			wait_s(between(1, 64));
		}
	}
	assert_claims_hold("steps and slews", &t);
}

/* Both clocks only tick now and then; told is how bad that makes a stamp. */
static void coarse_clocks(void **state)
{
	static const double ticks_s[] = { 1e-6, 1e-3, 1.0 / 64 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ticks_s); i++) {
		struct tally t = { 0 };
		char name[40];

		for (uint64_t luck = 40; luck < 50; luck++) {
			begin(luck);
			world.tick_s = ticks_s[i];
			world.told_s = ticks_s[i] / sqrt(6) + 1e-6;
			follow_world(&t, 0, 64);
		}
		snprintf(name, sizeof(name), "ticks of %.0e s", ticks_s[i]);
		assert_claims_hold(name, &t);
	}
}

/* Ten times as bad, or as good, as the samples say. */
static void stamps_that_are_not_what_they_say(void **state)
{
	static const double worlds[][3] = {
		/* noise of the stamps, told, queue */
		{ 1e-5, 1e-6, 1e-4 }, { 1e-7, 1e-6, 1e-4 },
		{ 1e-5, 1e-6, 1e-6 }, { 1e-7, 1e-6, 1e-6 },
		{ 1e-5, 1e-6, 0 },    { 1e-7, 1e-6, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
		struct tally t = { 0 };
		char name[40];

		for (uint64_t luck = 50; luck < 60; luck++) {
			begin(luck);
			world.stamps_s = worlds[i][0];
			world.told_s = worlds[i][1];
			world.queue_s[0] = world.queue_s[1] = worlds[i][2];
			follow_world(&t, 0, 64);
		}
		snprintf(name, sizeof(name), "noise %.0e told %.0e queue %.0e",
			 worlds[i][0], worlds[i][1], worlds[i][2]);
		assert_claims_hold(name, &t);
	}
}

/* No noise at all, and a clock that never wanders. */
static void a_constant_series(void **state)
{
	struct tally t = { 0 };

	(void)state;
	begin(60);
	world.stamps_s = 0;
	world.queue_s[0] = world.queue_s[1] = 0;
	world.clock.wander = 0;
	world.freq = 0;
	follow_world(&t, 0, 64);
	assert_claims_hold("constant", &t);
	struct estimate e = sound_estimate();

	assert_true(fabs(e.offset_s - world.offset_s) < 1e-6);
	assert_true(e.offset_sd < 1e-5);
	assert_int_equal(estimator.rivals.changes, 0);
}

/* Of what no exchange can see nothing is claimed, and the rest is right. */
static void lopsided_paths(void **state)
{
	static const double floors_s[][2] = {
		{ 5e-2, 1e-3 }, { 1e-3, 5e-2 }, { 2e-6, 5e-3 }, { 5e-3, 0 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(floors_s); i++) {
		struct tally t = { 0 };

		for (uint64_t luck = 70; luck < 80; luck++) {
			begin(luck);
			world.floor_s[FORWARD] = floors_s[i][0];
			world.floor_s[BACKWARD] = floors_s[i][1];
			world.queue_s[BACKWARD] = 3e-4;
			follow_world(&t, 20, 64);
			struct estimate e = sound_estimate();
			double sum_s = floors_s[i][0] + floors_s[i][1];

			assert_true(fabs(e.delay_s - sum_s) < 1e-4);
			assert_true(fabs(e.offset_s - world.offset_s) <
				    sum_s / 2 + 5 * e.offset_sd);
		}
		assert_claims_hold("lopsided", &t);
	}
}

/* A wire so short that noise makes delays negative. */
static void delays_of_nothing_and_less(void **state)
{
	static const double noises_s[] = { 1e-8, 1e-6, 1e-4 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(noises_s); i++) {
		struct tally t = { 0 };
		char name[40];

		for (uint64_t luck = 80; luck < 90; luck++) {
			begin(luck);
			world.floor_s[FORWARD] = world.floor_s[BACKWARD] = 0;
			world.queue_s[FORWARD] = world.queue_s[BACKWARD] = 0;
			world.stamps_s = world.told_s = noises_s[i];
			follow_world(&t, 0, 16);
		}
		snprintf(name, sizeof(name), "no delay, noise %.0e",
			 noises_s[i]);
		assert_claims_hold(name, &t);
	}
	assert_int_equal(estimator.refused, 0);
}

/* Stamps of wall clocks, from `start` on. */
static uint64_t across(tstamp start)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	begin(90);
	for (int k = 0; k < 200; k++) {
		span away = span_from_seconds(world.offset_s);
		span there = span_from_seconds(passage_s(FORWARD));
		span back = span_from_seconds(passage_s(BACKWARD));
		struct exchange x;

		x.sent = tstamp_add(start, span_from_seconds(world.at));
		x.received = tstamp_add(x.sent, there);
		x.answered = tstamp_add(x.received, SPAN_MS(1));
		x.returned = tstamp_add(x.answered, back);
		struct sample s =
			exchange_sample(&x, at_s(world.at + 0.1), x.returned);

		s.noise_s = world.told_s;
		estimator_add(&estimator, &s);
		wait_s(64);
		struct estimate e = sound_estimate();
		unsigned char bytes[sizeof(e.offset_s)];

		assert_true(fabs(e.offset_s - span_to_seconds(away)) < 0.1);
		memcpy(bytes, &e.offset_s, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++) {
			hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
		}
	}
	return hash;
}

/* In February 2036 the stamps begin again with 0: nothing is different. */
static void the_end_of_the_era_is_no_event(void **state)
{
	(void)state;
	uint64_t today = across(tstamp_from_unix(1800000000, 0));

	assert_true(today == across(tstamp_from_unix(2085978496 - 6400, 0)));
	assert_true(today == across(tstamp_from_unix(2085978496, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(polls_of_any_length_in_one_series),
		cmocka_unit_test(late_lost_and_repeated_samples),
		cmocka_unit_test(our_own_corrections),
		cmocka_unit_test(coarse_clocks),
		cmocka_unit_test(stamps_that_are_not_what_they_say),
		cmocka_unit_test(a_constant_series),
		cmocka_unit_test(lopsided_paths),
		cmocka_unit_test(delays_of_nothing_and_less),
		cmocka_unit_test(the_end_of_the_era_is_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
