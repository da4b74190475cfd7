/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LOCAL: waits its turn, then says that our own clock is right.
 */
#include "check.h"
#include "core/source/refclock.h"

static struct source_config config;
static struct refclock local;

static struct refclock *fresh(void)
{
	config = (struct source_config){
		.minpoll = 6,
		.refclock_type = 1,
		.refclock_unit = 2,
		.fudge = { .given = true, .stratum = 10 },
	};
	refclock_init(&local, &config, 1e-4, (instant){ 0 });
	return &local;
}

static void fudge_sets_stratum_and_refid(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	assert_int_equal(r->stratum, 10);
	assert_int_equal(r->refid, 0x4c4f434c);
	assert_int_equal(refclock_address(r), 0x7f7f0102);
	config.fudge.stratum = 255;
	config.fudge.refid[0] = 'X';
	refclock_init(r, &config, 1e-4, (instant){ 0 });
	assert_int_equal(r->stratum, 5);
	assert_int_equal(r->refid, 0x58000000);
	config.fudge.given = false;
	config.fudge.stratum = 0; /* nobody said so */
	refclock_init(r, &config, 1e-4, (instant){ 0 });
	assert_int_equal(r->stratum, 5);
}

/* seed-checklist 40: 1, then 2 ... 100 octal six polls later, 200, 0. */
static void reach_runs_empty_while_a_server_leads(void **state)
{
	(void)state;
	struct refclock *r = fresh();
	instant now = { 0 };

	assert_true(refclock_tick(r, true, now));
	assert_int_equal(r->reach, 1);
	assert_false(refclock_tick(r, true, now)); /* not due */
	for (unsigned i = 1; i <= 9; i++) {
		now = instant_add(now, SPAN_S(64));
		assert_false(refclock_tick(r, false, now));
		assert_int_equal(r->reach, (uint8_t)(1u << i));
	}
	assert_int_equal(r->heard_at.v, 0);
	now = instant_add(now, SPAN_S(64));
	assert_true(refclock_tick(r, true, now));
	assert_int_equal(r->reach, 1);
}

static void it_is_a_last_resort_that_waits(void **state)
{
	(void)state;
	struct refclock *r = fresh();
	struct candidate c;
	instant now = { 0 };

	refclock_candidate(r, false, now, &c);
	assert_int_equal(c.unfit, REASON_NO_ANSWER);
	(void)refclock_tick(r, true, now);
	refclock_candidate(r, true, now, &c);
	assert_int_equal(c.unfit, REASON_WAITING);
	refclock_candidate(r, false, now, &c);
	assert_int_equal(c.unfit, REASON_OK);
	assert_true(c.last_resort);
	assert_true(c.estimate.offset_s == 0 && c.estimate.freq == 0);
	assert_int_equal(c.stratum, 10);
	config.noselect = true;
	refclock_candidate(r, false, now, &c);
	assert_int_equal(c.unfit, REASON_NOSELECT);
	config.noselect = false;
	for (int i = 0; i < 8; i++) {
		now = instant_add(now, SPAN_S(64));
		(void)refclock_tick(r, false, now);
	}
	refclock_candidate(r, false, now, &c);
	assert_int_equal(c.unfit, REASON_UNREACHABLE);
}

static void the_status_word_is_classic(void **state)
{
	(void)state;
	struct refclock *r = fresh();

	assert_int_equal(refclock_status(r), 0x8000);
	(void)refclock_tick(r, true, (instant){ 0 });
	r->reason = REASON_SYSTEM_PEER;
	events_add(&r->events, PEER_SYS_PEER);
	assert_int_equal(refclock_status(r), 0x961a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fudge_sets_stratum_and_refid),
		cmocka_unit_test(reach_runs_empty_while_a_server_leads),
		cmocka_unit_test(it_is_a_last_resort_that_waits),
		cmocka_unit_test(the_status_word_is_classic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
