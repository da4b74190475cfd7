/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/pool.h"

#define SOON_S 16 /* to the next lookup while members are wanted */
#define DRY_MOST 7
#define PAST_S 21600
#define DAY_S INT64_C(86400)

void pool_init(struct pool *p, const struct source_config *config,
	       enum family family, instant now)
{
	*p = (struct pool){
		.id = p->id,
		.number = p->number,
		.config = config,
		.lookup = { .name = config->host, .family = family },
	};
	if (config->kind == SOURCE_KIND_MANYCAST) {
		p->lookup.name = NULL;
		p->call = (struct call){ .on = true, .due = now };
	}
	events_add(&p->events, PEER_MOBILIZE);
	lookup_want(&p->lookup, now);
}

bool pool_accepts(const netaddr *addr)
{
	return !netaddr_is_none(addr) && !netaddr_is_nonsense(addr) &&
	       !netaddr_is_loopback(addr);
}

bool pool_is_bad(const struct source *m)
{
	bool silent = m->polling.reach == 0 && m->polling.unreach > 8;

	return silent || m->looped || m->bad_polls >= POOL_BAD_POLLS ||
	       polling_is_denied(&m->polling);
}

void pool_answered(struct pool *p, unsigned news, bool wants, struct rng *rng,
		   instant now)
{
	int64_t wait_s;

	p->idle = !wants;
	p->dry = news > 0 ? 0 : p->dry < DRY_MOST ? p->dry + 1 : DRY_MOST;
	if (wants) {
		wait_s = SOON_S << p->dry;
	} else {
		p->filled = true;
		wait_s = DAY_S + (int64_t)rng_below(rng, 2 * DAY_S);
	}
	lookup_want(&p->lookup, instant_add(now, SPAN_S(wait_s)));
}

void pool_wake(struct pool *p, instant now)
{
	p->idle = false;
	lookup_want(&p->lookup, now);
}

void pool_give_up(struct pool *p, const netaddr *addr, instant now)
{
	p->past[p->past_next] = *addr;
	p->past_at[p->past_next] = now;
	p->past_next = (p->past_next + 1) % POOL_PAST;
}

bool pool_remembers(const struct pool *p, const netaddr *addr, instant now)
{
	for (size_t i = 0; i < POOL_PAST; i++) {
		span age = instant_diff(now, p->past_at[i]);

		if (netaddr_same_host(&p->past[i], addr) &&
		    span_cmp(age, SPAN_S(PAST_S)) < 0) {
			return true;
		}
	}
	return false;
}
