/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tables.c - errors of the estimator beside those of a Kalman filter that is
 * told the truth: on steady courses, and when something happens.
 */
#include <string.h>

#include "bench.h"

#define SETTLE 300 /* samples that no table counts */
#define SPANS 4

static struct track track;
static struct guess ours, kalman;
static struct estimator estimator;

void bench_write_series(const struct choice *c, const char *name,
			const struct track *t, const struct guess *mine,
			const struct guess *theirs)
{
	char path[4096];

	if (!c->series) {
		return;
	}
	int length = snprintf(path, sizeof(path), "%s/%s.csv", c->series, name);
	FILE *file = length < (int)sizeof(path) ? fopen(path, "w") : NULL;

	if (!file) {
		perror(path);
		abort();
	}
	fprintf(file,
		"# poll %.17g s, wander %.17g, jitter %.17g s, variance %.17g\n"
		"offset,freq,forward,backward,bank_offset,bank_freq,bank_sd,"
		"kalman_offset,kalman_freq\n",
		t->tau_s, t->wander, t->jitter_s, track_variance(t));
	for (int k = 0; k < t->count; k++) {
		fprintf(file,
			"%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,"
			"%.17g\n",
			t->offset_s[k], t->freq[k], t->forward_s[k],
			t->backward_s[k], mine->offset_s[k], mine->freq[k],
			mine->sd_s[k], theirs->offset_s[k], theirs->freq[k]);
	}
	if (fclose(file)) {
		perror(path);
		abort();
	}
}

static const double sds[] = { 1, 2, 3, 5 };

/* Of one row, or of all. */
struct steady {
	double ours2, kalman2; /* mean squares */
	double beyond[ARRAY_LEN(sds)];
};

static struct steady steady_row(const struct choice *c, size_t course,
				enum law law)
{
	struct steady s = { .ours2 = 0 };

	for (int i = 0; i < c->seeds; i++) {
		uint64_t seed = c->first + (uint64_t)i;
		char name[64];

		track_steady(&track, course, law, seed, TRACK_MOST);
		track_kalman(&track, &kalman);
		follow(&estimator, &track, &ours);
		snprintf(name, sizeof(name), "steady-%zu-%d-%llu", course,
			 (int)law, (unsigned long long)seed);
		bench_write_series(c, name, &track, &ours, &kalman);
		double k = track_rms_s(&track, &kalman, SETTLE);
		double o = track_rms_s(&track, &ours, SETTLE);

		s.kalman2 += k * k / c->seeds;
		s.ours2 += o * o / c->seeds;
		for (size_t j = 0; j < ARRAY_LEN(sds); j++) {
			s.beyond[j] +=
				track_beyond(&track, &ours, sds[j], SETTLE) /
				c->seeds;
		}
	}
	return s;
}

void bench_steady_table(const struct choice *c)
{
	struct steady mean = { .ours2 = 0 };
	double log_sum = 0, worst = 0;
	int rows = 0;

	printf("poll  wander jitter noise        kalman*   bank     ratio  "
	       "beyond 1 sd  2 sd   3 sd   5 sd\n");
	for (size_t course = 0; course < ARRAY_LEN(courses); course++) {
		for (enum law law = 0; law < LAWS; law++) {
			if (!chosen(c->course, (int)course) ||
			    !chosen(c->law, (int)law)) {
				continue;
			}
			struct steady s = steady_row(c, course, law);
			double ratio = sqrt(s.ours2 / s.kalman2);

			rows++;
			log_sum += log(ratio);
			worst = fmax(worst, ratio);
			printf("%4.0f  %.0e  %.0e  %-12s %.2e  %.2e  %.3f  ",
			       track.tau_s, track.wander, track.jitter_s,
			       law_names[law], sqrt(s.kalman2), sqrt(s.ours2),
			       ratio);
			for (size_t j = 0; j < ARRAY_LEN(sds); j++) {
				mean.beyond[j] += s.beyond[j];
				printf("%.4f ", s.beyond[j]);
			}
			printf("\n");
		}
	}
	printf("ratio: geometric mean %.3f, worst %.3f; beyond 1, 2, 3, 5 sd:",
	       exp(log_sum / rows), worst);
	for (size_t j = 0; j < ARRAY_LEN(sds); j++) {
		printf(" %.5f", mean.beyond[j] / rows);
	}
	printf("\n");
}

static const int edges[SPANS + 1] = { 300, 1000, 1020, 1200, 2000 };

/* Mean squares of the spans of one row. */
struct troubled {
	double ours2[SPANS], kalman2[SPANS];
	double worst_s; /* of all seeds, at the end */
	double beyond;
	unsigned changes;
};

static struct troubled trouble_row(const struct choice *c, enum trouble trouble)
{
	struct troubled all = { .changes = 0 };

	for (int i = 0; i < c->seeds; i++) {
		uint64_t seed = c->first + (uint64_t)i;
		char name[64];

		track_troubled(&track, trouble, seed);
		track_kalman(&track, &kalman);
		follow(&estimator, &track, &ours);
		snprintf(name, sizeof(name), "trouble-%d-%llu", (int)trouble,
			 (unsigned long long)seed);
		bench_write_series(c, name, &track, &ours, &kalman);
		for (int j = 0; j < SPANS; j++) {
			double o = track_span_rms_s(&track, &ours, edges[j],
						    edges[j + 1]);
			double k = track_span_rms_s(&track, &kalman, edges[j],
						    edges[j + 1]);

			all.ours2[j] += o * o / c->seeds;
			all.kalman2[j] += k * k / c->seeds;
			all.worst_s = fmax(all.worst_s, j + 1 == SPANS ? o : 0);
		}
		all.beyond += track_beyond(&track, &ours, 5, SETTLE) / c->seeds;
		all.changes += estimator.rivals.changes;
	}
	return all;
}

void bench_trouble_table(const struct choice *c)
{
	printf("\nRMS offset error of samples 300-1000 | 1000-1020 | 1020-1200 "
	       "| 1200-2000; the change comes at 1000\n"
	       "%-36s %-35s | %-35s | worst, beyond 5 sd, leads taken\n",
	       "", "bank", "kalman*");
	for (enum trouble t = 0; t < TROUBLES; t++) {
		if (!chosen(c->trouble, (int)t)) {
			continue;
		}
		struct troubled row = trouble_row(c, t);

		printf("%-36s", trouble_names[t]);
		for (int j = 0; j < SPANS; j++) {
			printf(" %.1e", sqrt(row.ours2[j]));
		}
		printf("  |");
		for (int j = 0; j < SPANS; j++) {
			printf(" %.1e", sqrt(row.kalman2[j]));
		}
		printf(" | %.0e %.4f %.1f\n", row.worst_s, row.beyond,
		       (double)row.changes / c->seeds);
	}
}
