/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * courses.h - the clocks and paths by which the estimator is judged, and the
 * troubles that come to them.
 */
#ifndef TESTS_COURSES_H
#define TESTS_COURSES_H

#include "track.h"

#define TROUBLE_AT 1000 /* the sample with which a trouble comes */

struct course {
	double tau_s, wander, jitter_s;
};

static const struct course courses[] = {
	{ 64, 1e-9, 1e-4 }, { 64, 1e-9, 1e-3 }, { 64, 1e-9, 1e-5 },
	{ 64, 1e-8, 1e-4 }, { 16, 1e-9, 1e-4 }, { 1024, 1e-9, 1e-3 },
	{ 64, 3e-9, 1e-2 },
};

enum trouble {
	NOTHING,
	FREQ_1PPM,
	BOTH_LONGER,
	BOTH_SHORTER,
	FORWARD_LONGER,
	CONGESTION,
	OUTLIERS,
	JITTER,
	FREQ_10PPM, /* from here on beyond the model's own table */
	FORWARD_SHORTER,
	CLOCK_STEP,
	CLOCK_STEP_SMALL,
	GLITCH,
	TROUBLES,
};

static const char *const trouble_names[TROUBLES] = {
	"nothing",
	"frequency step 1 ppm",
	"route 5 ms longer, both ways",
	"route 5 ms shorter, both ways",
	"route 5 ms longer, forward only",
	"50 ms congestion, forward, 10 polls",
	"2% outliers of 100 ms, forward",
	"forward jitter times ten",
	"frequency step 10 ppm",
	"route 5 ms shorter, forward only",
	"clock set by 5 ms",
	"clock set by 0.5 ms",
	"one sample 1 s wrong",
};

/* A steady course; the same seed is the same to the last bit. */
static inline void track_steady(struct track *t, size_t course, enum law law,
				uint64_t seed, int count)
{
	t->tau_s = courses[course].tau_s;
	t->wander = courses[course].wander;
	t->jitter_s = courses[course].jitter_s;
	t->law = law;
	t->luck = seed * 1000003 + course * 10 + law;
	t->count = count;
	track_run(t, 4 * t->jitter_s, -1, 0);
}

static inline void track_shift(struct track *t, int from, int to,
			       double forward_s, double backward_s)
{
	for (int k = from; k < to; k++) {
		t->forward_s[k] += forward_s;
		t->backward_s[k] += backward_s;
	}
}

static inline void track_set_clock(struct track *t, double by_s)
{
	for (int k = TROUBLE_AT; k < t->count; k++) {
		t->offset_s[k] += by_s;
	}
	track_shift(t, TROUBLE_AT, t->count, by_s, -by_s);
}

static inline void track_late_now_and_then(struct track *t)
{
	for (int k = 0; k < t->count; k++) {
		if (track_unit(t) < 0.02) {
			t->forward_s[k] += track_exponential(t, 0.1);
		}
	}
}

static inline void track_more_jitter(struct track *t, double mean_s)
{
	for (int k = TROUBLE_AT; k < t->count; k++) {
		t->forward_s[k] += track_exponential(t, mean_s);
	}
}

static inline void track_disturb(struct track *t, enum trouble trouble)
{
	int at = TROUBLE_AT, end = t->count;

	switch (trouble) {
	case BOTH_LONGER:
		track_shift(t, at, end, 5e-3, 5e-3);
		break;
	case BOTH_SHORTER:
		track_shift(t, 0, at, 5e-3, 5e-3);
		break;
	case FORWARD_LONGER:
		track_shift(t, at, end, 5e-3, 0);
		break;
	case FORWARD_SHORTER:
		/* The first estimate takes the path for symmetric. */
		track_shift(t, 0, at, 5e-3, 5e-3);
		track_shift(t, at, end, 0, 5e-3);
		break;
	case CONGESTION:
		track_shift(t, at, at + 10, 50e-3, 0);
		break;
	case OUTLIERS:
		track_late_now_and_then(t);
		break;
	case JITTER:
		track_more_jitter(t, 1e-3);
		break;
	case CLOCK_STEP:
		track_set_clock(t, 5e-3);
		break;
	case CLOCK_STEP_SMALL:
		track_set_clock(t, 5e-4);
		break;
	case GLITCH:
		track_shift(t, at, at + 1, 1, -1);
		break;
	case NOTHING:
	case FREQ_1PPM:
	case FREQ_10PPM:
	case TROUBLES:
		break;
	}
}

/* The first course with exponential queues, and then the trouble. */
static inline void track_troubled(struct track *t, enum trouble trouble,
				  uint64_t seed)
{
	double jump = trouble == FREQ_1PPM    ? 1e-6
		      : trouble == FREQ_10PPM ? 1e-5
					      : 0;

	t->tau_s = courses[0].tau_s;
	t->wander = courses[0].wander;
	t->jitter_s = courses[0].jitter_s;
	t->law = LAW_EXPONENTIAL;
	t->luck = seed * 7919 + trouble;
	t->count = 2 * TROUBLE_AT;
	track_run(t, 4 * t->jitter_s, TROUBLE_AT, jump);
	track_disturb(t, trouble);
}

#endif
