/* SPDX-License-Identifier: BSD-2-Clause */
#include <sched.h>
#include <string.h>

#include "host/serve/workers.h"

static bool is_loopback_rule(const struct nic_config *n)
{
	return (n->match == NIC_ADDR && netaddr_is_loopback(&n->addr)) ||
	       (n->match == NIC_NAME && n->name && strcmp(n->name, "lo") == 0);
}

/* Rules that open no more than loopback. */
static bool listens_here_only(const struct listen_rules *r)
{
	for (const struct nic_config *n = r->rules; n; n = n->next) {
		if (n->action == NIC_LISTEN && n->match != NIC_WILDCARD &&
		    !is_loopback_rule(n)) {
			return false;
		}
	}
	return r->rules != NULL;
}

static bool is_for_others(const struct restrict_config *r)
{
	return r->kind != RESTRICT_SOURCE &&
	       !(r->kind == RESTRICT_ADDRESS && netaddr_is_loopback(&r->addr));
}

/* Everybody is refused, and no line lets anybody else in. */
static bool serves_here_only(const struct config *c)
{
	bool v4 = false, v6 = false;

	for (const struct restrict_config *r = c->restricts; r; r = r->next) {
		if (!is_for_others(r)) {
			continue;
		}
		if (!(r->flags & (RESTRICT_IGNORE | RESTRICT_NOSERVE))) {
			return false;
		}
		if (r->kind == RESTRICT_DEFAULT) {
			v4 |= r->family != FAMILY_V6;
			v6 |= r->family != FAMILY_V4;
		}
	}
	return v4 && v6;
}

unsigned workers_wanted(const struct config *c, const struct listen_rules *r)
{
	cpu_set_t cpus;
	int count = c->server_threads;

	if (count < 0) {
		if (listens_here_only(r) || serves_here_only(c)) {
			return 0;
		}
		CPU_ZERO(&cpus);
		count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0
				? CPU_COUNT(&cpus)
				: 1;
	}
	return count > WORKERS_MOST ? WORKERS_MOST : (unsigned)count;
}
