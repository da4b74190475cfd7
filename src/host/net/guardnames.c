/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/guardnames.h"

#include <stdlib.h>
#include <string.h>

#define SOON_S 2 /* until it is tried again, twice as long each time */
#define DOUBLINGS 8

void guardnames_init(struct guardnames *g, struct journal *j)
{
	*g = (struct guardnames){ .journal = j };
}

void guardnames_free(struct guardnames *g)
{
	free(g->all);
	*g = (struct guardnames){ .journal = g->journal };
}

static struct guardname *find(const struct guardnames *g, const char *host)
{
	for (size_t i = 0; i < g->count; i++) {
		if (strcmp(g->all[i].host, host) == 0) {
			return &g->all[i];
		}
	}
	return NULL;
}

static struct guardname *add(struct guardnames *g, const char *host)
{
	struct guardname *more;

	/* Their numbers go to the helpers and back as 16 bits. */
	if (strlen(host) >= sizeof(g->all->host) || g->count == UINT16_MAX) {
		return NULL;
	}
	more = realloc(g->all, (g->count + 1) * sizeof(*more));
	if (!more) {
		return NULL;
	}
	g->all = more;
	more += g->count++;
	*more = (struct guardname){ .wanted = false };
	memcpy(more->host, host, strlen(host) + 1);
	return more;
}

/* It was looked up at the start, and is no address that somebody wrote. */
static bool was_name(const struct restrict_config *r)
{
	netaddr a;

	return r->kind == RESTRICT_ADDRESS && r->prefix == 128 &&
	       !netaddr_parse(&a, r->host, strlen(r->host));
}

void guardnames_want(struct guardnames *g, const struct config *config,
		     instant now)
{
	for (size_t i = 0; i < g->count; i++) {
		g->all[i].wanted = false;
	}
	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		struct guardname *n;

		if (r->kind != RESTRICT_NAME && !was_name(r)) {
			continue;
		}
		n = find(g, r->host);
		n = n ? n : add(g, r->host);
		if (n && r->kind == RESTRICT_ADDRESS) {
			n->addr = r->addr;
		} else if (!n) {
			journal_say(g->journal, NOTE_ERROR,
				    "restrict %s: cannot be looked up",
				    r->host);
		} else if (!n->wanted) {
			n->wanted = true;
			n->failures = 0;
			n->next = now;
		}
	}
}

const netaddr *guardnames_find(const struct guardnames *g, const char *host)
{
	const struct guardname *n = find(g, host);

	return n && !netaddr_is_none(&n->addr) ? &n->addr : NULL;
}

static void fail(struct guardnames *g, struct guardname *n, instant now)
{
	unsigned shift = n->failures < DOUBLINGS ? n->failures : DOUBLINGS;

	if (n->failures++ == 0) {
		journal_say(g->journal, NOTE_WARNING,
			    "restrict %s: no address yet: the line guards "
			    "nothing",
			    n->host);
	}
	n->next = instant_add(now, SPAN_S((int64_t)SOON_S << shift));
}

void guardnames_tick(struct guardnames *g, struct resolver *r, instant now,
		     instant *wake)
{
	for (size_t i = 0; i < g->count; i++) {
		struct guardname *n = &g->all[i];
		struct resolver_question q = {
			.source = { .slot = GUARDNAMES_SLOT,
				    .generation = (uint16_t)i },
		};

		if (!n->wanted || n->asked) {
			continue;
		}
		if (instant_diff(n->next, now).v > 0) {
			*wake = instant_earlier(*wake, n->next);
			continue;
		}
		memcpy(q.name, n->host, sizeof(q.name));
		n->asked = resolver_ask(r, &q);
		if (!n->asked) {
			fail(g, n, now);
			*wake = instant_earlier(*wake, n->next);
		}
	}
}

bool guardnames_take(struct guardnames *g, const struct resolver_answer *a,
		     instant now, bool *news)
{
	struct guardname *n;

	*news = false;
	if (a->source.slot != GUARDNAMES_SLOT ||
	    a->source.generation >= g->count) {
		return a->source.slot == GUARDNAMES_SLOT;
	}
	n = &g->all[a->source.generation];
	n->asked = false;
	if (a->count == 0) {
		fail(g, n, now);
		return true;
	}
	*news = n->wanted;
	n->addr = a->addrs[0];
	n->addr.port = 0;
	n->wanted = false;
	return true;
}
