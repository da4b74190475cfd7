/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peers.h - the table of associations that everybody knows as `ntpq -p`.
 *
 * Programs all over the world cut it at fixed columns. Nothing a remote
 * daemon says can move a column: it is escaped first, then cut.
 */
#ifndef CLIENT_PEERS_H
#define CLIENT_PEERS_H

#include <stdio.h>

#include "client/control/vars.h"

/* Which third column, and what stands last. */
enum peers_layout {
	PEERS_REFID, /* peers */
	PEERS_ASSOC, /* apeers: refid narrow, and the association's number */
	PEERS_LOCAL, /* opeers: our own address, and dispersion for jitter */
};

struct peers_table {
	enum peers_layout layout;
	bool numeric;
	bool units;         /* times with their units */
	bool hash;          /* refids of stratum 2 and more as they are */
	bool wide;          /* long names on a line of their own */
	int server_width;   /* of the first column, for several hosts; else 0 */
	const char *server; /* in that column, if the daemon names no other */
	tstamp now;         /* for "when" */
};

void peers_header(FILE *out, const struct peers_table *table);

void peers_row(FILE *out, const struct peers_table *table, uint16_t assoc,
	       uint16_t status, struct vars v);

#endif
