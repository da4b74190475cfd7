/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the program in the kernel knows besides the request: the time, how long
 * a view holds, a leap second, whom it has answered; and it reads a view whole.
 */
#include "fastworld.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#define NS_PER_S INT64_C(1000000000)
#define READS 30000 /* against a writer that does nothing else */
#define PATIENCE 3000000
#define MARK_NS 4          /* that the low bits of a stamp are off by */
#define COARSE_NS 20000000 /* two ticks of a slow kernel */

/* --- the time --- */

/* How far `t` is outside of when it was made, in ns. */
static int64_t outside(tstamp t)
{
	int64_t early = span_to_ns(tstamp_diff(world.before, t));
	int64_t late = span_to_ns(tstamp_diff(t, world.after));

	return early > late ? early : late;
}

/*
 * Each stamp says that the program's clock is at most so much ahead of
 * CLOCK_REALTIME, and at least so much: what all of them leave is how far apart
 * the two may be at all.
 */
static void its_clock_is_that_of_everybody(void **state)
{
	int64_t least = INT64_MIN, most = INT64_MAX;

	(void)state;
	FORALL(20000) {
		tstamp t = world_time().receive;
		int64_t above =
			span_to_ns(tstamp_diff(t, world.after)) - MARK_NS;
		int64_t below = span_to_ns(tstamp_diff(t, world.before));

		least = above > least ? above : least;
		most = below < most ? below : most;
	}
	print_message("# between %" PRId64 " and %" PRId64 " ns ahead of "
		      "CLOCK_REALTIME\n",
		      least, most);
	assert_true(least <= most);
	assert_true(least > -2000 && most < 2000);
}

static struct fast_view view_now(void)
{
	world.clock = sysclock_fast();
	return fastpath_view(&world.view, &world.clock, &world.config);
}

static bool answers(void)
{
	static struct frame out;
	const netaddr from = netaddr_v4(0x0a000001, 4711);

	return world_plain(&from, &out);
}

static void a_view_that_has_run_out_answers_nobody(void **state)
{
	struct fast_view v = view_now();
	uint64_t silent = world_counters().verdicts[FAST_SILENT];

	(void)state;
	assert_int_equal(v.until_ns - world.clock.mono_ns,
			 FASTPATH_LIFE_S * NS_PER_S);
	v.until_ns = world.clock.mono_ns - COARSE_NS;
	fastprog_publish(world.prog, &v);
	assert_false(answers());
	v = (struct fast_view){ .until_ns = 0 };
	fastprog_publish(world.prog, &v);
	assert_false(answers());
	assert_int_equal(world_counters().verdicts[FAST_SILENT], silent + 2);
	world_publish();
	assert_true(answers());
}

/* Somebody steps the clock, or tells the kernel what TAI is: the offset of the
 * view is not the right one any more. */
static void a_clock_that_was_stepped_is_not_told(void **state)
{
	(void)state;
	for (int64_t s = -37; s <= 37; s += 37) {
		struct fast_view v = view_now();

		v.tai_ahead_ns += s * NS_PER_S;
		fastprog_publish(world.prog, &v);
		assert_int_equal(answers(), s == 0);
	}
	world_publish();
}

static void who_does_not_know_the_time_is_silent(void **state)
{
	struct view good = world.view;

	(void)state;
	world.view.leap = LEAP_UNSYNC;
	world_publish();
	assert_false(answers());
	world.view = good;
	world.view.smear =
		(struct smear){ .length_s = 7200, .leap = LEAP_INSERT };
	world_publish();
	assert_false(answers());
	world.view = good;
	world_publish();
	assert_true(answers());
}

/* --- a leap second, between two requests --- */

static void leap_by(enum leap leap, int64_t moved_s)
{
	struct fast_view v;
	int64_t off_ms;

	world.view.leap = leap;
	world.view.smear.leap = leap;
	world.view.smear.end = tstamp_add(sysclock_wall(), SPAN_S(1));
	world.view.smear.end.v &= ~(uint64_t)UINT32_MAX; /* a whole second */
	world.clock = sysclock_fast();
	world.clock.leap = leap;
	v = fastpath_view(&world.view, &world.clock, &world.config);
	fastprog_publish(world.prog, &v);
	while (tstamp_before(sysclock_wall(), world.view.smear.end)) {
		struct packet p = world_time();

		assert_int_equal(p.leap, leap);
		if (tstamp_before(world.after, world.view.smear.end)) {
			assert_true(outside(p.transmit) < 1000);
		}
	}
	FORALL(100) {
		struct packet p = world_time();

		off_ms = span_to_ns(tstamp_diff(p.transmit, world.before));
		assert_in_range(off_ms - moved_s * NS_PER_S + 1000, 0,
				200000000);
	}
}

static void a_leap_second_switches_inside(void **state)
{
	struct view good = world.view;

	(void)state;
	leap_by(LEAP_INSERT, -1);
	world.view = good;
	leap_by(LEAP_DELETE, 1);
	world.view = good;
	world_publish();
}

/* --- samples --- */

static void count_sample(void *context, const struct fast_sample *s)
{
	unsigned *seen = context;
	netaddr from = { .port = 0 };

	memcpy(from.ip, s->from, sizeof(from.ip));
	assert_memory_equal(s->to, world.served4.ip, 16);
	assert_int_equal(s->first, 0x23);
	assert_int_equal(s->port, 4711);
	assert_in_range(
		span_to_ns(tstamp_diff(sysclock_wall(), (tstamp){ s->at })), 0,
		10 * NS_PER_S);
	seen[netaddr_v4_bits(&from) & 0xff]++;
}

static void forget_sample(void *context, const struct fast_sample *s)
{
	(void)context;
	(void)s;
}

/* Each, while few ask; of a crowd, one in a millisecond. */
static void clients_are_sampled(void **state)
{
	static struct frame out;
	unsigned seen[256] = { 0 }, all = 0;
	netaddr from;

	(void)state;
	fastprog_samples(world.prog, forget_sample, NULL);
	for (unsigned i = 1; i <= 20; i++) {
		struct timespec pause = { .tv_nsec = 2L * FAST_SAMPLE_NS };

		(void)nanosleep(&pause, NULL);
		from = netaddr_v4(0x0a000900 + i, 4711);
		assert_true(world_plain(&from, &out));
	}
	fastprog_samples(world.prog, count_sample, seen);
	for (unsigned i = 1; i <= 20; i++) {
		assert_int_equal(seen[i], 1);
	}
	memset(seen, 0, sizeof(seen));
	tstamp start = sysclock_wall();

	for (unsigned i = 0; i < 5000; i++) {
		from = netaddr_v4(0x0a000900 + i % 256, 4711);
		assert_true(world_plain(&from, &out));
	}
	int64_t took = span_to_ns(tstamp_diff(sysclock_wall(), start));

	fastprog_samples(world.prog, count_sample, seen);
	for (unsigned i = 0; i < 256; i++) {
		all += seen[i];
	}
	/* On each of the CPUs that we have been on. */
	assert_in_range(all, 1, 64 * (took / FAST_SAMPLE_NS + 1));
	assert_true(all < 5000);
}

/* --- a view is read whole --- */

static _Atomic bool done;

/* The calling thread has the nth of these CPUs to itself, whatever else this
 * machine does. */
static void take_cpu(const cpu_set_t *set, int nth)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, set) && nth-- == 0) {
			CPU_SET(i, &one);
		}
	}
	(void)setpriority(PRIO_PROCESS, 0, PRIO_MIN);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

/* Views whose stratum, delay and reference identifier go together, faster than
 * anybody can read one. */
static void *replace_views(void *context)
{
	struct fast_clock clock = sysclock_fast();
	struct view v = world.view;
	struct fast_view views[15];

	take_cpu(context, 1);
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		v.stratum = (uint8_t)(i + 1);
		v.refid = v.stratum * 0x01010101U;
		v.root_delay = SPAN_S(v.stratum);
		v.reference.v = v.stratum;
		views[i] = fastpath_view(&v, &clock, &world.config);
		views[i].until_ns += NS_PER_S * 3600;
	}
	for (size_t i = 0; !done; i++) {
		fastprog_publish(world.prog, &views[i % ARRAY_LEN(views)]);
	}
	return NULL;
}

static uint64_t torn(void)
{
	return world_counters().verdicts[FAST_TORN];
}

static void a_view_is_read_whole(void **state)
{
	static struct frame out;
	/* Who is limited takes longest, and is never refused here. */
	const struct ratelimit_rules rules = { .cost = { 5 },
					       .depth = 1 << 30 };
	const netaddr from = world_six("2001:db8:9::1");
	pthread_t thread;
	unsigned answered = 0;
	cpu_set_t cpus;
	bool together;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	together = CPU_COUNT(&cpus) > 1;
	take_cpu(&cpus, 0);
	world_limit(&rules);
	done = false;
	assert_int_equal(pthread_create(&thread, NULL, replace_views, &cpus),
			 0);
	for (unsigned i = 0;
	     i < READS ||
	     (i < PATIENCE && (answered == 0 || (together && torn() == 0)));
	     i++) {
		struct packet p;

		if (!world_plain(&from, &out)) {
			continue; /* FAST_TORN: the daemon answers */
		}
		struct reader r =
			reader_over(out.bytes + out.udp + 8, PACKET_LEN);

		assert_int_equal(packet_parse(&p, &r), PACKET_OK);
		if (p.refid == world.view.refid) {
			continue; /* the writer has not begun */
		}
		answered++;
		assert_int_equal(p.refid, p.stratum * 0x01010101U);
		assert_int_equal(p.reference.v, p.stratum);
		assert_int_equal(p.root_delay.v, SPAN_S(p.stratum).v);
	}
	done = true;
	print_message("# %u read, %" PRIu64 " were torn\n", answered, torn());
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(answered > 0);
	assert_true(!together || torn() > 0);
	world_unlimit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_clock_is_that_of_everybody),
		cmocka_unit_test(a_view_that_has_run_out_answers_nobody),
		cmocka_unit_test(a_clock_that_was_stepped_is_not_told),
		cmocka_unit_test(who_does_not_know_the_time_is_silent),
		cmocka_unit_test(a_leap_second_switches_inside),
		cmocka_unit_test(clients_are_sampled),
		cmocka_unit_test(a_view_is_read_whole),
	};

	if (!world_load()) {
		return 0;
	}
	return cmocka_run_group_tests(tests, world_start, world_end);
}
