/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/ifstats.h"

#include "client/control/rows.h"

#define CELL_TEXT 1024
#define NUMBER_MAX 999999999 /* columns are not wider */

enum { ADDR, BCAST, NAME, FLAGS, TTL, MC, RX, TX, TXERR, PEERS, UPTIME, EN };

static const char *const fields[] = {
	[ADDR] = "addr",   [BCAST] = "bcast", [NAME] = "name",
	[FLAGS] = "flags", [TTL] = "tl",      [MC] = "mc",
	[RX] = "rx",       [TX] = "tx",       [TXERR] = "txerr",
	[PEERS] = "pc",    [UPTIME] = "up",   [EN] = "en",
};

static unsigned number(const struct row *row, size_t field)
{
	uint64_t v;

	if (!row->has[field] || !vars_u64(&row->item[field], &v)) {
		return 0;
	}
	return (unsigned)(v < NUMBER_MAX ? v : NUMBER_MAX);
}

static void print_address(FILE *out, const struct row *row, size_t field)
{
	char cell[CELL_TEXT];
	struct text t = text_over(cell, sizeof(cell));

	if (row->has[field] && row->item[field].value_len > 0) {
		vars_show(&row->item[field], &t);
		fprintf(out, "    %s\n", cell);
	}
}

void ifstats_print(FILE *out, struct vars v)
{
	struct rows rows = { v, fields, ARRAY_LEN(fields) };
	struct row row;

	fputs("    interface name                                        "
	      "send\n"
	      " #  address/broadcast     drop flag ttl mc received sent "
	      "failed peers   uptime\n"
	      "======================================="
	      "=======================================\n",
	      out);
	while (rows_next(&rows, &row)) {
		char name[CELL_TEXT];
		struct text t = text_over(name, sizeof(name));

		if (row.has[NAME]) {
			vars_show(&row.item[NAME], &t);
		}
		fprintf(out,
			"%3u %-24.24s %c %4x %3u %2u %6u %6u %6u %5u %8u\n",
			(unsigned)(row.number % 1000), name,
			number(&row, EN) > 0 ? '.' : 'D', number(&row, FLAGS),
			number(&row, TTL), number(&row, MC), number(&row, RX),
			number(&row, TX), number(&row, TXERR),
			number(&row, PEERS), number(&row, UPTIME));
		print_address(out, &row, ADDR);
		print_address(out, &row, BCAST);
	}
}
