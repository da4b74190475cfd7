/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows.h - tables in control answers: "addr.0=..., hits.0=..., addr.1=...".
 *
 * The items of a row stand together, in any order; daemons put others between
 * them, which are passed over.
 */
#ifndef CLIENT_ROWS_H
#define CLIENT_ROWS_H

#include "client/control/vars.h"

#define ROWS_FIELDS 12

struct rows {
	struct vars rest;
	const char *const *fields; /* names without the number behind the dot */
	size_t field_count;        /* at most ROWS_FIELDS */
};

struct row {
	uint64_t number;
	bool has[ROWS_FIELDS];
	struct vars_item item[ROWS_FIELDS]; /* where it has one */
};

/* The next row; false when there is none. */
MUST_USE bool rows_next(struct rows *r, struct row *row);

#endif
