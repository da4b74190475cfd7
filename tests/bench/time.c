/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time.c - how long one sample takes.
 *
 * The same samples are given several times over, and the least time of each
 * is counted: what else this machine does is not the estimator's business.
 */
#include <time.h>

#include "bench.h"

#define ROUNDS 7

static struct track track;
static struct estimator estimator;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Least times of all samples, and how many rivals there were after each. */
struct times {
	double least_s[TRACK_MOST];
	unsigned alive[TRACK_MOST];
};

static void time_once(struct times *t)
{
	const struct estimator_prior prior = { .freq_sd = 1e-4 };

	estimator_init(&estimator, &prior);
	for (int k = 0; k < track.count; k++) {
		const struct sample s = {
			.at = { (int64_t)(k * track.tau_s * 0x1p32) },
			.forward = span_from_seconds(track.forward_s[k]),
			.backward = span_from_seconds(track.backward_s[k]),
			.noise_s = 5e-7,
		};
		double start = now_s();

		estimator_add(&estimator, &s);
		t->least_s[k] = fmin(t->least_s[k], now_s() - start);
		t->alive[k] = estimator.rivals.count;
	}
}

static void time_track(const char *name)
{
	static struct times t;
	double sum = 0, most = 0, crowded = 0;
	int full = 0;

	for (int k = 0; k < track.count; k++) {
		t.least_s[k] = 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		time_once(&t);
	}
	for (int k = 0; k < track.count; k++) {
		sum += t.least_s[k];
		most = fmax(most, t.least_s[k]);
		/* It had them all before this sample, and still has. */
		if (k > 0 && t.alive[k] == RIVALS && t.alive[k - 1] == RIVALS) {
			crowded += t.least_s[k];
			full++;
		}
	}
	printf("%-36s %.1f us a sample, %.1f us at most; all %d rivals: ", name,
	       sum / track.count * 1e6, most * 1e6, RIVALS);
	if (full > 0) {
		printf("%.1f us (%d samples)\n", crowded / full * 1e6, full);
	} else {
		printf("never\n");
	}
}

/* Every few samples one or the other way is late, or the clock was set. */
static void never_quiet(uint64_t seed)
{
	track_steady(&track, 0, LAW_EXPONENTIAL, seed, TRACK_MOST);
	for (int k = 50; k + 3 <= track.count; k += 3) {
		double by_s = 1e-3 * (1 + track_unit(&track));
		int kind = (int)(3 * track_unit(&track));

		track_shift(&track, k, k + 3, kind != 1 ? by_s : 0,
			    kind == 0 ? -by_s : (kind == 1 ? by_s : 0));
	}
}

void bench_time(uint64_t seed)
{
	printf("\nestimator_add, the least of %d runs of every sample; %zu "
	       "bytes\n",
	       ROUNDS, sizeof(struct estimator));
	for (enum law law = 0; law < LAWS; law++) {
		track_steady(&track, 0, law, seed, TRACK_MOST);
		time_track(law_names[law]);
	}
	for (enum trouble t = FREQ_1PPM; t < TROUBLES; t++) {
		track_troubled(&track, t, seed);
		time_track(trouble_names[t]);
	}
	never_quiet(seed);
	time_track("something happens all the time");
}
