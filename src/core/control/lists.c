/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/control/lists.h"

#include <string.h>

#include "core/control/pieces.h"
#include "core/report/report.h"

#define ROW 1024 /* all items of a row */
#define V4_PREFIX 96

static void put_endpoint(struct pieces *r, const char *name, size_t i,
			 const netaddr *addr)
{
	char buffer[PIECES_ITEM];
	struct text item = pieces_numbered(buffer, name, i);

	netaddr_print_port(addr, &item);
	pieces_item(r, &item);
}

/* The name alone: what has no value has no equals sign either. */
static void put_empty(struct pieces *r, const char *tag, size_t i)
{
	char buffer[PIECES_ITEM];
	struct text item = pieces_numbered(buffer, tag, i);

	item.len--;
	pieces_item(r, &item);
}

static void put_name(struct pieces *r, size_t i, const char *name)
{
	char buffer[PIECES_ITEM];
	struct text item = pieces_numbered(buffer, "name", i);

	report_print_quoted(name, &item);
	pieces_item(r, &item);
}

static void put_socket(struct pieces *r, size_t i,
		       const struct socket_report *s)
{
	put_endpoint(r, "addr", i, &s->addr);
	/* Classic's ntpq wants all twelve items of a row. */
	if (netaddr_is_none(&s->broadcast)) {
		put_empty(r, "bcast", i);
	} else {
		put_endpoint(r, "bcast", i, &s->broadcast);
	}
	pieces_number(r, "en", i, s->enabled);
	put_name(r, i, s->name);
	pieces_hex(r, "flags", i, s->flags);
	pieces_number(r, "tl", i, 0);
	pieces_number(r, "mc", i, 0);
	pieces_number(r, "rx", i, s->received);
	pieces_number(r, "tx", i, s->sent);
	pieces_number(r, "txerr", i, s->send_failed);
	pieces_number(r, "pc", i, s->peers);
	pieces_number(r, "up", i, s->uptime_s);
}

struct word {
	uint32_t flag;
	const char *set, *clear;
};

/* As classic says them, in its order; what is NULL is not said. */
static const struct word words[] = {
	{ RESTRICT_NTPPORT, "ntpport", NULL },
	{ RESTRICT_IGNORE, "ignore", NULL },
	{ RESTRICT_NOSERVE, "noserve", "serve" },
	{ RESTRICT_NOTRUST, "notrust", "trust" },
	{ RESTRICT_VERSION, "version", NULL },
	{ RESTRICT_NOPEER, "nopeer", "peer" },
	{ RESTRICT_NOEPEER, "noepeer", "epeer" },
	{ RESTRICT_LIMITED, "limited", NULL },
	{ RESTRICT_NOQUERY, "noquery", "query" },
	{ RESTRICT_NOMODIFY, "nomodify", NULL },
	{ RESTRICT_NOTRAP, "notrap", "trap" },
	{ RESTRICT_LPTRAP, "lptrap", NULL },
	{ RESTRICT_KOD, "kod", NULL },
	{ RESTRICT_MSSNTP, "mssntp", NULL },
	{ RESTRICT_FLAKE, "flake", NULL },
	{ RESTRICT_NOMRULIST, "nomrulist", NULL },
	{ RESTRICT_FUZZ, "serverresponse fuzz", NULL },
};

static void put_words(struct pieces *r, size_t i, const struct access_entry *e)
{
	char buffer[PIECES_ITEM];
	struct text item = pieces_numbered(buffer, "flags", i);
	size_t before = item.len;

	text_str(&item, e->for_source ? "source" : "");
	for (size_t w = 0; w < ARRAY_LEN(words); w++) {
		const char *word = e->flags & words[w].flag ? words[w].set
							    : words[w].clear;

		if (word) {
			text_str(&item, item.len > before ? " " : "");
			text_str(&item, word);
		}
	}
	pieces_item(r, &item);
}

/* A network's address, and the mask of its prefix: both without a port. */
static void put_net(struct pieces *r, size_t i, const struct access_entry *e)
{
	bool v4 = netaddr_is_v4(&e->net) && e->prefix >= V4_PREFIX;
	char buffer[PIECES_ITEM];
	struct text item = pieces_numbered(buffer, "addr", i);
	netaddr mask = { .port = 0 };

	memset(mask.ip, 0xff, sizeof(mask.ip));
	netaddr_clear_host(&mask, e->prefix);
	netaddr_print(&e->net, &item);
	pieces_item(r, &item);
	if (v4) {
		mask = netaddr_v4(netaddr_v4_bits(&mask), 0);
	}
	item = pieces_numbered(buffer, "mask", i);
	netaddr_print(&mask, &item);
	pieces_item(r, &item);
}

static uint64_t hits_of(const struct listables *l, uint32_t counter)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->shard_count; i++) {
		const struct server_shard *s = &l->shards[i];

		sum += counter < s->hit_count ? s->hits[counter] : 0;
	}
	return sum;
}

static void put_restriction(struct pieces *r, const struct listables *l,
			    size_t i)
{
	struct access_entry e = access_entry(l->access, i);

	put_net(r, i, &e);
	pieces_number(r, "hits", i, hits_of(l, e.counter));
	put_words(r, i, &e);
}

/* As much as the offset of a datagram reaches; the rest is left out whole. */
static bool has_room(const struct pieces *r)
{
	return pieces_room(r, PIECES_MOST) > ROW;
}

void lists_answer(const struct effect *e, const struct listables *l,
		  struct outbox *out)
{
	struct pieces r = { .out = out,
			    .signer = l->signer,
			    .header = e->list.header };
	size_t count = 0;

	switch (e->list.kind) {
	case LIST_CLIENTS:
		mrulist_answer(e, l, &r);
		return;
	case LIST_SOCKETS:
		for (; count < l->socket_count && has_room(&r); count++) {
			put_socket(&r, count, &l->sockets[count]);
		}
		break;
	case LIST_RESTRICTIONS:
		while (l->access && count < access_count(l->access) &&
		       has_room(&r)) {
			put_restriction(&r, l, count++);
		}
		break;
	}
	pieces_end(&r);
}
