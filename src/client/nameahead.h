/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nameahead.h - names of many addresses, looked up at the same time and
 * remembered.
 *
 * A resolver that does not answer makes each look-up last for seconds. So all
 * of a table's are begun together, and no command waits longer than
 * NAMEAHEAD_PATIENCE for all of its names: what has come by then is shown,
 * and addresses instead of the rest. Memory is fixed.
 */
#ifndef CLIENT_NAMEAHEAD_H
#define CLIENT_NAMEAHEAD_H

#include "base/netaddr.h"
#include "base/ntptime.h"

#define NAMEAHEAD_BATCH 256 /* addresses at most in one call */
#define NAMEAHEAD_PATIENCE SPAN_S(10)

/* A new command: it may wait, and ask again what was not known. */
void nameahead_begin(void);

/* Looks up those that are not known yet; returns when it has waited enough. */
void nameahead_fetch(const netaddr *list, size_t count);

enum nameahead_state {
	NAMEAHEAD_UNKNOWN, /* never asked for: ask */
	NAMEAHEAD_NAMED,
	NAMEAHEAD_NAMELESS, /* or no answer came in time */
};

/* The name is escaped. Appends nothing but when the address is named. */
enum nameahead_state nameahead_find(const netaddr *a, struct text *out);

#endif
