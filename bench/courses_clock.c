/* SPDX-License-Identifier: BSD-2-Clause */
/* Courses about our own clock, on a LAN; courses.def says what each is. */
#include "course.h"

#define USUAL 1e-9

static void begin(struct run *r, const struct oscillator *kind)
{
	struct way way = course_default_lan();

	course_servers(r, 1, &way);
	course_daemon(r, kind);
}

static void with_wander(struct run *r, double wander)
{
	struct oscillator kind = course_quartz(r, wander);

	begin(r, &kind);
	course_days(r);
}

void course_wander_10(struct run *r)
{
	with_wander(r, 1e-10);
}

void course_wander_9(struct run *r)
{
	with_wander(r, 1e-9);
}

void course_wander_8(struct run *r)
{
	with_wander(r, 1e-8);
}

void course_wander_7(struct run *r)
{
	with_wander(r, 1e-7);
}

static void freq_step(struct run *r, double by)
{
	vclock_advance(&r->node->clock, r->world->now);
	vclock_freq_step(&r->node->clock, r->world->now, by);
}

void course_freq_step(struct run *r)
{
	struct oscillator kind = course_quartz(r, USUAL);

	begin(r, &kind);
	course_settle(r);
	for (unsigned day = 0; day < r->days; day++) {
		course_hours(r, 6);
		freq_step(r, 2e-6);
		course_hours(r, 12);
		freq_step(r, -2e-6);
		course_hours(r, 6);
	}
}

void course_temperature(struct run *r)
{
	struct oscillator kind = course_quartz(r, USUAL);

	kind.temperature = 1e-6;
	kind.temperature_s = 86400;
	begin(r, &kind);
	course_settle(r);
	course_hours(r, 24.0 * (r->days > 3 ? r->days : 3));
}

void course_external_step(struct run *r)
{
	struct oscillator kind = course_quartz(r, USUAL);

	begin(r, &kind);
	course_settle(r);
	for (unsigned day = 0; day < r->days; day++) {
		course_hours(r, 12);
		node_set_clock(r->node, 1);
		gauge_start(r->node);
		if (day == 0) {
			gauge_forget(r->node);
		}
		course_hours(r, 12);
	}
}

void course_start_400ppm(struct run *r)
{
	struct oscillator kind = course_quartz(r, USUAL);

	kind.freq = kind.freq < 0 ? -400e-6 : 400e-6;
	begin(r, &kind);
	course_days(r);
}

/* A new morning: the battery's clock is a little off, the kernel forgot. */
static void morning(struct run *r)
{
	struct node *n = r->node;
	struct world *w = r->world;

	vclock_advance(&n->clock, w->now);
	vclock_steer(&n->clock, w->now, 0);
	vclock_step(&n->clock,
		    span_from_seconds(dice_between(&w->rng, -20e-3, 20e-3) -
				      node_error_s(n)));
	daemon_restart(n);
}

void course_daily_drift(struct run *r)
{
	struct oscillator kind = course_quartz(r, USUAL);

	begin(r, &kind);
	for (unsigned day = 0; day <= r->days; day++) {
		course_hours(r, 16);
		daemon_stop(r->node);
		course_hours(r, 8);
		morning(r);
		if (day == 0) {
			gauge_forget(r->node);
			world_settle(r->world);
		}
	}
	course_hours(r, 16);
}
