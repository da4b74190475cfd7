/* SPDX-License-Identifier: BSD-2-Clause */
/* Courses about the network: one server; courses.def says what each is. */
#include "course.h"

#define USUAL 1e-9 /* a quartz's wander, s/s per sqrt(s) */

/* One server at the end of such ways. */
static void begin(struct run *r, const struct way *way)
{
	struct oscillator kind = course_quartz(r, USUAL);

	course_servers(r, 1, way);
	course_daemon(r, &kind);
}

static void over(struct run *r, const struct way *way)
{
	begin(r, way);
	course_days(r);
}

static void noise_of(struct run *r, enum law law, double scale, double shape)
{
	struct way way = way_wan();

	way.jitter = (struct jitter){ law, scale, shape };
	over(r, &way);
}

static struct way *there(struct run *r)
{
	return vnet_way(&r->world->net, r->node->index, 0);
}

static struct way *back(struct run *r)
{
	return vnet_way(&r->world->net, 0, r->node->index);
}

void course_lan_quiet(struct run *r)
{
	struct way way = way_lan();

	over(r, &way);
}

void course_lan_busy(struct run *r)
{
	struct way way = way_lan_busy();

	over(r, &way);
}

void course_wan_typical(struct run *r)
{
	struct way way = way_wan();

	over(r, &way);
}

void course_wan_bad(struct run *r)
{
	struct way way = way_wan_bad();

	over(r, &way);
}

void course_wan_asymmetric(struct run *r)
{
	struct way way = way_wan();

	begin(r, &way);
	there(r)->base_s += 10e-3;
	course_days(r);
}

void course_loss_30(struct run *r)
{
	struct way way = way_wan();

	way.loss = 0.3;
	over(r, &way);
}

/* The trouble is far away: no link of ours goes down. */
void course_intermittent(struct run *r)
{
	struct way way = way_wan();
	struct jitter on = { LAW_EXPONENTIAL, 2400, 0 };
	struct jitter off = { LAW_EXPONENTIAL, 4800, 0 };
	struct world *w = r->world;

	begin(r, &way);
	course_settle(r);
	while (moment_to_s(w->now) < r->days * 86400.0) {
		vnet_isolate(&w->net, 0, true);
		world_run(w, dice_jitter(&w->rng, &off));
		vnet_isolate(&w->net, 0, false);
		world_run(w, dice_jitter(&w->rng, &on));
	}
}

/* Twice a day, both ways. */
static void route_changes(struct run *r, double base_s, double longer_s)
{
	struct way way = way_wan();

	way.base_s = base_s;
	begin(r, &way);
	course_settle(r);
	for (unsigned i = 0; i < 2 * r->days; i++) {
		course_hours(r, 6);
		there(r)->base_s += longer_s;
		back(r)->base_s += longer_s;
		course_hours(r, 6);
	}
}

void course_route_longer(struct run *r)
{
	route_changes(r, 10e-3, 5e-3);
}

void course_route_shorter(struct run *r)
{
	route_changes(r, 40e-3, -2e-3);
}

void course_route_one_way(struct run *r)
{
	struct way way = way_wan();

	begin(r, &way);
	course_settle(r);
	for (unsigned i = 0; i < 2 * r->days; i++) {
		course_hours(r, 6);
		there(r)->base_s += 5e-3;
		course_hours(r, 6);
		there(r)->base_s -= 5e-3;
	}
}

void course_congestion(struct run *r)
{
	struct way way = way_wan();

	begin(r, &way);
	there(r)->quiet_s = 7200;
	there(r)->busy_s = 900;
	there(r)->busy_queue_s = 20e-3;
	course_days(r);
}

void course_outliers(struct run *r)
{
	struct way way = way_wan();

	way.reorder = 0.02;
	way.held_s = 0.1;
	over(r, &way);
}

void course_lognormal(struct run *r)
{
	noise_of(r, LAW_LOGNORMAL, 300e-6, 1);
}

void course_pareto(struct run *r)
{
	noise_of(r, LAW_PARETO, 500e-6, 1.5);
}

void course_two_humps(struct run *r)
{
	noise_of(r, LAW_TWO_HUMPS, 100e-6, 10);
}

void course_gaussian(struct run *r)
{
	noise_of(r, LAW_GAUSSIAN, 200e-6, 0);
}
