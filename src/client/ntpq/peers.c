/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/peers.h"

#include <string.h>

#include "client/control/remote.h"
#include "client/control/status.h"
#include "client/units.h"

#define REMOTE_WIDTH 15
#define CELL_TEXT 1024 /* a column's text before it is cut */

static const char *const headers[] = {
	[PEERS_REFID] = "     remote           refid      st t when poll reach"
			"   delay   offset  jitter",
	[PEERS_ASSOC] = "     remote       refid   assid  st t when poll reach"
			"   delay   offset  jitter",
	[PEERS_LOCAL] = "     remote           local      st t when poll reach"
			"   delay   offset    disp",
};

void peers_header(FILE *out, const struct peers_table *table)
{
	static const char line[] = "======================================="
				   "=======================================";

	if (table->server_width > 0) {
		fprintf(out, "%-*.*s ", table->server_width,
			table->server_width,
			table->layout == PEERS_LOCAL ? "server"
						     : "server (local)");
	}
	fprintf(out, "%s\n", headers[table->layout]);
	for (int i = 0; table->server_width > 0 && i <= table->server_width;
	     i++) {
		fputc('=', out);
	}
	fprintf(out, "%s\n", line);
}

/* 0 where it is missing, or no number. */
static uint64_t number(struct vars v, const char *name)
{
	uint64_t value;

	return vars_find_u64(v, name, &value) ? value : 0;
}

/* Milliseconds with three decimals; the column cuts what is too long. */
static void milliseconds(const struct peers_table *table, struct vars v,
			 const char *name, struct text *out)
{
	double ms;

	if (!vars_find_double(v, name, &ms)) {
		ms = 0;
	}
	if (table->units) {
		units_seconds(ms / 1e3, out);
	} else {
		text_double(out, ms, 3);
	}
}

/* Seconds in four columns: each unit lasts as long as it fits well. */
static void interval(int64_t s, struct text *out)
{
	if (s <= 0) {
		text_char(out, '-');
	} else if (s <= 2048) {
		text_i64(out, s);
	} else if ((s = (s + 29) / 60) <= 300) {
		text_i64(out, s);
		text_char(out, 'm');
	} else if ((s = (s + 29) / 60) <= 96) {
		text_i64(out, s);
		text_char(out, 'h');
	} else {
		text_i64(out, (s + 11) / 24);
		text_char(out, 'd');
	}
}

static void when(const struct peers_table *table, struct vars v,
		 struct text *out)
{
	struct vars_item item;
	tstamp last;
	bool heard = vars_find(v, "rec", &item) && vars_tstamp(&item, &last) &&
		     !tstamp_is_zero(last);

	if (!heard) {
		heard = vars_find(v, "reftime", &item) &&
			vars_tstamp(&item, &last) && !tstamp_is_zero(last);
	}
	/* Whole seconds on either side, as the classic tool counts. */
	interval(heard ? (int32_t)((uint32_t)(table->now.v >> 32) -
				   (uint32_t)(last.v >> 32))
		       : 0,
		 out);
}

static void poll_interval(struct vars v, struct text *out)
{
	uint64_t theirs = number(v, "ppoll"), ours = number(v, "hpoll");
	uint64_t poll = theirs < ours ? theirs : ours;

	interval(INT64_C(1) << (poll < 31 ? poll : 31), out);
}

static bool source_address(struct vars v, netaddr *a)
{
	struct vars_item item;

	return vars_find(v, "srcadr", &item) && vars_netaddr(&item, a);
}

/*
 * A pool has no address; then, or where an address has no name, the name that
 * the daemon's configuration used is the best there is.
 */
static void remote(const struct peers_table *table, struct vars v,
		   struct text *out)
{
	struct vars_item host;
	bool configured = !table->numeric && vars_find(v, "srchost", &host) &&
			  host.value_len > 0;
	netaddr a;

	if (!source_address(v, &a)) {
		if (vars_find(v, "srcadr", &host)) {
			vars_show(&host, out);
		}
	} else if (configured && netaddr_is_nonsense(&a)) {
		vars_show(&host, out);
	} else {
		remote_name(&a, table->numeric, out);
	}
}

/* Addresses as they are, words between dots. */
static void refid(const struct peers_table *table, struct vars v,
		  struct text *out)
{
	bool assoc_layout = table->layout == PEERS_ASSOC;
	struct vars_item item;
	netaddr a;

	if (!vars_find(v, "refid", &item) || item.value_len == 0) {
		return;
	}
	if (!vars_netaddr(&item, &a)) {
		text_char(out, '.');
		vars_show(&item, out);
		text_char(out, '.');
	} else if (netaddr_is_v4(&a) && (table->hash || assoc_layout)) {
		text_hex(out, netaddr_v4_bits(&a), table->hash ? 8 : 1);
	} else {
		netaddr_print(&a, out);
	}
}

static bool refid_is(struct vars v, const char *word)
{
	struct vars_item item;

	return vars_find(v, "refid", &item) &&
	       text_equal(word, item.value, item.value_len);
}

static char client_letter(struct vars v, const netaddr *a)
{
	if (netaddr_is_refclock(a)) {
		return 'l';
	}
	if (refid_is(v, "POOL")) {
		return 'p';
	}
	return refid_is(v, "ACST") ? 'a' : 'u';
}

static char kind_letter(struct vars v)
{
	netaddr a = { .port = 0 };
	bool multicast;

	if (!source_address(v, &a)) {
		a = (netaddr){ .port = 0 };
	}
	multicast =
		netaddr_is_v4(&a) ? (a.ip[12] & 0xf0) == 0xe0 : a.ip[0] == 0xff;
	switch (number(v, "hmode")) {
	case 1:
		return 's';
	case 2:
		return 'S';
	case 3:
		return client_letter(v, &a);
	case 5:
		return multicast ? 'M' : 'B';
	case 6:
		return 'b';
	default:
		return '-';
	}
}

static void server_cell(FILE *out, const struct peers_table *table,
			struct vars v)
{
	char name[CELL_TEXT];
	struct text t = text_over(name, sizeof(name));
	struct vars_item item;
	netaddr local;

	/* The old layout has our own address in a column of its own. */
	if (table->layout != PEERS_LOCAL && vars_find(v, "dstadr", &item) &&
	    vars_netaddr(&item, &local) && !netaddr_is_nonsense(&local)) {
		remote_name(&local, table->numeric, &t);
	} else {
		text_str(&t, table->server);
	}
	fprintf(out, "%-*.*s ", table->server_width, table->server_width, name);
}

static void third_cells(FILE *out, const struct peers_table *table,
			uint16_t assoc, struct vars v)
{
	char cell[CELL_TEXT];
	struct text t = text_over(cell, sizeof(cell));
	struct vars_item item;

	switch (table->layout) {
	case PEERS_REFID:
		refid(table, v, &t);
		fprintf(out, "%-15.15s", cell);
		break;
	case PEERS_ASSOC:
		refid(table, v, &t);
		fprintf(out, "%-9.9s%-6u", cell, assoc);
		break;
	case PEERS_LOCAL:
		if (vars_find(v, "dstadr", &item)) {
			vars_show(&item, &t);
		}
		fprintf(out, "%-15.15s", cell);
		break;
	}
}

static void number_cells(FILE *out, const struct peers_table *table,
			 struct vars v)
{
	uint64_t stratum = number(v, "stratum");
	char cells[5][CELL_TEXT];
	struct text t[5];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		t[i] = text_over(cells[i], sizeof(cells[i]));
	}
	when(table, v, &t[0]);
	poll_interval(v, &t[1]);
	milliseconds(table, v, "delay", &t[2]);
	milliseconds(table, v, "offset", &t[3]);
	milliseconds(table, v,
		     table->layout == PEERS_LOCAL ? "dispersion" : "jitter",
		     &t[4]);
	fprintf(out, " %2u %c %4.4s %4.4s  %3o  %7.7s %8.*s %7.7s\n",
		(unsigned)(stratum < 99 ? stratum : 99), kind_letter(v),
		cells[0], cells[1], (unsigned)(number(v, "reach") & 0xff),
		cells[2], table->units ? 8 : 7, cells[3], cells[4]);
}

void peers_row(FILE *out, const struct peers_table *table, uint16_t assoc,
	       uint16_t status, struct vars v)
{
	char name[CELL_TEXT];
	struct text t = text_over(name, sizeof(name));

	if (table->server_width > 0) {
		server_cell(out, table, v);
	}
	remote(table, v, &t);
	fputc(status_tally(status), out);
	if (table->wide && t.len > REMOTE_WIDTH) {
		fprintf(out, "%s\n%*s", name, REMOTE_WIDTH + 2, "");
		if (table->server_width > 0) {
			fprintf(out, "%*s", table->server_width + 1, "");
		}
	} else {
		fprintf(out, "%-*.*s ", REMOTE_WIDTH, REMOTE_WIDTH, name);
	}
	third_cells(out, table, assoc, v);
	number_cells(out, table, v);
}
