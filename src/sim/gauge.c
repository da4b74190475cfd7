/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/gauge.h"

#include <math.h>

#include "sim/daemon.h"
#include "sim/world.h"

static const double level_s[GAUGE_LEVELS] = {
	[GAUGE_MS] = 1e-3,
	[GAUGE_100US] = 100e-6,
};

void gauge_start(struct node *n)
{
	struct gauge *g = &n->gauge;
	struct gauge_start s = { .at = n->world->now };

	for (unsigned i = 0; i < GAUGE_LEVELS; i++) {
		s.since[i] = MOMENT_NEVER;
		s.took_s[i] = INFINITY;
	}
	if (g->start_count < GAUGE_STARTS) {
		g->starts[g->start_count++] = s;
	}
}

void gauge_forget(struct node *n)
{
	struct gauge *g = &n->gauge;

	if (g->start_count > 0) {
		g->starts[0] = g->starts[g->start_count - 1];
		g->start_count = 1;
	}
}

void gauge_settle(struct node *n)
{
	n->gauge.sent_before = n->daemon ? n->daemon->sent : 0;
	n->gauge.sent_since = n->world->now;
}

static void look_at_level(struct gauge_start *s, unsigned level, bool within,
			  moment now)
{
	if (isfinite(s->took_s[level])) {
		return;
	}
	if (!within) {
		s->since[level] = MOMENT_NEVER;
		return;
	}
	if (s->since[level].v == MOMENT_NEVER.v) {
		s->since[level] = now;
	}
	moment since = s->since[level];
	if (span_to_seconds(moment_diff(now, since)) >= GAUGE_HOLD_S) {
		s->took_s[level] = span_to_seconds(moment_diff(since, s->at));
	}
}

/* Its clock shows `error_s` more than the truth. */
static void look_at_claims(struct node *n, double error_s)
{
	struct gauge *g = &n->gauge;
	struct claim c = daemon_claim(n);

	g->claims++;
	g->in_bound += -error_s >= c.earliest_s && -error_s <= c.latest_s;
	g->in_distance += fabs(error_s) <= daemon_bound_s(n);
	meter_add(&g->width, (c.latest_s - c.earliest_s) / 2, true);
}

void gauge_look(struct node *n, double error_s)
{
	struct gauge *g = &n->gauge;
	bool synchronised = daemon_synchronised(n);

	for (unsigned i = 0; i < GAUGE_LEVELS && g->start_count > 0; i++) {
		look_at_level(&g->starts[g->start_count - 1], i,
			      synchronised && fabs(error_s) < level_s[i],
			      n->world->now);
	}
	/* What a stranger just did to its clock it cannot know yet. */
	if (!n->watch.was_synchronised || n->watch.disturbed) {
		return;
	}
	g->looks++;
	if (synchronised) {
		look_at_claims(n, error_s);
	}
}

double gauge_packets_per_hour(const struct node *n)
{
	const struct gauge *g = &n->gauge;
	double seconds =
		span_to_seconds(moment_diff(n->world->now, g->sent_since));

	return seconds > 0 ? 3600 * (double)(n->daemon->sent - g->sent_before) /
				     seconds
			   : 0;
}
