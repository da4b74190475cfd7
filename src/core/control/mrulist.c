/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * READ_MRU: the next piece of the list of clients, the oldest first, from the
 * client on that the request says it has already.
 */
#include "core/control/lists.h"
#include "core/control/pieces.h"
#include "core/control/query.h"
#include "core/report/report.h"
#include "core/serve/clients.h"

#include <string.h>

#define FRAGMENTS 128     /* that may be asked for */
#define ROWS 256          /* likewise */
#define STARTS 16         /* pairs of address and time in a request */
#define ROW 256           /* octets that a row never exceeds */
#define TRAILER 96        /* octets behind the last row, at most */
#define LOOKED_AT 32768   /* clients for one answer: 1 to 4 ms */
#define RECENT_MOST 65536 /* likewise, when counting from the end */
#define MASK(flags) ((flags) & (RESTRICT_NTPPORT - 1u))
#define FATES ((uint32_t)(RESTRICT_LIMITED | RESTRICT_KOD))

/* Where the asker's own list ends. */
struct start {
	netaddr addr;
	tstamp last;
	bool has_addr, has_last;
};

struct mru_query {
	uint64_t frags, limit, mincount, maxlstint, minlstint, recent;
	uint64_t resall, resany;
	netaddr laddr;
	struct start starts[STARTS];
	size_t start_count;
	bool has_frags, has_limit, has_resany, has_laddr, bad;
};

static bool number_of(const char *s, size_t len, uint64_t *v)
{
	return text_to_u64(s, len, v) || text_0x_to_u64(s, len, v);
}

/* 0x1234abcd.00ff00ff */
static bool stamp_of(const char *s, size_t len, tstamp *t)
{
	const char *dot = memchr(s, '.', len);
	uint64_t high, low;

	if (!dot || s + len - dot != 9 || dot - s > 10 ||
	    !text_0x_to_u64(s, (size_t)(dot - s), &high) ||
	    !text_hex_to_u64(dot + 1, 8, &low)) {
		return false;
	}
	*t = (tstamp){ high << 32 | low };
	return true;
}

/* The zone of a link-local address is a number here: see netaddr_print(). */
static bool host_of(const char *s, size_t len, netaddr *a)
{
	const char *zone = memchr(s, '%', len);
	uint64_t scope = 0;

	if (zone &&
	    (!text_to_u64(zone + 1, (size_t)(s + len - zone - 1), &scope) ||
	     scope > UINT32_MAX)) {
		return false;
	}
	if (!netaddr_parse(a, s, zone ? (size_t)(zone - s) : len)) {
		return false;
	}
	a->scope = (uint32_t)scope;
	return true;
}

/* 192.0.2.1:123, [2001:db8::1]:123, or either without a port. */
static bool endpoint_of(const char *s, size_t len, netaddr *a)
{
	const char *end = s + len, *colon;

	if (len > 0 && *s == '[') {
		const char *close = memchr(s, ']', len);

		return close && host_of(s + 1, (size_t)(close - s) - 1, a);
	}
	colon = memchr(s, ':', len);
	/* More than one: IPv6 without brackets, and without a port. */
	if (colon && !memchr(colon + 1, ':', (size_t)(end - colon) - 1)) {
		end = colon;
	}
	return host_of(s, (size_t)(end - s), a);
}

/* "addr.7": true, and the 7. */
static bool is_numbered(const struct query_item *item, const char *stem,
			uint64_t *number)
{
	size_t len = strlen(stem);

	return item->name_len > len && memcmp(item->name, stem, len) == 0 &&
	       text_to_u64(item->name + len, item->name_len - len, number);
}

static bool take_start(struct mru_query *w, const struct query_item *item)
{
	uint64_t i;
	bool good;

	if (is_numbered(item, "addr.", &i) && i < STARTS) {
		struct start *s = &w->starts[i];

		good = endpoint_of(item->value, item->value_len, &s->addr);
		s->has_addr = good;
	} else if (is_numbered(item, "last.", &i) && i < STARTS) {
		struct start *s = &w->starts[i];

		good = stamp_of(item->value, item->value_len, &s->last);
		s->has_last = good;
	} else {
		return false;
	}
	w->start_count =
		i + 1 > w->start_count ? (size_t)i + 1 : w->start_count;
	w->bad |= !good;
	return true;
}

/* Names that we do not know ask for nothing. */
static void take_item(struct mru_query *w, const struct query_item *item)
{
	const struct {
		const char *name;
		uint64_t *value;
		bool *given;
	} numbers[] = {
		{ "frags", &w->frags, &w->has_frags },
		{ "limit", &w->limit, &w->has_limit },
		{ "mincount", &w->mincount, NULL },
		{ "maxlstint", &w->maxlstint, NULL },
		{ "minlstint", &w->minlstint, NULL },
		{ "lstint", &w->minlstint, NULL },
		{ "recent", &w->recent, NULL },
		{ "resall", &w->resall, NULL },
		{ "resany", &w->resany, &w->has_resany },
	};

	if (!item->value) {
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (text_equal(numbers[i].name, item->name, item->name_len)) {
			w->bad |= !number_of(item->value, item->value_len,
					     numbers[i].value);
			if (numbers[i].given) {
				*numbers[i].given = true;
			}
			return;
		}
	}
	if (text_equal("laddr", item->name, item->name_len)) {
		w->has_laddr = true;
		w->bad |= !endpoint_of(item->value, item->value_len, &w->laddr);
		return;
	}
	(void)take_start(w, item);
}

static struct mru_query mru_query_of(const uint8_t *data, size_t len)
{
	struct mru_query w = { .bad = false };
	struct query q = query_over(data, len);
	struct query_item item;

	while (query_next(&q, &item)) {
		take_item(&w, &item);
	}
	w.bad |= w.has_frags && (w.frags == 0 || w.frags > FRAGMENTS);
	w.bad |= w.has_limit && (w.limit == 0 || w.limit > ROWS);
	w.bad |= !w.has_frags && !w.has_limit;
	if (!w.has_frags || w.frags > PIECES_MOST) {
		w.frags = PIECES_MOST;
	}
	if (!w.has_limit) {
		w.limit = UINT64_MAX;
	}
	return w;
}

/* What the client's restrict line says, and what became of its request. */
static uint32_t flags_of(const struct listables *l, const struct mru_client *c)
{
	uint32_t flags = l->access ? access_flags(l->access, &c->addr) : 0;

	flags = MASK(flags) & ~FATES;
	if (c->fate == MRU_LIMITED) {
		flags |= RESTRICT_LIMITED;
	} else if (c->fate == MRU_KISSED) {
		flags |= FATES;
	}
	return flags;
}

static bool is_wanted(const struct mru_query *w, const struct listables *l,
		      const struct mru_client *c, uint32_t flags)
{
	span since = tstamp_diff(l->now, c->last);
	uint64_t age_s = since.v > 0 ? (uint64_t)since.v >> 32 : 0;

	return c->count >= w->mincount &&
	       (!w->has_laddr || netaddr_same_host(&c->local, &w->laddr)) &&
	       (w->maxlstint == 0 || age_s <= w->maxlstint) &&
	       age_s >= w->minlstint && (flags & w->resall) == w->resall &&
	       (!w->has_resany || (flags & w->resany) != 0);
}

static void put_stamp(struct pieces *r, struct text *item, tstamp t)
{
	report_print_tstamp(t, item);
	pieces_item(r, item);
}

/* With the scope of a link-local address, so that it is found again. */
static void print_endpoint(const netaddr *a, struct text *item)
{
	if (a->scope == 0) {
		netaddr_print_port(a, item);
		return;
	}
	text_char(item, '[');
	netaddr_print(a, item);
	text_char(item, '%');
	text_u64(item, a->scope);
	text_str(item, "]:");
	text_u64(item, a->port);
}

static void put_row(struct pieces *r, uint64_t i, const struct mru_client *c,
		    uint32_t flags)
{
	char buffer[PIECES_ITEM];
	struct text item = pieces_numbered(buffer, "addr", i);

	print_endpoint(&c->addr, &item);
	pieces_item(r, &item);
	item = pieces_numbered(buffer, "last", i);
	put_stamp(r, &item, c->last);
	item = pieces_numbered(buffer, "first", i);
	put_stamp(r, &item, c->first);
	pieces_number(r, "ct", i, c->count);
	pieces_number(r, "mv", i, (uint64_t)c->version << 3 | c->mode);
	pieces_hex(r, "rs", i, flags);
}

static void put_older(struct pieces *r, const struct mru_client *c)
{
	char buffer[PIECES_ITEM];
	struct text item = text_over(buffer, sizeof(buffer));

	text_str(&item, "last.older=");
	put_stamp(r, &item, c->last);
	item = text_over(buffer, sizeof(buffer));
	text_str(&item, "addr.older=");
	print_endpoint(&c->addr, &item);
	pieces_item(r, &item);
}

static void put_end(struct pieces *r, const struct listables *l,
		    const struct mru_client *newest, bool rows)
{
	char buffer[PIECES_ITEM];
	struct text item = text_over(buffer, sizeof(buffer));

	text_str(&item, "now=");
	put_stamp(r, &item, l->now);
	if (rows) {
		item = text_over(buffer, sizeof(buffer));
		text_str(&item, "last.newest=");
		put_stamp(r, &item, newest->last);
	}
}

/* Behind the first of the asker's pairs that is still true, `c`. */
static bool resume(struct clients_walk *walk, const struct mru_query *w,
		   struct mru_client *c)
{
	for (size_t i = 0; i < w->start_count; i++) {
		const struct start *s = &w->starts[i];

		if (s->has_addr && s->has_last &&
		    clients_resume(walk, &s->addr, s->last, c)) {
			return true;
		}
	}
	return false;
}

/* Rows of the walk, as far as datagrams, rows and patience go. */
static void put_rows(struct pieces *r, const struct listables *l,
		     const struct mru_query *w, struct clients_walk *walk)
{
	struct mru_client c = { .count = 0 };
	unsigned looked = 0;
	uint64_t rows = 0;

	while (clients_next(walk, &c)) {
		uint32_t flags = flags_of(l, &c);
		/* The last one looked at says where to go on. */
		bool wanted =
			++looked == LOOKED_AT || is_wanted(w, l, &c, flags);

		if (!wanted) {
			continue;
		}
		if (pieces_room(r, (unsigned)w->frags) < ROW + TRAILER ||
		    rows == w->limit) {
			return;
		}
		put_row(r, rows++, &c, flags);
		if (looked == LOOKED_AT) {
			return;
		}
	}
	put_end(r, l, &c, rows > 0);
}

void mrulist_answer(const struct effect *e, const struct listables *l,
		    struct pieces *r)
{
	struct mru_query w =
		mru_query_of(r->out->bytes + e->list.at, e->list.len);
	char buffer[PIECES_ITEM];
	struct text item = text_over(buffer, sizeof(buffer));
	struct mru_client known;
	struct clients_walk walk;

	if (w.bad) {
		pieces_error(r, MODE6_ERR_VALUE);
		return;
	}
	clients_begin(&walk, l->shards, l->shard_count);
	if (w.start_count > 0 && !resume(&walk, &w, &known)) {
		pieces_error(r, MODE6_ERR_VARIABLE);
		return;
	}
	text_str(&item, "nonce=");
	text_str(&item, e->list.nonce);
	pieces_item(r, &item);
	if (w.start_count > 0) {
		put_older(r, &known);
	} else if (w.recent > 0) {
		clients_recent(&walk,
			       w.recent < RECENT_MOST ? w.recent : RECENT_MOST);
	}
	put_rows(r, l, &w, &walk);
	pieces_end(r);
}
