/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clockspy.c - stands before libc and writes down what a program would have
 * done to the clock: LD_PRELOAD it, name a file in CLOCKSPY. No test may touch
 * the clock of the machine that it runs on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

static int note(const char *call, long long seconds, long long rest)
{
	const char *path = getenv("CLOCKSPY");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f) {
		abort();
	}
	fprintf(f, "%s %lld %lld\n", call, seconds, rest);
	fclose(f);
	return 0;
}

/*
 * libc's headers give these parameters reserved names, which are not for us.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
 */
int clock_adjtime(clockid_t clock, struct timex *change)
{
	const struct timex *t = change;

	(void)clock;
	return note(t->modes == (ADJ_SETOFFSET | ADJ_NANO) ? "step" : "other",
		    t->time.tv_sec, t->time.tv_usec);
}

int adjtime(const struct timeval *delta, struct timeval *old)
{
	(void)old;
	return note("slew", delta->tv_sec, delta->tv_usec);
}

int settimeofday(const struct timeval *t, const struct timezone *zone)
{
	(void)zone;
	return note("other", t->tv_sec, t->tv_usec);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
