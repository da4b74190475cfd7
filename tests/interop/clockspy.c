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

/* The parameters have the names of libc's headers. */
int clock_adjtime(clockid_t __clock_id, struct timex *__utx)
{
	const struct timex *t = __utx;

	(void)__clock_id;
	return note(t->modes == (ADJ_SETOFFSET | ADJ_NANO) ? "step" : "other",
		    t->time.tv_sec, t->time.tv_usec);
}

int adjtime(const struct timeval *__delta, struct timeval *__olddelta)
{
	(void)__olddelta;
	return note("slew", __delta->tv_sec, __delta->tv_usec);
}

int settimeofday(const struct timeval *__tv, const struct timezone *__tz)
{
	(void)__tz;
	return note("other", __tv->tv_sec, __tv->tv_usec);
}
