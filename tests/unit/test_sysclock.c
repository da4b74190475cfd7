/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel is told when the clock is steered. A fake kernel stands
 * before libc's: no clock is touched.
 */
#include "check.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/clock/sysclock.h"
#include "host/system/signals.h"

#define PPM_UNITS 65536.0

/* The part of a kernel that we use: Linux's own limits and rules. */
struct kernel {
	unsigned calls;
	long long tick, freq;
	int status;
	long reading_ns; /* that all clocks take; 0: they are the machine's */
	long long ns;    /* what all of them show, then */
};

static struct kernel kernel;

/*
 * libc's headers give these parameters reserved names, which are not for us.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
 */
int clock_adjtime(clockid_t clock, struct timex *change)
{
	(void)clock;
	kernel.calls++;
	if (change->modes & ADJ_TICK) {
		assert_true(change->tick >= 9000 && change->tick <= 11000);
		kernel.tick = change->tick;
	}
	if (change->modes & ADJ_FREQUENCY) {
		assert_true(llabs(change->freq) <= 500 << 16);
		kernel.freq = change->freq;
	}
	if (change->modes & ADJ_STATUS) {
		kernel.status = change->status;
	}
	change->tick = kernel.tick;
	change->freq = kernel.freq;
	return TIME_OK;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (kernel.reading_ns > 0) {
		kernel.ns += kernel.reading_ns;
		now->tv_sec = 1;
		now->tv_nsec = (long)kernel.ns;
		return 0;
	}
#ifdef SYS_clock_gettime64
	return (int)syscall(SYS_clock_gettime64, clock, now);
#else
	return (int)syscall(SYS_clock_gettime, clock, now);
#endif
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* Nothing goes on when it is not the fake that answers. */
static int fresh_kernel(void **state)
{
	(void)state;
	kernel = (struct kernel){ .tick = 10000 };
	assert_true(sysclock_freq_ppm() == 0);
	return kernel.calls == 1 ? 0 : -1;
}

static double rate_ppm(void)
{
	return (double)kernel.freq / PPM_UNITS +
	       (double)(kernel.tick - 10000) * 100;
}

static void usual_rates_leave_the_tick_alone(void **state)
{
	(void)state;
	for (int i = -40; i <= 40; i++) {
		double ppm = 12.5 * i;

		assert_int_equal(sysclock_steer(ppm * 1e-6, 0), 0);
		assert_int_equal(kernel.tick, 10000);
		assert_true(fabs(rate_ppm() - ppm) < 1e-5);
		assert_true(fabs(sysclock_freq_ppm() - ppm) < 1e-5);
	}
}

/* Beyond 500 ppm the tick slews, and the word stays the clock's own. */
static void a_rush_is_made_of_ticks(void **state)
{
	(void)state;
	const double bases_ppm[] = { -500, -77.25, 0, 20, 500 };
	const double slews_ppm[] = { 83300, -83300, 2500, -1200, 90000 };

	for (size_t i = 0; i < ARRAY_LEN(bases_ppm); i++) {
		for (size_t j = 0; j < ARRAY_LEN(slews_ppm); j++) {
			double base = bases_ppm[i] * 1e-6;
			double all = base + slews_ppm[j] * 1e-6;

			assert_int_equal(sysclock_steer(all, base), 0);
			assert_true(fabs(rate_ppm() - all * 1e6) < 1e-4);
			assert_true(fabs((double)kernel.freq / PPM_UNITS -
					 bases_ppm[i]) < 1e-4);
			/* What is found after a crash. */
			assert_true(fabs(sysclock_freq_ppm() - bases_ppm[i]) <
				    1e-4);
			assert_int_equal(sysclock_steer(base, base), 0);
			assert_int_equal(kernel.tick, 10000);
		}
	}
}

static void what_cannot_be_had_is_as_near_as_can_be(void **state)
{
	(void)state;
	assert_int_equal(sysclock_steer(1, 0), 0);
	assert_true(fabs(rate_ppm() - 100500) < 1);
	assert_int_equal(sysclock_steer(-1, 0), 0);
	assert_true(fabs(rate_ppm() + 100500) < 1);
}

static void a_tick_that_another_keeps_clocks_with_counts(void **state)
{
	(void)state;
	kernel.tick = 9999;
	kernel.freq = 40 << 16;
	assert_true(fabs(sysclock_freq_ppm() + 60) < 1e-9);
}

static void the_end_leaves_no_slew_behind(void **state)
{
	(void)state;
	assert_int_equal(sysclock_steer(0.05, 20e-6), 0);
	assert_int_equal(kernel.tick, 10500);
	sysclock_release();
	assert_int_equal(kernel.tick, 10000);
	assert_true(fabs(rate_ppm() - 20) < 1e-4);
	assert_int_equal(kernel.status, STA_UNSYNC);
	/* A slew below 500 ppm too. */
	assert_int_equal(sysclock_steer(320e-6, 20e-6), 0);
	sysclock_release();
	assert_true(fabs(rate_ppm() - 20) < 1e-4);
}

/* Read-only: the real clocks of the machine, and the fake's rate. */
static void the_machine_is_read_closely(void **state)
{
	(void)state;
	struct machine a = { .rate_known = true }, b;

	sysclock_machine(&a, false);
	assert_false(a.rate_known);
	assert_int_equal(sysclock_steer(0.0123, 20e-6), 0);
	for (int i = 0; i < 100; i++) {
		b = a;
		sysclock_machine(&b, true);
		assert_true(b.rate_known && fabs(b.rate - 0.0123) < 1e-10);
		assert_true(span_to_ns(b.asleep) > -50000);
		assert_true(llabs(b.asleep.v - a.asleep.v) <
			    span_from_ns(50000).v);
		if (a.bent_known && b.bent_known) {
			assert_true(llabs(span_sub(b.bent, a.bent).v) <
				    span_from_ns(500000).v);
		}
	}
}

/* As on emulated machines, and with slow timers: what it says is rough. */
static void slow_clocks_are_read_too(void **state)
{
	static const struct {
		long reading_ns;
		bool known;
	} cases[] = {
		{ 100, true }, { 5000, true }, { 20000, true }, { 30000, false }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct machine m = { .rate_known = true };

		kernel.reading_ns = cases[i].reading_ns;
		kernel.ns = 0;
		sysclock_machine(&m, false);
		assert_int_equal(m.bent_known, cases[i].known);
		assert_true(llabs(span_to_ns(m.bent)) <= 1);
		assert_true(llabs(span_to_ns(m.asleep)) <= 1);
	}
}

static int report[2];

static void release_and_report(void)
{
	ssize_t n = 0;

	sysclock_release();
	n = write(report[1], &kernel, sizeof(kernel));
	(void)n;
}

/* A crash in the middle of a rush. */
static void a_crash_leaves_no_slew_behind(void **state)
{
	(void)state;
	const int crashes[] = { SIGABRT, SIGSEGV, SIGFPE };

	for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
		struct kernel after = { 0 };
		int status = 0;

		assert_int_equal(pipe(report), 0);
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			const struct rlimit none = { 0, 0 };

			(void)setrlimit(RLIMIT_CORE, &none);
			signals_on_crash(release_and_report);
			if (sysclock_steer(-0.08, 5e-6) == 0) {
				(void)raise(crashes[i]);
			}
			_exit(0);
		}
		close(report[1]);
		assert_int_equal(read(report[0], &after, sizeof(after)),
				 sizeof(after));
		close(report[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) &&
			    WTERMSIG(status) == crashes[i]);
		assert_int_equal(after.tick, 10000);
		assert_int_equal(after.freq, lround(5 * PPM_UNITS));
		assert_int_equal(after.status, STA_UNSYNC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(usual_rates_leave_the_tick_alone,
				       fresh_kernel),
		cmocka_unit_test_setup(a_rush_is_made_of_ticks, fresh_kernel),
		cmocka_unit_test_setup(what_cannot_be_had_is_as_near_as_can_be,
				       fresh_kernel),
		cmocka_unit_test_setup(
			a_tick_that_another_keeps_clocks_with_counts,
			fresh_kernel),
		cmocka_unit_test_setup(the_machine_is_read_closely,
				       fresh_kernel),
		cmocka_unit_test_setup(slow_clocks_are_read_too, fresh_kernel),
		cmocka_unit_test_setup(the_end_leaves_no_slew_behind,
				       fresh_kernel),
		cmocka_unit_test_setup(a_crash_leaves_no_slew_behind,
				       fresh_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
