/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>

#include "base/special.h"
#include "check.h"

/* u, log cdf, hazard, hazard (u + hazard): 60 digits of mpmath, rounded. */
static const double table[][4] = {
	{ -1.0e+8, -5000000000000019.3, 100000000.00000001,
	  0.9999999999999999 },
	{ -12345.0, -76199522.839944942, 12345.000081004454,
	  0.99999999343827849 },
	{ -1000.0, -500007.82669481218, 1000.000999998, 0.99999900000599995 },
	{ -300.0, -45006.622732118663, 300.00333325926337,
	  0.99998888962956105 },
	{ -299.0, -44707.11939329184, 299.00334440678975, 0.99998881519342164 },
	{ -100.0, -5005.5242086942051, 100.00999800099926,
	  0.99990005995005174 },
	{ -37.5, -707.66898931750719, 37.526628874883654, 0.99929190511457925 },
	{ -20.0, -203.91715537109726, 20.049753068527851, 0.99753673838494784 },
	{ -10.0, -53.231285150512471, 10.098093233962512, 0.99055462217434374 },
	{ -5.0, -15.064998393988726, 5.1865039671258421, 0.96730356538288777 },
	{ -3.0, -6.6077262215103495, 3.2830986549304365, 0.92944081321473188 },
	{ -2.0, -3.7831843336820319, 2.3732155328228409, 0.88572089958591874 },
	{ -1.0, -1.8410216450092635, 1.5251352761609812, 0.80090233442965121 },
	{ -0.5, -1.1759117615936186, 1.1410777703680645, 0.73151959284412105 },
	{ -0.001, -0.69394538346696518, 0.79852128956291138,
	  0.63683772859565205 },
	{ 0.0, -0.69314718055994531, 0.79788456080286536, 0.63661977236758134 },
	{ 0.001, -0.69234961427268824, 0.79724805005643311,
	  0.6364017013688413 },
	{ 0.5, -0.36894641528865639, 0.50916043383703349, 0.5138245643036329 },
	{ 1.0, -0.17275377902344989, 0.28759997093917836, 0.3703137142233946 },
	{ 2.0, -0.023012909328963488, 0.055247862678989959,
	  0.11354805168857645 },
	{ 3.0, -0.0013508099647481938, 0.0044378390421256638,
	  0.013333211541740806 },
	{ 5.0, -2.8665161296376359e-7, 1.4867199409049057e-6,
	  7.4336019148607112e-6 },
	{ 8.0, -6.2209605742717861e-16, 5.0522710835368954e-15,
	  4.0418168668295189e-14 },
	{ 12.0, -1.776482112077679e-33, 2.1463837356630603e-32,
	  2.5756604827956724e-31 },
};

#define HALF_LOG_2PI 0.91893853320467274178 /* log(sqrt(2 pi)) */

static void assert_close(double is, double wanted, double relative)
{
	if (!(fabs(is - wanted) <= relative * fabs(wanted) + 1e-300)) {
		fail_msg("%.17g is not %.17g", is, wanted);
	}
}

/* Below 0 only its logarithm does not underflow. */
static void assert_cdf(double u, double log_cdf)
{
	struct normal_tail t = normal_tail(u);

	if (u < 0) {
		assert_close(-u * u / 2 - HALF_LOG_2PI - log(t.hazard), log_cdf,
			     1e-12);
	} else {
		assert_close(t.cdf, exp(log_cdf), 1e-12);
	}
}

static void the_tail_is_right_to_twelve_digits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct normal_tail t = normal_tail(table[i][0]);

		assert_cdf(table[i][0], table[i][1]);
		assert_close(t.hazard, table[i][2], 1e-12);
		assert_close(t.hazard * t.excess, table[i][3], 1e-11);
	}
}

static void hazard_and_cdf_are_those_of_erfc(void **state)
{
	(void)state;
	for (int i = -900; i < 900; i++) {
		double u = i / 100.0, cdf = erfc(-u / sqrt(2)) / 2;
		double density = exp(-u * u / 2 - HALF_LOG_2PI);
		struct normal_tail t = normal_tail(u);

		assert_close(t.hazard, density / cdf, 1e-12);
		assert_close(t.cdf, u < 0 ? 0 : cdf, 1e-12);
	}
}

static void hazard_and_its_fall_are_monotonic_across_the_seams(void **state)
{
	struct normal_tail before = normal_tail(-130);

	(void)state;
	for (int i = -130 * 512; i < 8 * 512; i++) {
		double u = i / 512.0;
		struct normal_tail t = normal_tail(u);

		assert_true(t.hazard <= before.hazard);
		assert_true(t.cdf >= before.cdf);
		assert_true(t.excess > 0);
		assert_true(t.hazard * t.excess <=
			    before.hazard * before.excess + 1e-13);
		before = t;
	}
}

static void nothing_is_too_far_out(void **state)
{
	static const double far[] = { -INFINITY, -1e308, -1e9,
				      1e9,       1e308,  INFINITY };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(far); i++) {
		struct normal_tail t = normal_tail(far[i]);

		assert_true(isfinite(t.hazard) && t.hazard >= 0);
		assert_true(isfinite(t.excess) && t.excess > 0);
		assert_true(t.hazard * t.excess <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tail_is_right_to_twelve_digits),
		cmocka_unit_test(hazard_and_cdf_are_those_of_erfc),
		cmocka_unit_test(
			hazard_and_its_fall_are_monotonic_across_the_seams),
		cmocka_unit_test(nothing_is_too_far_out),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
