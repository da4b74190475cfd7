/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diverge.c - looks for seeds whose runs diverge (see tests/diverging.h), and
 * prints them.
 */
#include "bench.h"
#include "diverging.h"

/* Of all runs of one course and law; how many diverged. */
static int tell(size_t course, enum law law, const struct run *runs, int count,
		double median_s)
{
	int diverged = 0, touched = 0;

	for (int i = 0; i < count; i++) {
		diverged += runs[i].longest > DIVERGING_ROW;
		touched += runs[i].longest > 0;
	}
	printf("%zu %-12s %.2e  %.1f  %5d  %5d ", course, law_names[law],
	       median_s, runs[count - 1].rms_s / median_s, touched, diverged);
	for (int i = 0; i < count; i++) {
		if (runs[i].longest > DIVERGING_ROW) {
			printf(" %llu(%d)", (unsigned long long)runs[i].seed,
			       runs[i].longest);
		}
	}
	printf("\n");
	(void)fflush(stdout);
	return diverged;
}

void bench_diverge(const struct choice *c, int samples)
{
	static struct runner runner;
	struct run *runs = calloc((size_t)c->seeds, sizeof(*runs));
	long diverged = 0, all = 0;

	if (!runs || samples <= DIVERGING_SETTLE || samples > TRACK_MOST) {
		abort();
	}
	printf("%d seeds from %llu on, %d samples each; beyond: the error was "
	       "above %d times the median;\ndiverged: for more than %d "
	       "samples in a row\ncourse, noise  median RMS, worst RMS / "
	       "median, beyond, diverged, seeds (samples in a row)\n",
	       c->seeds, (unsigned long long)c->first, samples, DIVERGING_TIMES,
	       DIVERGING_ROW);
	for (size_t course = 0; course < ARRAY_LEN(courses); course++) {
		for (enum law law = 0; law < LAWS; law++) {
			if (!chosen(c->course, (int)course) ||
			    !chosen(c->law, (int)law)) {
				continue;
			}
			runner.course = course;
			runner.law = law;
			runner.samples = samples;
			for (int i = 0; i < c->seeds; i++) {
				runs[i].seed = c->first + (uint64_t)i;
			}
			double median_s =
				runner_run_all(&runner, runs, c->seeds);

			diverged += tell(course, law, runs, c->seeds, median_s);
			all += c->seeds;
		}
	}
	free(runs);
	printf("%ld of %ld runs diverged\n", diverged, all);
}
