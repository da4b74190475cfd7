/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - what the benches of the estimator share.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdio.h>
#include <stdlib.h>

#include "core/estimate/estimator.h"
#include "courses.h"
#include "diverging.h"

/* What to run: of all that has a number, everything when negative. */
struct choice {
	int seeds;
	uint64_t first;     /* seed */
	int course, law;    /* rows of the steady table */
	int trouble;        /* rows of the other */
	const char *series; /* folder for tracks and guesses, or NULL */
};

static inline bool chosen(int wanted, int number)
{
	return wanted < 0 || wanted == number;
}

/* Writes FOLDER/NAME.csv when a folder is chosen. */
void bench_write_series(const struct choice *c, const char *name,
			const struct track *t, const struct guess *ours,
			const struct guess *kalman);

void bench_steady_table(const struct choice *c);
void bench_trouble_table(const struct choice *c);
void bench_time(uint64_t seed);
void bench_diverge(const struct choice *c, int samples, bool troubles);
void bench_definite(long updates, uint64_t seed);

#endif
