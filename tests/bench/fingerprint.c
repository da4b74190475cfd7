/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fingerprint - one number of all bits that the estimator says on all courses
 * and in all troubles, and with corrections of the clock in between: the same
 * in two runs, and whatever compiler made it (scripts/test.py compilers).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/estimate/estimator.h"
#include "courses.h"

#define SAMPLES 400

static struct track track;
static struct estimator estimator;

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: invariant: %s\n", file, line, cond);
	abort();
}

/* FNV-1a */
static uint64_t hash_double(uint64_t hash, double v)
{
	unsigned char bytes[sizeof(v)];

	memcpy(bytes, &v, sizeof(v));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	}
	return hash;
}

static uint64_t hash_estimate(uint64_t hash, const struct estimate *e)
{
	const double all[] = { e->offset_s, e->freq,   e->offset_sd,
			       e->freq_sd,  e->wander, e->delay_s,
			       e->jitter_s };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		hash = hash_double(hash, all[i]);
	}
	return hash;
}

static instant at_s(double s)
{
	return (instant){ (int64_t)(s * 0x1p32) };
}

/* The clock is corrected now and then, and shows it. */
static uint64_t hash_track(uint64_t hash)
{
	const struct estimator_prior prior = { .freq_sd = 1e-4 };
	double slewed_s = 0;

	estimator_init(&estimator, &prior);
	for (int k = 0; k < track.count; k++) {
		double at = k * track.tau_s;
		const struct sample s = {
			.at = at_s(at),
			.forward = span_from_seconds(track.forward_s[k] -
						     slewed_s),
			.backward = span_from_seconds(track.backward_s[k] +
						      slewed_s),
			.noise_s = 5e-7,
		};
		struct estimate e;

		estimator_add(&estimator, &s);
		for (int ahead = 0; ahead < 2; ahead++) {
			if (!estimator_estimate(&estimator,
						at_s(at + 100 * ahead), &e)) {
				abort();
			}
			hash = hash_estimate(hash, &e);
		}
		if (k % 7 == 3) {
			estimator_adjust(&estimator, at_s(at + 1), 1e-3, 1e-5);
			estimator_adjust(&estimator, at_s(at + 9), 0, -1e-5);
			slewed_s += 1e-3 + 8e-5;
		}
	}
	return hash_double(hash, estimator.rivals.changes);
}

static uint64_t hash_all(void)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t course = 0; course < ARRAY_LEN(courses); course++) {
		for (enum law law = 0; law < LAWS; law++) {
			track_steady(&track, course, law, 1, SAMPLES);
			hash = hash_track(hash);
		}
	}
	for (enum trouble t = 0; t < TROUBLES; t++) {
		track_troubled(&track, t, 1);
		hash = hash_track(hash);
	}
	return hash;
}

int main(void)
{
	uint64_t first = hash_all();

	if (first != hash_all()) {
		fputs("two runs differ\n", stderr);
		return 1;
	}
	printf("%016llx\n", (unsigned long long)first);
	return 0;
}
