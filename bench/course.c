/* SPDX-License-Identifier: BSD-2-Clause */
#include "course.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "sim/report.h"

#define CONFIG_MAX 256
#define SETTLE_H 2
#define FAIR_SHARE 0.99999

static const struct course courses[] = {
#define COURSE(function, kind, name, words) \
	{ (name), (words), COURSE_##kind, course_##function },
#include "courses.def"
#undef COURSE
};

size_t course_count(void)
{
	return ARRAY_LEN(courses);
}

const struct course *course_at(size_t index)
{
	return &courses[index];
}

void course_servers(struct run *r, unsigned count, const struct way *way)
{
	stage_network(r->world, way);
	world_add_servers(r->world, count);
}

struct oscillator course_quartz(struct run *r, double wander)
{
	struct rng *dice = &r->world->rng;
	double offset_s = dice_between(dice, 20e-3, 100e-3);
	double freq = dice_between(dice, 5e-6, 30e-6);

	return oscillator_quartz(dice_chance(dice, 0.5) ? offset_s : -offset_s,
				 dice_chance(dice, 0.5) ? freq : -freq, wander);
}

void course_daemon(struct run *r, const struct oscillator *kind)
{
	struct operator_orders orders = { .config = r->config };

	r->node = stage_daemon(r->world, kind, &orders);
}

void course_daemon_below(struct run *r, const struct oscillator *kind,
			 const struct node *above)
{
	char config[CONFIG_MAX];
	struct text text = text_over(config, sizeof(config));
	struct operator_orders orders = { .config = config };

	for (const char *c = r->config; *c; c++) {
		if (*c == '@') {
			netaddr_print(&above->addr, &text);
		} else {
			text_char(&text, *c);
		}
	}
	r->node = stage_daemon(r->world, kind, &orders);
}

struct way course_default_lan(void)
{
	return (struct way){
		.base_s = 100e-6,
		.jitter = { LAW_EXPONENTIAL, 100e-6, 0 },
	};
}

void course_settle(struct run *r)
{
	course_hours(r, SETTLE_H);
	world_settle(r->world);
}

void course_hours(struct run *r, double hours)
{
	world_run(r->world, hours * 3600);
}

void course_days(struct run *r)
{
	course_settle(r);
	course_hours(r, 24.0 * r->days);
}

static void add_starts(struct figures *f, const struct gauge *g)
{
	for (unsigned i = 0; i < g->start_count; i++) {
		if (f->starts == FIGURES_STARTS) {
			return;
		}
		for (unsigned level = 0; level < GAUGE_LEVELS; level++) {
			f->took_s[level][f->starts] =
				g->starts[i].took_s[level];
		}
		f->starts++;
	}
}

static void add(struct figures *f, const struct node *n)
{
	const struct gauge *g = &n->gauge;

	meter_merge(&f->error, &n->meter);
	meter_merge(&f->width, &g->width);
	add_starts(f, g);
	f->looks += g->looks;
	f->claims += g->claims;
	f->in_bound += g->in_bound;
	f->in_distance += g->in_distance;
	f->packets_per_hour += gauge_packets_per_hour(n);
	f->worlds++;
}

bool course_run(const struct course *c, uint64_t seed,
		const struct course_plan *plan, struct figures *f)
{
	char config[CONFIG_MAX] = "driftfile drift\nserver @ iburst\n";
	struct run r = {
		.world = world_new(seed),
		.config = config,
		.days = plan->days,
	};

	if (plan->polls > 0) {
		(void)snprintf(config, sizeof(config),
			       "driftfile drift\n"
			       "server @ iburst minpoll %d maxpoll %d\n",
			       plan->polls, plan->polls);
	}
	r.world->look_s = 1;
	c->tell(&r);
	bool well = !r.world->oracle.any;

	if (!well) {
		f->broken++;
		(void)fprintf(stderr, "%s, seed %" PRIu64 ": ", c->name, seed);
		world_verdict(r.world, stderr);
	}
	add(f, r.node);
	world_end(r.world);
	return well;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double figures_median_s(const struct figures *f, enum gauge_level level)
{
	double sorted[FIGURES_STARTS];

	for (unsigned i = 0; i < f->starts; i++) {
		sorted[i] = f->took_s[level][i];
	}
	qsort(sorted, f->starts, sizeof(sorted[0]), by_size);
	return f->starts > 0 ? sorted[f->starts / 2] : INFINITY;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

double figures_in_bound(const struct figures *f)
{
	return share(f->in_bound, f->claims);
}

double figures_in_distance(const struct figures *f)
{
	return share(f->in_distance, f->claims);
}

double figures_in_service(const struct figures *f)
{
	return share(f->claims, f->looks);
}

double figures_packets(const struct figures *f)
{
	return f->worlds > 0 ? f->packets_per_hour / f->worlds : 0;
}

bool course_keeps_bound(const struct course *c, const struct figures *f)
{
	return f->in_distance == f->claims &&
	       (c->kind != COURSE_FAIR || figures_in_bound(f) >= FAIR_SHARE);
}
