/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stopwatch.h - what a bench that times one thing is made of; in the file of
 * its main() alone.
 */
#ifndef TESTS_STOPWATCH_H
#define TESTS_STOPWATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/compiler.h"

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: %s\n", file, line, cond);
	abort();
}

static inline double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
