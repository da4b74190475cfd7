/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimator - prints how well the estimator does, beside a textbook Kalman
 * filter that is told the truth about wander and noise, and how long it takes.
 *
 *   estimator [SEEDS [FIRST]]     tables averaged over SEEDS seeds
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/estimator.h"
#include "track.h"

static const struct {
	double tau_s, wander, jitter_s;
} courses[] = {
	{ 64, 1e-9, 1e-4 }, { 64, 1e-9, 1e-3 }, { 64, 1e-9, 1e-5 },
	{ 64, 1e-8, 1e-4 }, { 16, 1e-9, 1e-4 }, { 1024, 1e-9, 1e-3 },
	{ 64, 3e-9, 1e-2 },
};

static struct track track;
static struct guess ours, kalman;
static struct estimator estimator;
static double slowest_s, total_s;
static long adds, changes;

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: invariant: %s\n", file, line, cond);
	abort();
}

static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC; /* of this process */
}

static void run_ours(void)
{
	const struct estimator_prior prior = { .freq_sd = 1e-4 };

	estimator_init(&estimator, &prior);
	for (int k = 0; k < track.count; k++) {
		struct sample s = {
			.at = { (int64_t)(k * track.tau_s * 0x1p32) },
			.forward = span_from_seconds(track.forward_s[k]),
			.backward = span_from_seconds(track.backward_s[k]),
			.noise_s = 5e-7,
		};
		struct estimate e;
		double start = seconds();

		estimator_add(&estimator, &s);
		double took = seconds() - start;

		slowest_s = fmax(slowest_s, took);
		total_s += took;
		adds++;
		if (!estimator_estimate(&estimator, s.at, &e)) {
			abort();
		}
		ours.offset_s[k] = e.offset_s;
		ours.freq[k] = e.freq;
		ours.sd_s[k] = e.offset_sd;
	}
	changes += estimator.rivals.changes;
}

static void steady_row(size_t course, enum law law, int seeds, uint64_t first,
		       double *log_sum)
{
	double k2 = 0, o2 = 0, beyond[3] = { 0, 0, 0 };
	static const double sds[3] = { 2, 3, 5 };

	for (int i = 0; i < seeds; i++) {
		track.tau_s = courses[course].tau_s;
		track.wander = courses[course].wander;
		track.jitter_s = courses[course].jitter_s;
		track.law = law;
		track.luck =
			(first + (uint64_t)i) * 1000003 + course * 10 + law;
		track.count = TRACK_MOST;
		track_run(&track, 4 * track.jitter_s, -1, 0);
		track_kalman(&track, &kalman);
		run_ours();
		double k = track_rms_s(&track, &kalman, 300);
		double o = track_rms_s(&track, &ours, 300);

		k2 += k * k / seeds;
		o2 += o * o / seeds;
		for (int j = 0; j < 3; j++) {
			beyond[j] += track_beyond(&track, &ours, sds[j], 300) /
				     seeds;
		}
	}
	double ratio = sqrt(o2 / k2);

	*log_sum += log(ratio);
	printf("%4.0f  %.0e  %.0e  %-12s %.2e  %.2e  %.2f   %.4f       %.4f "
	       "%.4f\n",
	       track.tau_s, track.wander, track.jitter_s, law_names[law],
	       sqrt(k2), sqrt(o2), ratio, beyond[0], beyond[1], beyond[2]);
}

static void steady_table(int seeds, uint64_t first)
{
	double log_sum = 0;

	printf("poll  wander jitter noise        kalman*   bank     ratio  "
	       "beyond 2 sd  3 sd   5 sd\n");
	for (size_t c = 0; c < ARRAY_LEN(courses); c++) {
		for (enum law law = 0; law < LAWS; law++) {
			steady_row(c, law, seeds, first, &log_sum);
		}
	}
	size_t rows = LAWS * ARRAY_LEN(courses);

	printf("geometric mean of the ratio: %.3f\n",
	       exp(log_sum / (double)rows));
}

enum trouble {
	NOTHING,
	FREQ_1PPM,
	FREQ_10PPM,
	BOTH_LONGER,
	BOTH_SHORTER,
	FORWARD_LONGER,
	FORWARD_SHORTER,
	CONGESTION,
	OUTLIERS,
	JITTER,
	CLOCK_STEP,
	CLOCK_STEP_SMALL,
	GLITCH,
	TROUBLES,
};

static const char *const trouble_names[TROUBLES] = {
	"nothing",
	"frequency step 1 ppm",
	"frequency step 10 ppm",
	"route 5 ms longer, both ways",
	"route 5 ms shorter, both ways",
	"route 5 ms longer, forward only",
	"route 5 ms shorter, forward only",
	"50 ms congestion, forward, 10 polls",
	"2% outliers of 100 ms, forward",
	"forward jitter times ten",
	"clock set by 5 ms",
	"clock set by 0.5 ms",
	"one sample 1 s wrong",
};

static void add(int from, int to, double forward_s, double backward_s)
{
	for (int k = from; k < to; k++) {
		track.forward_s[k] += forward_s;
		track.backward_s[k] += backward_s;
	}
}

static void set_clock(double by_s)
{
	for (int k = 1000; k < track.count; k++) {
		track.offset_s[k] += by_s;
	}
	add(1000, track.count, by_s, -by_s);
}

static void jitter(void)
{
	for (int k = 1000; k < track.count; k++) {
		track.forward_s[k] += track_exponential(&track, 1e-3);
	}
}

static void outliers(void)
{
	for (int k = 0; k < track.count; k++) {
		if (track_unit(&track) < 0.02) {
			add(k, k + 1, track_exponential(&track, 0.1), 0);
		}
	}
}

static void disturb(enum trouble trouble)
{
	switch (trouble) {
	case BOTH_LONGER:
		add(1000, track.count, 5e-3, 5e-3);
		break;
	case BOTH_SHORTER:
		add(0, 1000, 5e-3, 5e-3);
		break;
	case FORWARD_LONGER:
		add(1000, track.count, 5e-3, 0);
		break;
	case FORWARD_SHORTER:
		/* The first estimate takes the path for symmetric. */
		add(0, 1000, 5e-3, 5e-3);
		add(1000, track.count, 0, 5e-3);
		break;
	case CONGESTION:
		add(1000, 1010, 50e-3, 0);
		break;
	case OUTLIERS:
		outliers();
		break;
	case JITTER:
		jitter();
		break;
	case CLOCK_STEP:
		set_clock(5e-3);
		break;
	case CLOCK_STEP_SMALL:
		set_clock(5e-4);
		break;
	case GLITCH:
		add(1000, 1001, 1, -1);
		break;
	case NOTHING:
	case FREQ_1PPM:
	case FREQ_10PPM:
	case TROUBLES:
		break;
	}
}

static void trouble_row(enum trouble trouble, int seeds, uint64_t first)
{
	static const int edges[5] = { 300, 1000, 1020, 1200, 2000 };
	double o2[4] = { 0 }, k2[4] = { 0 }, worst = 0, beyond = 0;
	double jump = trouble == FREQ_1PPM ? 1e-6
					   : (trouble == FREQ_10PPM ? 1e-5 : 0);

	changes = 0;
	for (int i = 0; i < seeds; i++) {
		track = (struct track){ .tau_s = 64,
					.wander = 1e-9,
					.jitter_s = 1e-4,
					.count = 2000 };
		track.luck = (first + (uint64_t)i) * 7919 + trouble;
		track_run(&track, 4e-4, 1000, jump);
		disturb(trouble);
		track_kalman(&track, &kalman);
		run_ours();
		for (int j = 0; j < 4; j++) {
			double o = track_span_rms_s(&track, &ours, edges[j],
						    edges[j + 1]);
			double k = track_span_rms_s(&track, &kalman, edges[j],
						    edges[j + 1]);

			o2[j] += o * o / seeds;
			k2[j] += k * k / seeds;
			worst = j == 3 ? fmax(worst, o) : worst;
		}
		beyond += track_beyond(&track, &ours, 5, 300) / seeds;
	}
	printf("%-36s %.0e %.0e %.0e %.0e  | %.0e %.0e %.0e %.0e | %.0e %.4f "
	       "%.1f\n",
	       trouble_names[trouble], sqrt(o2[0]), sqrt(o2[1]), sqrt(o2[2]),
	       sqrt(o2[3]), sqrt(k2[0]), sqrt(k2[1]), sqrt(k2[2]), sqrt(k2[3]),
	       worst, beyond, (double)changes / seeds);
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? (int)strtol(argv[1], NULL, 0) : 1;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

	if (argc <= 3) {
		steady_table(seeds, first);
	}
	printf("\nRMS offset error of samples 300-1000 | 1000-1020 | 1020-1200 "
	       "| 1200-2000; the change comes at 1000\n"
	       "%-36s %-31s %-31s worst, beyond 5 sd, leads taken\n",
	       "", "bank", "kalman*");
	for (enum trouble t = 0; t < TROUBLES; t++) {
		trouble_row(t, seeds, first);
	}
	printf("\nestimator_add: %.1f us on average, %.1f us at most; %zu "
	       "bytes\n",
	       total_s / (double)adds * 1e6, slowest_s * 1e6,
	       sizeof(struct estimator));
	return 0;
}
