/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/daemon.h"

#define LEAPING_S 0.1
#define BEGINNING INT64_C(1767225600) /* 2026-01-01, since 1970 */
#define LOOK_S 16                     /* unless somebody wants it more often */

struct world *world_new(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	struct way usual = way_lan();

	INVARIANT(w != NULL); /* a simulator without memory has no world */
	w->seed = seed;
	rng_init_number(&w->rng, seed);
	w->epoch = tstamp_from_unix(BEGINNING, 0);
	vnet_init(&w->net, rng_u64(&w->rng), &usual);
	w->trail = trail_new();
	w->look_s = LOOK_S;
	queue_put(&w->queue, &(struct future){
				     .at = moment_at_s(1),
				     .kind = HAPPEN_MEASURE,
			     });
	return w;
}

void world_end(struct world *w)
{
	for (unsigned i = 0; i < w->count; i++) {
		daemon_end(w->nodes[i]);
		upstream_forget(&w->nodes[i]->upstream);
		free(w->nodes[i]);
	}
	queue_end(&w->queue);
	free(w);
}

static void happen(struct world *w, struct future *f)
{
	switch (f->kind) {
	case HAPPEN_MEASURE:
		oracle_measure(w);
		f->at = moment_add(f->at, span_from_seconds(w->look_s));
		queue_put(&w->queue, f);
		break;
	case HAPPEN_FAULT:
		fault_apply(w, f->index, f->flag);
		break;
	case HAPPEN_TICK:
	case HAPPEN_ARRIVAL:
	case HAPPEN_SEEN:
	case HAPPEN_SENT:
	case HAPPEN_REFUSED:
	case HAPPEN_RESOLVED:
	case HAPPEN_READ:
	case HAPPEN_PULSE:
		node_handle(w->nodes[f->node], f);
		break;
	}
}

void world_run(struct world *w, double seconds)
{
	moment end = moment_add(w->now, span_from_seconds(seconds));

	for (;;) {
		const struct future *first = queue_first(&w->queue);

		if (moment_before(end, first->at)) {
			break;
		}
		struct future f = queue_take(&w->queue);
		w->now = f.at;
		happen(w, &f);
	}
	w->now = end;
}

tstamp world_date(const struct world *w, moment at)
{
	tstamp date = tstamp_add(w->epoch, (span){ at.v });
	bool leapt = w->leap != LEAP_NONE && !moment_before(at, w->leap_at);

	if (!leapt) {
		return date;
	}
	return tstamp_add(date, SPAN_S(w->leap == LEAP_INSERT ? -1 : 1));
}

void world_plan_leap(struct world *w, enum leap leap, double after_s)
{
	bool less = leap == LEAP_DELETE;
	tstamp before = w->epoch;

	w->epoch = tstamp_add(tstamp_from_unix(WORLD_LEAP_DATE, 0),
			      span_from_seconds(-after_s));
	w->leap = leap;
	w->leap_at = moment_at_s(after_s - less);
	for (unsigned i = 0; i < w->count; i++) {
		struct vclock *c = &w->nodes[i]->clock;

		vclock_step(c, tstamp_diff(w->epoch, before));
		vclock_arm(c, w->now, leap);
		c->leap_at = tstamp_from_unix(WORLD_LEAP_DATE - less, 0);
	}
}

bool world_is_leaping(const struct world *w)
{
	double ago_s = span_to_seconds(moment_diff(w->now, w->leap_at));

	return w->leap != LEAP_NONE && fabs(ago_s) < LEAPING_S;
}

struct node *world_node(const struct world *w, const netaddr *addr)
{
	for (unsigned i = 0; i < w->count; i++) {
		if (netaddr_same_host(&w->nodes[i]->addr, addr)) {
			return w->nodes[i];
		}
	}
	return NULL;
}

struct name *world_add_name(struct world *w, const char *name)
{
	INVARIANT(w->name_count < WORLD_NAMES);
	struct name *n = &w->names[w->name_count++];

	n->name = name;
	n->delay_s = 0.05;
	return n;
}

void name_add(struct name *n, const struct node *node)
{
	INVARIANT(n->count < NAME_ADDRS);
	n->addrs[n->count++] = node->addr;
}

unsigned name_lookup(const struct name *n, struct rng *r,
		     netaddr addrs[NAME_ADDRS])
{
	unsigned wanted = n->count;

	if (n->per_answer > 0 && n->per_answer < wanted) {
		wanted = n->per_answer;
	}
	memcpy(addrs, n->addrs, sizeof(n->addrs));
	for (unsigned i = 0; i < wanted && wanted < n->count; i++) {
		unsigned other = i + (unsigned)rng_below(r, n->count - i);
		netaddr kept = addrs[i];

		addrs[i] = addrs[other];
		addrs[other] = kept;
	}
	return wanted;
}

void world_send(struct world *w, unsigned from, moment at,
		const struct datagram *gram)
{
	struct node *to = world_node(w, &gram->to);
	moment arrivals[VNET_COPIES];

	if (!to) {
		return; /* nobody is there: lost on the way */
	}
	spoof_notice(w, from, at, gram);
	unsigned copies = vnet_carry(&w->net, from, to->index, at, arrivals);
	for (unsigned i = 0; i < copies; i++) {
		struct datagram *copy = malloc(sizeof(*copy));

		INVARIANT(copy != NULL);
		*copy = *gram;
		span late = vclock_stamp_delay(&to->clock);
		queue_put(&w->queue,
			  &(struct future){
				  .at = moment_add(arrivals[i], late),
				  .kind = HAPPEN_ARRIVAL,
				  .node = to->index,
				  .gram = copy,
			  });
	}
}

void world_settle(struct world *w)
{
	for (unsigned i = 0; i < w->count; i++) {
		w->nodes[i]->meter = (struct meter){ 0 };
		gauge_settle(w->nodes[i]);
	}
}
