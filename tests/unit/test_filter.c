/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing that can come makes a variance negative or a number infinite.
 * CHECK_UPDATES=n for longer runs.
 */
#include "estimating.h"

/* Cholesky's algorithm goes through: positive definite. */
static bool definite(const struct filter *f)
{
	double l[STATES][STATES] = { { 0 } };

	for (int i = 0; i < STATES; i++) {
		for (int j = 0; j <= i; j++) {
			double sum = f->p[i][j];

			for (int k = 0; k < j; k++) {
				sum -= l[i][k] * l[j][k];
			}
			if (i == j && !(sum > 0)) {
				return false;
			}
			l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
		}
	}
	return true;
}

static void assert_sound(double at)
{
	static const double aheads[] = { 0, 1, 1024, 1e6 };

	for (size_t i = 0; i < ARRAY_LEN(aheads); i++) {
		struct estimate e = estimate_at(at + aheads[i]);

		assert_true(isfinite(e.offset_s) && isfinite(e.freq));
		assert_true(e.offset_sd > 0 && e.offset_sd < 1e12);
		assert_true(e.freq_sd > 0 && isfinite(e.freq_sd));
		assert_true(e.wander >= 0.99e-10 && e.wander < 1e-6);
		assert_true(isfinite(e.delay_s) && e.jitter_s > 0);
	}
}

/* One sample of a stranger's choice; returns how long after the last. */
static double absurd(struct sample *s)
{
	double size = ldexp(1, (int)(check_rng() % 34) - 30);
	double offset_s = size * ((double)(check_rng() >> 11) * 0x1p-52 - 1);
	double delay_s = ldexp((double)(check_rng() >> 11) * 0x1p-53,
			       (int)(check_rng() % 30) - 24) -
			 1e-8;
	static const double gaps_s[] = {
		0, 0, -0.5, 1e-9, 2, 64, 1024, 131072
	};

	*s = sample_of(0, delay_s / 2 + offset_s, delay_s / 2 - offset_s);
	if (check_rng() % 16 == 0) {
		s->forward.v = (int64_t)check_rng();
	}
	s->noise_s = check_rng() % 8 ? ldexp(1, -(int)(check_rng() % 40)) : 0;
	return gaps_s[check_rng() % ARRAY_LEN(gaps_s)];
}

static void whatever_comes_all_stays_positive_definite(void **state)
{
	const char *wanted = getenv("CHECK_UPDATES");
	long updates = wanted ? strtol(wanted, NULL, 0) : 3000;
	double at = 0;

	(void)state;
	begin(1e-4);
	for (long k = 0; k < updates; k++) {
		struct sample s;

		at += absurd(&s);
		if (k % 1000 == 999) {
			begin(ldexp(1, -(int)(check_rng() % 60)));
			at = 0;
		}
		s.at = at_s(at);
		estimator_add(&estimator, &s);
		if (check_rng() % 4 == 0) {
			estimator_adjust(&estimator, s.at, (double)(k % 3) - 1,
					 1e-4 * ((double)(k % 5) - 2));
		}
		if (estimator.samples == 0) {
			continue;
		}
		assert_sound(at);
		const struct rivals *r = &estimator.rivals;

		for (unsigned i = 0; i < r->count; i++) {
			size_t m = check_below(BANK_MEMBERS);

			assert_true(
				definite(&r->all[i].bank.members[m].filter));
		}
	}
}

/* The filter alone, with any derivatives that a likelihood may have. */
static void a_filter_survives_a_hundred_thousand_updates(void **state)
{
	const char *wanted = getenv("CHECK_UPDATES");
	long updates = wanted ? strtol(wanted, NULL, 0) : 100000;
	struct filter f = { .x = { 0 } };
	static const double gaps_s[] = { 0, 1e-3, 2, 64, 1024, 131072 };

	(void)state;
	for (int i = 0; i < STATES; i++) {
		f.p[i][i] = i == STATE_FREQ ? 1e-8 : 1;
	}
	for (long k = 0; k < updates; k++) {
		double wander = ldexp(1, -22 - (int)(check_rng() % 12));
		enum direction d = check_rng() % 2 ? FORWARD : BACKWARD;
		double size = ldexp(1, (int)(check_rng() % 36) - 30);
		double m = size * ((double)(check_rng() >> 11) * 0x1p-52 - 1);
		const struct queue_law law = { QUEUE_WAIT, 0.01, 0.02 };
		const struct queue q = { .scale_s = ldexp(
						 1, -(int)(check_rng() % 28)) };
		double noise_s = ldexp(1, -(int)(check_rng() % 28));

		filter_predict(&f, gaps_s[check_rng() % ARRAY_LEN(gaps_s)],
			       wander, 1e-4 * q.scale_s);
		struct facet seen = filter_facet(&f, d);
		struct likelihood l = queue_likelihood(&q, &law, m - seen.mean,
						       seen.var, noise_s);

		filter_fold(&f, &seen, l.slope, l.curve);
		filter_relax(&f, q.scale_s, 0.03);
		filter_bound_floors(&f, -noise_s);
		if (check_rng() % 64 == 0) {
			filter_forget_floor(&f, d, m, q.scale_s);
		}
		assert_true(definite(&f));
		for (int i = 0; i < STATES; i++) {
			assert_true(isfinite(f.x[i]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_comes_all_stays_positive_definite),
		cmocka_unit_test(a_filter_survives_a_hundred_thousand_updates),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
