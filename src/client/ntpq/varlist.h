/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * varlist.h - the names that `addvars` collects, some with a value.
 */
#ifndef CLIENT_VARLIST_H
#define CLIENT_VARLIST_H

#include <stdio.h>

#include "base/text.h"

#define VARLIST_NAMES 64
#define VARLIST_TEXT 468 /* a request holds no more */

struct varlist {
	size_t count;
	char items[VARLIST_NAMES]
		  [VARLIST_TEXT + 1]; /* "name" or "name=value" */
};

/*
 * The items of "name[=value],...", where a value in double quotes may hold
 * commas; one whose name is there already takes its place. False, and told,
 * when there is no room.
 */
bool varlist_add(struct varlist *v, const char *items);
/* Takes names away; one that is not there is told. */
void varlist_remove(struct varlist *v, const char *names);
void varlist_show(FILE *out, const struct varlist *v);
/* As a request has them: names only, or with their values. */
void varlist_request(const struct varlist *v, bool values, struct text *out);

#endif
