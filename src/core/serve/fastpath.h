/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastpath.h - what the program in the kernel is told: the view, and who may
 * be served, as values of its maps (fastmap.h).
 *
 * Pure. It is told less than a serving thread knows: whenever the answer may
 * be another one than a plain one, it is told to pass the request up.
 */
#ifndef CORE_FASTPATH_H
#define CORE_FASTPATH_H

#include "core/serve/access.h"
#include "core/serve/fastmap.h"
#include "core/serve/ratelimit.h"
#include "core/serve/view.h"

/* A view that is not replaced ends after that: twice STANDING_VIEW_S, and
 * then some. */
#define FASTPATH_LIFE_S 40

/* What the kernel's clocks are when a view is published. */
struct fast_clock {
	uint64_t mono_ns, tai_ns; /* CLOCK_MONOTONIC, CLOCK_TAI */
	int64_t tai_s;            /* CLOCK_TAI less CLOCK_REALTIME */
	enum leap leap;           /* what it will do at the end of this day */
};

/* What of the configuration is in each view. */
struct fast_config {
	unsigned dscp;
	const struct ratelimit_rules *limits; /* NULL: who is limited goes up */
};

struct fast_view fastpath_view(const struct view *view,
			       const struct fast_clock *clock,
			       const struct fast_config *config);

/* A network, and what its hosts may. */
struct fast_net {
	enum fast_rule rule;
	uint32_t line;  /* number of its counter, as access_match has it */
	uint8_t prefix; /* of its own 32 or 128 bits */
	bool v4;
	uint8_t ip[16]; /* IPv4: the first four */
};

/* One host. */
struct fast_net fastpath_host(const netaddr *host, enum fast_rule rule);
/*
 * What entry `i` of access_count() is to the program; false when the next one
 * is about the same network and says it all.
 */
MUST_USE bool fastpath_net(const struct access *a, size_t i,
			   struct fast_net *net);
/* By family, prefix, address: 0 is the same network. */
int fastpath_order(const struct fast_net *a, const struct fast_net *b);
/* What `nets`, in that order and each once, say of whom the default alone is
 * about: fills `others` and `only_others`. */
void fastpath_others(struct fast_state *state, const struct fast_net *nets,
		     size_t count);

#endif
