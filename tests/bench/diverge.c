/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diverge.c - looks for seeds whose runs diverge (see tests/diverging.h), and
 * prints them.
 */
#include "bench.h"
#include "diverging.h"

static struct runner runner;

/* Runs one row; how many runs diverged. */
static int diverge_row(const struct choice *c, struct run *runs,
		       const char *name)
{
	int diverged = 0, touched = 0;

	for (int i = 0; i < c->seeds; i++) {
		runs[i].seed = c->first + (uint64_t)i;
	}
	double median_s = runner_run_all(&runner, runs, c->seeds);
	const struct run *worst = &runs[c->seeds - 1];

	for (int i = 0; i < c->seeds; i++) {
		diverged += runs[i].longest > DIVERGING_ROW;
		touched += runs[i].longest > 0;
	}
	printf("%-36s %.2e  %4.1f %6llu  %5d  %5d ", name, median_s,
	       worst->rms_s / median_s, (unsigned long long)worst->seed,
	       touched, diverged);
	for (int i = 0; i < c->seeds; i++) {
		if (runs[i].longest > DIVERGING_ROW) {
			printf(" %llu(%d)", (unsigned long long)runs[i].seed,
			       runs[i].longest);
		}
	}
	printf("\n");
	(void)fflush(stdout);
	return diverged;
}

static int diverge_steady(const struct choice *c, struct run *runs)
{
	int diverged = 0;

	runner.trouble = NOTHING;
	for (size_t course = 0; course < ARRAY_LEN(courses); course++) {
		for (enum law law = 0; law < LAWS; law++) {
			char name[40];

			if (!chosen(c->course, (int)course) ||
			    !chosen(c->law, (int)law)) {
				continue;
			}
			runner.course = course;
			runner.law = law;
			snprintf(name, sizeof(name), "course %zu, %s", course,
				 law_names[law]);
			diverged += diverge_row(c, runs, name);
		}
	}
	return diverged;
}

static int diverge_troubled(const struct choice *c, struct run *runs)
{
	int diverged = 0;

	for (enum trouble t = FREQ_1PPM; t < TROUBLES; t++) {
		if (chosen(c->trouble, (int)t)) {
			runner.trouble = t;
			diverged += diverge_row(c, runs, trouble_names[t]);
		}
	}
	return diverged;
}

void bench_diverge(const struct choice *c, int samples, bool troubles)
{
	struct run *runs = calloc((size_t)c->seeds, sizeof(*runs));

	if (!runs || samples <= DIVERGING_SETTLE || samples > TRACK_MOST) {
		abort();
	}
	runner.samples = samples;
	printf("%d seeds from %llu on; beyond: the error was above %d times "
	       "the median;\ndiverged: for more than %d samples in a row\n"
	       "%-36s median    worst, its seed; beyond, diverged, seeds "
	       "(samples in a row)\n",
	       c->seeds, (unsigned long long)c->first, DIVERGING_TIMES,
	       DIVERGING_ROW, "");
	int diverged =
		troubles ? diverge_troubled(c, runs) : diverge_steady(c, runs);

	free(runs);
	printf("%d runs diverged\n", diverged);
}
