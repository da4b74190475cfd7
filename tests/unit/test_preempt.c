/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `preempt`: who is of no use goes, the worst first, when there are more than
 * `tos maxclock`, and nobody else does.
 */
#include "core/engine/stages.h"
#include "core/source/preempt.h"
#include "tinyreload.h"

#define LIAR 5
#define SILENT 6

static struct tiny world;

/* 10.0.0.1 ... 10.0.0.7: five good ones, a liar, one that is silent. */
static struct tiny *begin(size_t maxclock, bool preempt)
{
	struct tiny *t = &world;

	tiny_config(t);
	t->config.tos.maxclock = (unsigned)maxclock;
	t->config.tos.minclock = 5; /* all good ones survive */
	for (size_t i = 0; i < 7; i++) {
		struct tiny_server *s = tiny_server(t, true);

		t->sources[i].maxpoll = 6;
		t->sources[i].preempt = preempt && i >= LIAR;
		s->refid = 0x0b000000u + (uint32_t)i; /* a vote each */
		s->lie_s = i == LIAR ? 5 : 0;
		s->manner = i == SILENT ? TINY_SILENT : TINY_GOOD;
	}
	tiny_start(t);
	return t;
}

static bool asks(const struct tiny *t, size_t i)
{
	return engine_asks(t->engine, &t->servers[i].addr);
}

static void the_worst_goes_first(void **state)
{
	struct tiny *t = begin(6, true);

	(void)state;
	/* Ten polls, not ten requests: the first poll is a burst. */
	tiny_run(t, 120);
	assert_int_equal(engine_members(t->engine), 7);
	tiny_run(t, 1500);
	assert_false(asks(t, SILENT));
	assert_true(asks(t, LIAR));
	assert_int_equal(t->notes[NOTE_PREEMPTED], 1);
	tiny_run(t, 20000);
	assert_int_equal(engine_members(t->engine), 6);
	assert_int_equal(t->notes[NOTE_PREEMPTED], 1);
	tiny_end(t);
}

static void nobody_goes_beyond_maxclock(void **state)
{
	struct tiny *t = begin(7, true);

	(void)state;
	tiny_run(t, 20000);
	assert_int_equal(engine_members(t->engine), 7);
	assert_int_equal(t->notes[NOTE_PREEMPTED], 0);
	tiny_end(t);
}

static void who_is_not_preemptable_stays(void **state)
{
	struct tiny *t = begin(1, false);

	(void)state;
	tiny_run(t, 20000);
	assert_int_equal(engine_members(t->engine), 7);
	tiny_end(t);

	t = begin(1, true);
	tiny_run(t, 20000);
	assert_int_equal(engine_members(t->engine), 5);
	assert_int_equal(t->notes[NOTE_PREEMPTED], 2);
	tiny_end(t);
}

/* One that goes is somebody else's slot, and its line starts it anew. */
static void a_survivor_stays_and_a_reload_brings_one_back(void **state)
{
	struct tiny *t = begin(5, true);
	char lines[512];
	struct text all = text_over(lines, sizeof(lines));

	(void)state;
	t->sources[0].preempt = true;
	tiny_run(t, 20000);
	assert_true(asks(t, 0));
	assert_false(asks(t, LIAR));
	assert_false(asks(t, SILENT));
	t->servers[SILENT].manner = TINY_GOOD;
	text_str(&all, "tos maxclock 5\n");
	for (uint64_t n = 1; n <= 7; n++) {
		text_str(&all, "server 10.0.0.");
		text_u64(&all, n);
		text_str(&all, " preempt\n");
	}
	tiny_reload(t, lines);
	assert_true(asks(t, SILENT));
	tiny_run(t, t->now_s + 300);
	assert_true(t->servers[SILENT].asked > 0);
	tiny_reload_end(t);
}

/* Of a pool: what `tos maxclock` has no place for any more. */
static void members_of_pools_are_preemptable(void **state)
{
	struct tiny *t = &world;

	(void)state;
	tiny_config(t);
	t->config.tos.maxclock = 4;
	tiny_source(t, SOURCE_KIND_POOL)->host = "pool.example";
	t->sources[0].maxpoll = 6;
	for (unsigned i = 0; i < 4; i++) {
		t->servers[i] = (struct tiny_server){
			.addr = netaddr_v4(0x0a000001u + i, 123),
			.manner = i < 3 ? TINY_GOOD : TINY_SILENT,
			.stratum = 2,
			.refid = 0x0b000000u + i,
			.least_gap_s = 1e9,
			.asked_at_s = -1e9,
		};
		t->names[i] = t->servers[i].addr;
	}
	t->server_count = t->name_count = 4;
	tiny_start(t);
	tiny_run(t, 3000);
	assert_int_equal(engine_members(t->engine), 4);
	t->config.tos.maxclock = 2;
	tiny_run(t, 6000);
	assert_false(asks(t, 3));
	assert_int_equal(engine_members(t->engine), 2); /* one in excess */
	tiny_end(t);
}

static void a_score_counts_what_is_right(void **state)
{
	struct source_config config = { .version = 4 };
	struct source s = { .config = &config, .heard = true };

	(void)state;
	s.polling.reach = 1;
	s.reason = REASON_CANDIDATE;
	s.kiss = 0;
	s.peer.leap = LEAP_NONE;
	assert_int_equal(preempt_score(&s), 6);
	s.reason = REASON_BACKUP;
	assert_int_equal(preempt_score(&s), 5);
	s.reason = REASON_FALSETICKER;
	assert_int_equal(preempt_score(&s), 5);
	s.reason = REASON_DISTANCE;
	assert_int_equal(preempt_score(&s), 4);
	s.looped = true;
	assert_int_equal(preempt_score(&s), 3);
	s.polling.reach = 0;
	assert_int_equal(preempt_score(&s), 2);
	s.peer.leap = LEAP_UNSYNC;
	assert_int_equal(preempt_score(&s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_goes_first),
		cmocka_unit_test(nobody_goes_beyond_maxclock),
		cmocka_unit_test(who_is_not_preemptable_stays),
		cmocka_unit_test(a_survivor_stays_and_a_reload_brings_one_back),
		cmocka_unit_test(members_of_pools_are_preemptable),
		cmocka_unit_test(a_score_counts_what_is_right),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
