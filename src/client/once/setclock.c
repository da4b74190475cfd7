/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/once/setclock.h"

#include <errno.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

#define NS_PER_S 1000000000
#define US_PER_S 1000000

/* The fraction counts forward, also from negative seconds. */
static int64_t whole_seconds(int64_t v, int64_t unit)
{
	return v / unit - (v % unit < 0 ? 1 : 0);
}

int setclock_step(span by)
{
	int64_t ns = span_to_ns(by);
	int64_t seconds = whole_seconds(ns, NS_PER_S);
	struct timex t = { .modes = ADJ_SETOFFSET | ADJ_NANO };

	t.time.tv_sec = seconds;
	t.time.tv_usec = ns - seconds * NS_PER_S; /* ADJ_NANO: nanoseconds */
	return clock_adjtime(CLOCK_REALTIME, &t) < 0 ? -errno : 0;
}

int setclock_slew(span by)
{
	int64_t us = span_to_ns(by) / 1000;
	int64_t seconds = whole_seconds(us, US_PER_S);
	struct timeval t = { .tv_sec = seconds,
			     .tv_usec = us - seconds * US_PER_S };

	return adjtime(&t, NULL) < 0 ? -errno : 0;
}

int setclock_kernel(const struct timex *t)
{
	struct timex now = { .modes = 0 }, set = *t;

	if (adjtimex(&now) < 0) {
		return -errno;
	}
	if (now.status & STA_NANO) {
		set.offset *= 1000;
	}
	return adjtimex(&set) < 0 ? -errno : 0;
}
