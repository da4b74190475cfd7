/* SPDX-License-Identifier: BSD-2-Clause */
/* How one life of a daemon ends, and what the next one finds. */
#include "sim/daemon.h"
#include "sim/world.h"

static struct machine machine_of(const struct vclock *c, moment now)
{
	return (struct machine){
		.asleep = c->asleep,
		.bent_known = true,
		.bent = vclock_bent(c, now),
		.rate_known = true,
		.rate = c->steer,
	};
}

struct mark daemon_mark(const struct node *n)
{
	const struct vclock *c = &n->clock;
	moment now = n->world->now;

	return (struct mark){
		.boot = { 1, n->daemon->boots },
		.now = vclock_mono(c, now),
		.wall = vclock_wall(c, now),
		.machine = machine_of(c, now),
	};
}

/* The state file stands beside the drift file, or where it is said to. */
void daemon_snapshot(struct node *n)
{
	struct daemon *d = n->daemon;
	struct mark mark = daemon_mark(n);

	if (d->config.driftfile || d->config.statefile) {
		d->state_len = engine_snapshot(d->engine, &mark, d->state,
					       SNAPSHOT_MOST);
	}
}

void daemon_terminate(struct node *n)
{
	struct daemon *d = n->daemon;

	vclock_advance(&n->clock, n->world->now);
	daemon_snapshot(n);
	if (d->config.ntp && !d->config.orders.no_clock) {
		vclock_steer(&n->clock, n->world->now, d->base);
	}
	daemon_stop(n);
}

void daemon_boot(struct node *n)
{
	vclock_advance(&n->clock, n->world->now);
	vclock_steer(&n->clock, n->world->now, 0);
	n->daemon->boots++;
	daemon_restart(n);
}
