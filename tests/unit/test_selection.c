/* SPDX-License-Identifier: BSD-2-Clause */
#include "servers.h"

static void one_server_is_followed(void **state)
{
	(void)state;
	struct candidate c[1] = { server(0.02) };
	struct choice choice;

	c[0].estimate.freq = 3e-6;
	selection_run(&usual, c, 1, &choice);
	assert_true(choice.found);
	assert_int_equal(choice.survivors, 1);
	assert_int_equal(c[0].reason, REASON_SYSTEM_PEER);
	assert_int_equal(reason_tally(c[0].reason), TALLY_SYSPEER);
	assert_true(fabs(choice.combined.offset_s - 0.02) < 1e-15);
	assert_true(fabs(choice.combined.offset_sd - 1e-5) < 1e-15);
	assert_true(fabs(choice.combined.freq - 3e-6) < 1e-18);
	assert_true(fabs(choice.root_delay_s - 0.012) < 1e-15);
	assert_true(fabs(choice.root_disp_s - 0.003) < 1e-15);
	assert_true(fabs(c[0].distance_s - 0.00903) < 1e-12);
}

static void nobody_is_followed_when_there_is_nobody(void **state)
{
	(void)state;
	struct choice choice;
	struct candidate c[1] = { server(0) };

	selection_run(&usual, c, 0, &choice);
	assert_false(choice.found);
	c[0].unfit = REASON_NO_ANSWER;
	selection_run(&usual, c, 1, &choice);
	assert_false(choice.found);
	assert_int_equal(c[0].reason, REASON_NO_ANSWER);
}

static void a_true_source_survives_alone(void **state)
{
	(void)state;
	struct candidate c[4] = { server(0.3), server(0), server(0),
				  server(0) };
	struct choice choice;

	c[0].always_true = true;
	c[0].root_disp_s += 0.001;
	selection_run(&usual, c, 4, &choice);
	assert_int_equal(reason_tally(c[0].reason), TALLY_CANDIDATE);
	assert_true(c[0].weight > 0.2);
	c[3].unfit = c[2].unfit = REASON_UNREACHABLE;
	selection_run(&usual, c, 4, &choice);
	assert_true(choice.found);
	assert_int_equal(c[0].reason, REASON_SYSTEM_PEER);
	assert_int_equal(c[1].reason, REASON_NO_MAJORITY);
	assert_true(fabs(choice.combined.offset_s - 0.3) < 1e-12);
}

static void a_preferred_survivor_is_used_alone(void **state)
{
	(void)state;
	struct candidate c[4] = { server(1e-3), server(0), server(0),
				  server(0) };
	struct choice choice;

	c[0].prefer = true;
	c[0].root_disp_s = 0.02; /* not the nearest */
	selection_run(&usual, c, 4, &choice);
	assert_int_equal(choice.system_peer, 0);
	assert_true(fabs(choice.combined.offset_s - 1e-3) < 1e-15);
	assert_true(c[0].weight == 1 && c[1].weight == 0);
	/* It does not make a truechimer of a falseticker. */
	c[0].estimate.offset_s = 1;
	selection_run(&usual, c, 4, &choice);
	assert_int_equal(c[0].reason, REASON_FALSETICKER);
	assert_true(fabs(choice.combined.offset_s) < 1e-12);
}

/*
 * Four servers over one uneven way agree with each other and not with a pulse
 * per second, which is right: they cannot make an outlier of it.
 */
static void the_far_cannot_cast_out_the_near(void **state)
{
	(void)state;
	struct candidate c[5] = { server(2e-3), server(2e-3), server(2e-3),
				  server(2e-3), server(0) };
	struct choice choice;

	c[4].root_delay_s = 0;
	c[4].root_disp_s = 1e-6;
	c[4].estimate.delay_s = 0;
	c[4].estimate.offset_sd = 1e-6;
	c[4].stratum = 0;
	c[4].attached = true;
	selection_run(&usual, c, 5, &choice);
	assert_true(choice.found);
	assert_int_equal(choice.system_peer, 4);
	assert_true(fabs(choice.combined.offset_s) < 1e-12);
	assert_int_equal(c[0].reason, REASON_BACKUP);
	/* Of a server next door, however sure, they can: it may be lying ... */
	c[4].attached = false;
	c[4].estimate.delay_s = 2e-4;
	selection_run(&usual, c, 5, &choice);
	assert_int_equal(c[4].reason, REASON_OUTLIER);
	assert_true(fabs(choice.combined.offset_s - 2e-3) < 1e-12);
	/* ... and where it still leads, our own bound holds what they say. */
	selection_run(&usual, c + 2, 3, &choice);
	assert_int_equal(choice.system_peer, 2);
	assert_true(choice.root_delay_s / 2 + choice.root_disp_s > 2e-3);
	/* As far away as they are, it is one. */
	c[4].estimate.delay_s = c[0].estimate.delay_s;
	c[4].root_disp_s = c[0].root_disp_s;
	selection_run(&usual, c, 5, &choice);
	assert_int_equal(c[4].reason, REASON_OUTLIER);
}

static void a_local_clock_waits_for_all_others(void **state)
{
	(void)state;
	struct candidate c[3] = { server(0), server(0.02), server(2) };
	struct choice choice;

	c[0].last_resort = true;
	c[0].stratum = 10;
	selection_run(&usual, c, 2, &choice);
	assert_int_equal(c[0].reason, REASON_WAITING);
	assert_int_equal(choice.system_peer, 1);
	/* Two that disagree: hold, do not turn to ourselves. */
	selection_run(&usual, c, 3, &choice);
	assert_false(choice.found);
	c[1].unfit = c[2].unfit = REASON_UNREACHABLE;
	selection_run(&usual, c, 3, &choice);
	assert_true(choice.found);
	assert_int_equal(choice.system_peer, 0);
	assert_int_equal(choice.stratum, 10);
}

static void tos_bounds_stratum_distance_and_number(void **state)
{
	(void)state;
	struct tos_config tos = usual;
	struct candidate c[2] = { server(0), server(0) };
	struct choice choice;

	tos.floor = 3;
	selection_run(&tos, c, 2, &choice);
	assert_int_equal(c[0].reason, REASON_STRATUM);
	tos = usual;
	tos.ceiling = 2;
	selection_run(&tos, c, 2, &choice);
	assert_int_equal(c[0].reason, REASON_STRATUM);
	tos = usual;
	tos.maxdist_s = 0.009;
	selection_run(&tos, c, 2, &choice);
	assert_int_equal(c[0].reason, REASON_DISTANCE);
	tos = usual;
	tos.maxdisp_s = 0.004; /* it claims a delay of 2 ms and 3 ms of error */
	selection_run(&tos, c, 2, &choice);
	assert_int_equal(c[0].reason, REASON_DISTANCE);
	tos.maxdisp_s = 0.0041;
	selection_run(&tos, c, 2, &choice);
	assert_true(choice.found);
	tos = usual;
	tos.minsane = 3;
	selection_run(&tos, c, 2, &choice);
	assert_false(choice.found);
	assert_int_equal(c[0].reason, REASON_TOO_FEW);
	tos.minsane = 2;
	selection_run(&tos, c, 2, &choice);
	assert_true(choice.found);
}

/* Two that are too sure of themselves agree if mindist is what parts them. */
static void mindist_is_the_least_that_sources_may_differ(void **state)
{
	(void)state;
	struct tos_config tos = usual;
	struct candidate c[2] = { server(0), server(1.9e-3) };
	struct choice choice;

	for (size_t i = 0; i < 2; i++) {
		c[i].estimate.delay_s = c[i].estimate.jitter_s = 0;
		c[i].root_delay_s = c[i].root_disp_s = 0;
	}
	selection_run(&tos, c, 2, &choice);
	assert_true(choice.found);
	tos.mindist_s = 0.9e-3;
	selection_run(&tos, c, 2, &choice);
	assert_false(choice.found);
	assert_int_equal(c[0].reason, REASON_NO_MAJORITY);
}

/* Outliers are cast out down to minclock, and no further. */
static void minclock_are_left_of_the_outliers(void **state)
{
	(void)state;
	struct tos_config tos = usual;
	struct choice choice;

	for (unsigned minclock = 1; minclock <= 7; minclock++) {
		struct candidate c[7];
		unsigned left = minclock < 4 ? 4 : minclock;

		for (size_t i = 0; i < 7; i++) {
			/* Four agree; three are off, one more than the next. */
			c[i] = server(i < 4 ? 0 : 1e-3 * (double)i);
		}
		tos.minclock = minclock;
		selection_run(&tos, c, 7, &choice);
		assert_int_equal(choice.survivors, left);
		assert_int_equal(c[6].reason == REASON_OUTLIER, left < 7);
	}
}

static void a_source_with_noselect_is_never_used(void **state)
{
	(void)state;
	struct candidate c[3] = { server(0), server(0), server(0.5) };
	struct choice choice;

	c[0].unfit = c[1].unfit = REASON_NOSELECT;
	c[0].prefer = c[1].always_true = true;
	selection_run(&usual, c, 3, &choice);
	assert_int_equal(choice.system_peer, 2);
	assert_int_equal(choice.survivors, 1);
	assert_int_equal(c[0].reason, REASON_NOSELECT);
	assert_int_equal(c[1].reason, REASON_NOSELECT);
	assert_true(c[0].weight == 0 && c[1].weight == 0);
	/* Nor does it count for `tos minsane`. */
	struct tos_config tos = usual;

	tos.minsane = 2;
	selection_run(&tos, c, 3, &choice);
	assert_false(choice.found);
}

static void more_than_maxclock_are_in_excess(void **state)
{
	(void)state;
	struct candidate c[MOST];
	struct tos_config tos = usual;
	struct choice choice;

	tos.maxclock = 5;
	for (size_t i = 0; i < MOST; i++) {
		c[i] = server(0);
		c[i].root_disp_s = 0.001 * (double)(MOST - i);
	}
	selection_run(&tos, c, MOST, &choice);
	assert_int_equal(choice.survivors, 5);
	for (size_t i = 0; i < MOST; i++) {
		assert_int_equal(c[i].reason == REASON_EXCESS, i < 3);
	}
	assert_int_equal(choice.system_peer, MOST - 1);
}

static void the_system_peer_does_not_hop(void **state)
{
	(void)state;
	struct candidate c[3];
	size_t present = 1, hops = 0;

	for (int step = 0; step < 1000; step++) {
		struct choice choice;

		for (size_t i = 0; i < 3; i++) {
			c[i] = server(0);
			c[i].root_disp_s += uniform(0, 9e-4);
			c[i].was_system_peer = i == present;
		}
		selection_run(&usual, c, 3, &choice);
		hops += choice.system_peer != present;
		present = choice.system_peer;
	}
	assert_int_equal(hops, 0);
	/* Nor because another has just been asked: polls are long. */
	for (int step = 0; step < 1000; step++) {
		struct choice choice;

		for (size_t i = 0; i < 3; i++) {
			c[i] = server(0);
			c[i].waiting_s = 15e-6 * uniform(0, 1024);
			c[i].root_disp_s += c[i].waiting_s;
			c[i].was_system_peer = i == present;
		}
		selection_run(&usual, c, 3, &choice);
		assert_int_equal(choice.system_peer, present);
	}
	/* It does leave for something clearly better. */
	c[2] = server(0);
	c[2].root_disp_s = c[2].root_delay_s = 0;
	c[2].estimate.delay_s = 0.003;
	struct choice choice;

	selection_run(&usual, c, 3, &choice);
	assert_int_equal(choice.system_peer, 2);
}

static void ties_are_broken_by_order(void **state)
{
	(void)state;
	struct candidate c[3] = { server(0), server(0), server(0) };
	struct choice choice;

	selection_run(&usual, c, 3, &choice);
	assert_int_equal(choice.system_peer, 0);
	c[1].stratum = 1;
	selection_run(&usual, c, 3, &choice);
	assert_int_equal(choice.system_peer, 1);
}

static void what_is_not_a_number_is_never_used(void **state)
{
	(void)state;
	const double bad[] = { NAN, INFINITY, -INFINITY };
	const size_t fields = 7;

	for (size_t n = 0; n < fields * ARRAY_LEN(bad); n++) {
		struct candidate c[2] = { server(0.01), server(0.01) };
		struct estimate *e = &c[0].estimate;
		double *const field[] = { &e->offset_s,     &e->freq,
					  &e->offset_sd,    &e->freq_sd,
					  &e->delay_s,      &c[0].root_delay_s,
					  &c[0].root_disp_s };
		struct choice choice;

		*field[n / ARRAY_LEN(bad)] = bad[n % ARRAY_LEN(bad)];
		selection_run(&usual, c, 2, &choice);
		assert_true(choice.found);
		assert_true(fabs(choice.combined.offset_s - 0.01) < 1e-9);
		assert_true(choice.combined.offset_sd < 1e-4);
		assert_true(fabs(choice.combined.freq) < 1e-9);
	}
}

static void every_reason_has_words_and_a_tally(void **state)
{
	(void)state;
	for (int i = 0; i < REASONS; i++) {
		assert_true(strlen(reason_words((enum reason)i)) > 5);
		assert_true(reason_tally((enum reason)i) <= TALLY_PPSPEER);
	}
	assert_string_equal(reason_words(REASON_FALSETICKER),
			    "its time disagrees with the majority");
	assert_int_equal(reason_tally(REASON_OUTLIER), TALLY_OUTLIER);
	assert_int_equal(reason_tally(REASON_BACKUP), TALLY_BACKUP);
	assert_int_equal(reason_tally(REASON_NOSELECT), TALLY_REJECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_server_is_followed),
		cmocka_unit_test(nobody_is_followed_when_there_is_nobody),
		cmocka_unit_test(a_true_source_survives_alone),
		cmocka_unit_test(a_preferred_survivor_is_used_alone),
		cmocka_unit_test(the_far_cannot_cast_out_the_near),
		cmocka_unit_test(a_local_clock_waits_for_all_others),
		cmocka_unit_test(tos_bounds_stratum_distance_and_number),
		cmocka_unit_test(mindist_is_the_least_that_sources_may_differ),
		cmocka_unit_test(minclock_are_left_of_the_outliers),
		cmocka_unit_test(a_source_with_noselect_is_never_used),
		cmocka_unit_test(more_than_maxclock_are_in_excess),
		cmocka_unit_test(the_system_peer_does_not_hop),
		cmocka_unit_test(ties_are_broken_by_order),
		cmocka_unit_test(what_is_not_a_number_is_never_used),
		cmocka_unit_test(every_reason_has_words_and_a_tally),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
