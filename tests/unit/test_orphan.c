/* SPDX-License-Identifier: BSD-2-Clause */
/* `tos orphan`: who is elected when nobody knows the time, and what we serve.
 */
#include "core/select/orphan.h"
#include "core/serve/refid.h"
#include "servers.h"
#include "tiny.h"

#define OURS UINT32_C(0x0a000005)

static struct tiny world;

static struct candidate orphan(uint32_t identity)
{
	struct candidate c = server(0);

	c.stratum = 5;
	c.refid = REFID_LOOPBACK;
	c.identity = identity;
	c.ours = OURS;
	return c;
}

static struct tos_config orphan_5(void)
{
	struct tos_config tos = usual;

	tos.orphan = 5;
	return tos;
}

static void without_the_word_there_are_no_orphans(void **state)
{
	(void)state;
	struct candidate c[1] = { orphan(1) };
	struct choice choice;

	selection_run(&usual, c, 1, &choice);
	assert_true(choice.found);
	assert_int_equal(choice.stratum, 5);
}

static void the_lowest_address_is_elected(void **state)
{
	(void)state;
	struct tos_config tos = orphan_5();
	struct candidate c[3] = { orphan(3), orphan(2), orphan(4) };
	struct choice choice;

	tos.minsane = 2; /* one is enough here: there can be no other */
	selection_run(&tos, c, 3, &choice);
	assert_true(choice.found);
	assert_int_equal(choice.system_peer, 1);
	assert_int_equal(c[1].reason, REASON_SYSTEM_PEER);
	assert_int_equal(c[0].reason, REASON_ORPHAN);
	assert_int_equal(reason_tally(c[2].reason), TALLY_REJECT);
	assert_int_equal(choice.survivors, 1);
	/* Not by who is near, nor by who led: all must elect the same. */
	c[2].was_system_peer = true;
	c[1].root_disp_s = 0.5;
	selection_run(&tos, c, 3, &choice);
	assert_int_equal(choice.system_peer, 1);
	/* One that cannot be used does not stand. */
	c[1].unfit = REASON_UNREACHABLE;
	selection_run(&tos, c, 3, &choice);
	assert_int_equal(choice.system_peer, 0);
}

static void with_the_lowest_address_we_elect_nobody(void **state)
{
	(void)state;
	struct tos_config tos = orphan_5();
	struct candidate c[2] = { orphan(OURS + 1), orphan(OURS + 2) };
	struct choice choice;

	selection_run(&tos, c, 2, &choice);
	assert_false(choice.found);
	c[1].identity = OURS - 1;
	selection_run(&tos, c, 2, &choice);
	assert_true(choice.found);
	assert_int_equal(choice.system_peer, 1);
}

static void who_may_follow_us_is_not_followed(void **state)
{
	(void)state;
	struct tos_config tos = orphan_5();
	struct candidate c[2] = { orphan(OURS + 1), server(0) };
	struct choice choice;

	c[1].stratum = 6;
	selection_run(&tos, c, 2, &choice);
	assert_false(choice.found);
	assert_int_equal(c[1].reason, REASON_ORPHAN_CHILD);
}

static void any_real_source_is_better_than_an_orphan(void **state)
{
	(void)state;
	struct tos_config tos = orphan_5();
	struct candidate c[3] = { orphan(1), orphan(2), server(1.0) };
	struct choice choice;

	c[2].stratum = 4;
	selection_run(&tos, c, 3, &choice);
	assert_int_equal(choice.system_peer, 2);
	assert_int_equal(c[0].reason, REASON_ORPHAN);
	/* So is a local clock of a lower stratum. */
	c[2].last_resort = true;
	selection_run(&tos, c, 3, &choice);
	assert_int_equal(choice.system_peer, 2);
}

/* Classic's 300 s, or as configured, from the start and from each loss. */
static void we_become_one_after_orphanwait(void **state)
{
	(void)state;
	struct tiny *t = &world;

	tiny_config(t);
	struct tiny_server *s = tiny_server(t, true);

	s->manner = TINY_SILENT;
	t->config.tos.orphan = 6;
	tiny_start(t);
	tiny_run(t, 299);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	tiny_run(t, 305);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->view.stratum, 6);
	assert_int_equal(t->view.refid, REFID_LOOPBACK);
	assert_int_equal(t->view.root_delay.v, 0);
	assert_true(span_to_seconds(t->view.root_disp) < 1e-4);
	assert_int_equal(t->notes[NOTE_ORPHAN], 1);
	tiny_run(t, 100000); /* for as long as it takes */
	assert_int_equal(t->view.stratum, 6);
	assert_true(span_to_seconds(t->view.root_disp) < 1e-4);
	assert_int_equal(t->notes[NOTE_ORPHAN], 1);
	s->manner = TINY_GOOD;
	tiny_run(t, 103000);
	assert_int_equal(t->view.stratum, 3);
	assert_int_equal(t->view.refid, 0x0a000001);
	tiny_end(t);
}

static void an_orphan_of_stratum_1_is_called_loop(void **state)
{
	(void)state;
	struct tiny *t = &world;

	tiny_config(t);
	t->config.tos.orphan = 1;
	t->config.tos.orphanwait_s = 20;
	tiny_start(t);
	tiny_run(t, 19);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	tiny_run(t, 25);
	assert_int_equal(t->view.stratum, 1);
	assert_int_equal(t->view.refid, REFID_LOOP);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_word_there_are_no_orphans),
		cmocka_unit_test(the_lowest_address_is_elected),
		cmocka_unit_test(with_the_lowest_address_we_elect_nobody),
		cmocka_unit_test(who_may_follow_us_is_not_followed),
		cmocka_unit_test(any_real_source_is_better_than_an_orphan),
		cmocka_unit_test(we_become_one_after_orphanwait),
		cmocka_unit_test(an_orphan_of_stratum_1_is_called_loop),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
