/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/moment.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "host/system/entropy.h"

instant moment_steady(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (instant){ t.tv_sec * ((int64_t)1 << 32) +
			  span_from_ns(t.tv_nsec).v };
}

tstamp moment_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return tstamp_from_unix(t.tv_sec, (uint32_t)t.tv_nsec);
}

int moment_poll_ms(instant now, instant when)
{
	int64_t ns = span_to_ns(instant_diff(when, now));

	if (ns <= 0) {
		return 0;
	}
	int64_t ms = (ns + 999999) / 1000000;

	return ms > INT_MAX ? INT_MAX : (int)ms;
}

void moment_seed(uint8_t seed[32])
{
	if (!entropy_draw(seed, 32)) {
		perror("getrandom");
		exit(EXIT_FAILURE);
	}
}
