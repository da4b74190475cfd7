/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * course.h - the worlds that accuracy is measured in, and what is measured.
 *
 * courses.def is the list. A course is a scenario (sim/scenario.h) with one
 * daemon that counts: each story says when the world has settled and which
 * daemon it is about.
 */
#ifndef BENCH_COURSE_H
#define BENCH_COURSE_H

#include "sim/scenario.h"

/* What truth and bounds can be held to. */
enum course_kind {
	COURSE_FAIR,   /* honest majority, ways alike: the bound is to hold */
	COURSE_UNFAIR, /* what nobody can know: only root distance is */
};

/* One world of a course, under way. */
struct run {
	struct world *world;
	struct node *node;  /* the daemon that counts */
	const char *config; /* "server @ iburst" for each server, and more */
	unsigned days;      /* that count */
};

struct course {
	const char *name, *words;
	enum course_kind kind;
	void (*tell)(struct run *r);
};

size_t course_count(void);
const struct course *course_at(size_t index);

/* Of all seeds of a course together. */
#define FIGURES_STARTS 512
struct figures {
	struct meter error, width; /* width: half of the published bound */
	double took_s[GAUGE_LEVELS][FIGURES_STARTS];
	unsigned starts;
	uint64_t looks, claims, in_bound, in_distance;
	double packets_per_hour; /* the sum over `worlds` */
	unsigned worlds, broken;
};

/* How to run it. */
struct course_plan {
	unsigned days; /* of each world, the time to settle aside */
	int polls;     /* log2 s: how often to ask; 0: as a daemon likes */
};
/* Lives through one world, adds it to the figures; false: an oracle broke. */
bool course_run(const struct course *c, uint64_t seed,
		const struct course_plan *plan, struct figures *f);

/* Of all starts; INFINITY when most never arrived. */
double figures_median_s(const struct figures *f, enum gauge_level level);
/* Shares of what was claimed, and of the time since the first sync. */
double figures_in_bound(const struct figures *f);
double figures_in_distance(const struct figures *f);
double figures_in_service(const struct figures *f);
double figures_packets(const struct figures *f);

/*
 * What a daemon may be held to: where the world is fair the truth is within
 * the published bound in 99.999 % of all seconds, and always within root
 * distance.
 */
bool course_keeps_bound(const struct course *c, const struct figures *f);

#define COURSE(function, kind, name, words) \
	void course_##function(struct run *r);
#include "courses.def"
#undef COURSE

/* Helpers of the storytellers. */

/* So many perfect servers, all over ways like this. */
void course_servers(struct run *r, unsigned count, const struct way *way);
/* A quartz as they are sold: offset and frequency drawn. */
struct oscillator course_quartz(struct run *r, double wander);
/* The daemon that counts. */
void course_daemon(struct run *r, const struct oscillator *kind);
/* Another one, which asks only that node; the one that counts from now on. */
void course_daemon_below(struct run *r, const struct oscillator *kind,
			 const struct node *above);
/* 100 us away, 100 us of jitter. */
struct way course_default_lan(void);
/* Two hours to settle; what comes then counts. */
void course_settle(struct run *r);
void course_hours(struct run *r, double hours);
/* Settles, then lives through its days. */
void course_days(struct run *r);

#endif
