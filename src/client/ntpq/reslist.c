/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/reslist.h"

#include "client/control/rows.h"

#define CELL_TEXT 2048
#define NO_PREFIX 129

enum { ADDR, MASK, HITS, FLAGS };

static const char *const fields[] = {
	[ADDR] = "addr",
	[MASK] = "mask",
	[HITS] = "hits",
	[FLAGS] = "flags",
};

/* How many bits of the mask are set, if no other stands before one of them. */
static unsigned prefix_of(const netaddr *mask)
{
	unsigned from = netaddr_is_v4(mask) ? 96 : 0, bits = from;
	bool ended = false;

	for (unsigned i = from; i < 128; i++) {
		bool set = mask->ip[i / 8] >> (7 - i % 8) & 1;

		if (set && ended) {
			return NO_PREFIX;
		}
		ended = ended || !set;
		bits += set ? 1 : 0;
	}
	return bits - from;
}

static void subject(const struct row *row, struct text *out)
{
	netaddr mask;
	bool known = row->has[MASK] && vars_netaddr(&row->item[MASK], &mask);
	unsigned prefix = known ? prefix_of(&mask) : NO_PREFIX;

	vars_show(&row->item[ADDR], out);
	if (prefix != NO_PREFIX) {
		text_char(out, '/');
		text_u64(out, prefix);
	} else if (row->has[MASK]) {
		text_char(out, ' ');
		vars_show(&row->item[MASK], out);
	}
}

void reslist_print(FILE *out, struct vars v)
{
	struct rows rows = { v, fields, ARRAY_LEN(fields) };
	struct row row;

	fputs("   hits    addr/prefix or addr mask\n"
	      "           restrictions\n"
	      "======================================="
	      "=======================================\n",
	      out);
	while (rows_next(&rows, &row)) {
		char cell[CELL_TEXT];
		struct text t = text_over(cell, sizeof(cell));
		uint64_t hits = 0;

		if (!row.has[ADDR]) {
			continue;
		}
		if (row.has[HITS] && !vars_u64(&row.item[HITS], &hits)) {
			hits = 0;
		}
		subject(&row, &t);
		fprintf(out, "%10llu %s\n", (unsigned long long)hits, cell);
		t = text_over(cell, sizeof(cell));
		if (row.has[FLAGS]) {
			vars_show(&row.item[FLAGS], &t);
		}
		fprintf(out, "%*s%s\n", 11, "", cell);
	}
}
