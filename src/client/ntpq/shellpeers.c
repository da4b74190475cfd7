/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellpeers.c - the tables of peers: asks for one after the other, looks up
 * the names of many at once, and prints them.
 */
#include <stdlib.h>
#include <string.h>

#include "client/control/vars.h"
#include "client/moment.h"
#include "client/nameahead.h"
#include "client/ntpq/shell.h"

/* Answers that wait for the names in them. */
struct batch {
	size_t count;
	struct waiting {
		uint16_t assoc, status;
		tstamp now;
		size_t len;
		char *data;
	} rows[NAMEAHEAD_BATCH];
};

static void add_address(struct vars v, const char *name, netaddr *list,
			size_t *count)
{
	struct vars_item item;
	netaddr a;

	if (*count < NAMEAHEAD_BATCH && vars_find(v, name, &item) &&
	    vars_netaddr(&item, &a) && !netaddr_is_nonsense(&a) &&
	    !netaddr_is_refclock(&a)) {
		list[(*count)++] = a;
	}
}

static void fetch_names(const struct batch *b, bool local)
{
	netaddr list[NAMEAHEAD_BATCH];
	size_t count = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct vars v = vars_over(b->rows[i].data, b->rows[i].len);

		add_address(v, "srcadr", list, &count);
		if (local) {
			add_address(v, "dstadr", list, &count);
		}
	}
	nameahead_fetch(list, count);
}

static void flush(struct shell *s, struct peers_table *table, struct batch *b)
{
	if (!table->numeric) {
		fetch_names(b, table->server_width > 0);
	}
	for (size_t i = 0; i < b->count; i++) {
		struct waiting *w = &b->rows[i];

		table->now = w->now;
		peers_row(s->out, table, w->assoc, w->status,
			  vars_over(w->data, w->len));
		free(w->data);
	}
	b->count = 0;
}

/* Takes the answer as it is; false when there is no memory. */
static bool add(struct shell *s, struct batch *b, uint16_t assoc)
{
	struct waiting *w = &b->rows[b->count];
	size_t len = s->answer.len;

	*w = (struct waiting){ .assoc = assoc,
			       .status = s->answer.status,
			       .now = moment_wall(),
			       .len = len,
			       .data = malloc(len > 0 ? len : 1) };
	if (!w->data) {
		return false;
	}
	memcpy(w->data, s->answer.data, len);
	b->count++;
	return true;
}

static void ask_all(struct shell *s, struct peers_table *table, bool all)
{
	struct batch b = { .count = 0 };

	for (size_t i = 0; i < s->associations.count; i++) {
		const struct association *a = &s->associations.list[i];

		if (!all && !association_in_use(a)) {
			continue;
		}
		if (!shell_ask(s, MODE6_READVAR, a->id, "")) {
			if (s->answer.error == MODE6_ERR_ASSOC) {
				continue; /* gone since it was listed */
			}
			break;
		}
		if (!add(s, &b, a->id)) {
			break;
		}
		if (b.count == NAMEAHEAD_BATCH) {
			flush(s, table, &b);
		}
	}
	flush(s, table, &b);
}

static void do_peers(struct shell *s, enum peers_layout layout, bool all)
{
	struct peers_table table = { .layout = layout,
				     .numeric = s->numeric,
				     .units = s->units,
				     .hash = s->refid_hash,
				     .wide = s->wide,
				     .server_width = s->server_width,
				     .server = s->host };

	if (!shell_list(s) || !shell_listed(s)) {
		return;
	}
	peers_header(s->out, &table);
	ask_all(s, &table, all);
}

void shell_do_peers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_REFID, false);
}

void shell_do_lpeers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_REFID, true);
}

void shell_do_apeers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_ASSOC, false);
}

void shell_do_opeers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_LOCAL, false);
}

void shell_do_lopeers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_LOCAL, true);
}
