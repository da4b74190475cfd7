/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h - a name that stands for many servers: when to look it up again, and
 * which members to exchange for others.
 *
 * A member is only given up when there is another address to put in its
 * place: when the network is gone, all are silent and none is to blame.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/source/call.h"
#include "core/source/lookup.h"
#include "core/source/source.h"

#define POOL_ADDRS 4     /* used of one answer (H1) */
#define POOL_MEMBERS 64  /* of all pools together, at most */
#define POOL_PAST 16     /* addresses given up that are remembered */
#define POOL_BAD_POLLS 8 /* a falseticker for so long is exchanged */

struct pool {
	source_id id;
	uint16_t number;
	const struct source_config *config;
	struct lookup lookup; /* of a name ... */
	struct call call;     /* ... or of a group, which is called */
	struct events events;
	bool filled; /* once had all the members it wants */
	bool idle;   /* has them: the next lookup is a routine */
	uint8_t dry; /* answers in a row without a new address */

	/* Not to be asked again soon: a ring. */
	netaddr past[POOL_PAST];
	instant past_at[POOL_PAST];
	size_t past_next;
};

void pool_init(struct pool *p, const struct source_config *config,
	       enum family family, instant now);
/* May a name lead us there? (H4) */
bool pool_accepts(const netaddr *addr);
/* Is it of no use, and has been so for long enough? */
bool pool_is_bad(const struct source *member);
/*
 * An answer brought `news` new members; `wants` says that there is a place
 * for more, or a bad one to exchange. Plans the next lookup (H2).
 */
void pool_answered(struct pool *p, unsigned news, bool wants, struct rng *rng,
		   instant now);

/* This address is given up, and not to be taken again for some hours. */
void pool_give_up(struct pool *p, const netaddr *addr, instant now);
bool pool_remembers(const struct pool *p, const netaddr *addr, instant now);
/* A member went bad: looks for another now. */
void pool_wake(struct pool *p, instant now);

#endif
