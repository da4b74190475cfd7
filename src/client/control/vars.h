/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vars.h - the name=value lists of control answers, read in place.
 *
 * Items are separated by commas and line ends; a value in double quotes may
 * hold both. Nothing is copied and nothing is refused: every byte string is
 * some list. The bytes are remote: print them with vars_show() only.
 */
#ifndef CLIENT_VARS_H
#define CLIENT_VARS_H

#include "base/netaddr.h"
#include "base/ntptime.h"

struct vars {
	const char *at;
	const char *end;
};

struct vars_item {
	const char *name;
	size_t name_len;
	const char *value; /* without its quotes */
	size_t value_len;
	bool valued; /* there was a '=' */
	bool quoted;
};

static inline struct vars vars_over(const char *data, size_t len)
{
	return (struct vars){ .at = data, .end = data + len };
}

/* Takes the next item off the list; false at its end. */
MUST_USE bool vars_next(struct vars *v, struct vars_item *item);

/* The first item of that name. */
MUST_USE bool vars_find(struct vars v, const char *name,
			struct vars_item *item);

bool vars_is(const struct vars_item *item, const char *name);

/* The value, escaped. */
void vars_show(const struct vars_item *item, struct text *out);

/*
 * Values of a type. False, and *out untouched, when the value is anything
 * else, to the last byte. Unsigned numbers may be hexadecimal with 0x.
 */
MUST_USE bool vars_u64(const struct vars_item *item, uint64_t *out);
MUST_USE bool vars_double(const struct vars_item *item, double *out);
MUST_USE bool vars_tstamp(const struct vars_item *item, tstamp *out);
MUST_USE bool vars_netaddr(const struct vars_item *item, netaddr *out);
/* "192.0.2.1:123" or "[2001:db8::1]:123"; a zone (%eth0) is passed over. */
MUST_USE bool vars_endpoint(const struct vars_item *item, netaddr *out);

/* Likewise of the first item of that name; false also when there is none. */
MUST_USE bool vars_find_u64(struct vars v, const char *name, uint64_t *out);
MUST_USE bool vars_find_double(struct vars v, const char *name, double *out);

#endif
