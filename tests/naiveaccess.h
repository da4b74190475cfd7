/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naiveaccess.h - what the words of ntp.conf(5) say of an address, read one
 * restrict line after another: what any table must say too (threat F5).
 */
#ifndef TESTS_NAIVEACCESS_H
#define TESTS_NAIVEACCESS_H

#include "core/serve/access.h"

struct naive {
	const netaddr *from;
	int rank; /* the narrower network beats, and ntpport its twin */
	struct access_match match;
};

/* One entry, if it is about the address; the same network twice adds up. */
static inline void naive_weigh(struct naive *n, const netaddr *net,
			       unsigned prefix, uint32_t flags, uint32_t number)
{
	bool v4 = netaddr_is_v4(net), ntpport = flags & RESTRICT_NTPPORT;
	int rank = 2 * (int)prefix + ntpport;
	uint32_t counter = 2 * number + !v4;

	if (!netaddr_in_prefix(n->from, net, prefix) ||
	    (ntpport && n->from->port != NTP_PORT) || rank < n->rank) {
		return;
	}
	if (rank > n->rank) {
		n->match = (struct access_match){ .counter = counter };
	}
	n->rank = rank;
	n->match.flags |= flags & ~(uint32_t)RESTRICT_NTPPORT;
	if (n->match.counter < counter) {
		n->match.counter = counter;
	}
	n->match.general = prefix == (netaddr_is_v4(n->from) ? 96 : 0);
}

static inline void naive_default(struct naive *n, enum family family,
				 uint32_t flags, uint32_t number)
{
	const netaddr v4 = netaddr_v4(0, 0), v6 = { .port = 0 };

	if (family != FAMILY_V6) {
		naive_weigh(n, &v4, 96, flags, number);
	}
	if (family != FAMILY_V4) {
		naive_weigh(n, &v6, 0, flags, number);
	}
}

/* `restrict source`, for hosts that no line is about. */
static inline void naive_source(struct naive *n, const struct config *config,
				const netaddr *hosts, size_t count)
{
	struct naive source = { .from = n->from, .rank = -1 };
	uint32_t number = 0, last = 0, flags = 0;

	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		number++;
		if (r->kind == RESTRICT_SOURCE) {
			last = number;
			flags |= r->flags;
		}
	}
	for (size_t i = 0; i < count && last != 0; i++) {
		naive_weigh(&source, &hosts[i], 128, flags, last);
	}
	if (source.rank > n->rank) {
		*n = source;
	}
}

static inline struct access_match naive_match(const struct config *config,
					      const netaddr *hosts,
					      size_t count, const netaddr *from)
{
	struct naive n = { .from = from, .rank = -1 };
	uint32_t number = 0;

	naive_default(&n, FAMILY_ANY, 0, 0);
	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		number++;
		if (r->kind == RESTRICT_DEFAULT) {
			naive_default(&n, r->family, r->flags, number);
		} else if (r->kind == RESTRICT_ADDRESS ||
			   (r->kind == RESTRICT_NAME &&
			    !netaddr_is_none(&r->addr))) {
			naive_weigh(&n, &r->addr, r->prefix, r->flags, number);
		}
	}
	naive_source(&n, config, hosts, count);
	return n.match;
}

static inline bool naive_agrees(const struct access_match *a,
				const struct access_match *b)
{
	return a->flags == b->flags && a->counter == b->counter &&
	       a->general == b->general;
}

#endif
