/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * query.h - what a control request asks for: "name, name=value, ..."
 *
 * Nothing is copied: names and values lie in the request.
 */
#ifndef CORE_QUERY_H
#define CORE_QUERY_H

#include "base/compiler.h"

/* The items of a request, one after another. */
struct query {
	const char *at, *end;
};

struct query_item {
	const char *name, *value; /* value: NULL where there is none */
	size_t name_len, value_len;
};

struct query query_over(const uint8_t *data, size_t len);
bool query_is_empty(const struct query *q);
/*
 * The next item; false: there is no more. A blank behind a name belongs to
 * it, as in classic, and makes it unknown; blanks around a value do not.
 */
MUST_USE bool query_next(struct query *q, struct query_item *item);
/* Is this one of the names? */
bool query_names(struct query q, const char *word);

#endif
