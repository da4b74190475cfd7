/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pick.h - which of the servers that were asked to believe.
 *
 * First the classic tests of each server; then, among three or more, those
 * whose error intervals do not meet with the majority's are left out, and
 * without a majority nobody is believed (SECURITY.md M1). The rest is the
 * classic choice: low strata first, then low delay, without the outliers.
 */
#ifndef CLIENT_PICK_H
#define CLIENT_PICK_H

#include "client/once/ask.h"

/* Why a server is out of the question. */
enum pick_fault {
	PICK_GOOD,
	PICK_NO_DATA,
	PICK_STRATUM,
	PICK_TOO_FAR,
	PICK_LEAP,
	PICK_BROKEN,
	PICK_OUT_OF_SYNC,
};

struct pick_candidate {
	const struct ask_server *server;
	unsigned stratum;
	double offset_s;
	double delay_s; /* as the classic tool shows it */
	double disp_s;  /* of its samples among themselves */
	double bound_s; /* how wrong the offset can be at most */
	double floor_s; /* offsets closer than this do not differ */
};

struct pick {
	size_t count;
	struct pick_candidate list[ASK_SERVERS];
};

enum pick_fault pick_fault(const struct ask_server *s);
/* What -d says of it. */
const char *pick_fault_text(enum pick_fault fault);

/* Sums up the samples of a server that has some. */
struct pick_candidate pick_candidate(const struct ask_server *s);
/* The delay of one sample as the classic tool shows it. */
double pick_delay_s(const struct ask_server *s, const struct ask_sample *x);

/* All servers without fault. */
void pick_init(struct pick *p, const struct ask *a);
/* How many of them agree on one time. */
size_t pick_agreeing(const struct pick *p);
/* The one to believe, or NULL. Reorders and shortens the list. */
const struct pick_candidate *pick_best(struct pick *p);

#endif
