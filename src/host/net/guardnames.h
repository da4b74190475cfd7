/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guardnames.h - host names on restrict lines, looked up while the daemon runs.
 *
 * Such a line guards nothing until its name has an address; nobody waits for
 * that (H6). A name that a reload brings is looked up by the resolver's
 * helpers, and one that has no address is tried again; then the line holds.
 */
#ifndef HOST_GUARDNAMES_H
#define HOST_GUARDNAMES_H

#include "host/net/resolver.h"
#include "host/system/journal.h"

#define GUARDNAMES_SLOT UINT16_MAX /* of their questions: no source has it */

struct guardname {
	char host[RESOLVER_NAME];
	netaddr addr; /* none: not known yet */
	bool wanted;  /* by a line of the settings that hold */
	bool asked;
	unsigned failures; /* in a row */
	instant next;      /* when to ask */
};

struct guardnames {
	struct guardname *all;
	size_t count;
	struct journal *journal;
};

void guardnames_init(struct guardnames *g, struct journal *j);
void guardnames_free(struct guardnames *g);

/* These settings hold: which of their lines still want an address? */
void guardnames_want(struct guardnames *g, const struct config *config,
		     instant now);
/* NULL: no address is known. */
const netaddr *guardnames_find(const struct guardnames *g, const char *host);
/* Asks for those that are due; *wake becomes no later than the next. */
void guardnames_tick(struct guardnames *g, struct resolver *r, instant now,
		     instant *wake);
/* False: the answer to no question of ours. `*news`: an address came. */
bool guardnames_take(struct guardnames *g, const struct resolver_answer *a,
		     instant now, bool *news);

#endif
