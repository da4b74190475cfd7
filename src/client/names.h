/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.h - host names to addresses and back, as a tool needs them: blocking.
 *
 * What a name server says is remote text; it leaves here escaped.
 */
#ifndef CLIENT_NAMES_H
#define CLIENT_NAMES_H

#include "base/netaddr.h"

#define NAMES_TEXT 256 /* a host name and its NUL */

enum names_family { NAMES_ANY, NAMES_V4, NAMES_V6 };

/*
 * Resolves `host` into at most `max` addresses with port 123, in the order of
 * the resolver. *count may be 0 only when the result is not 0; the result is
 * 0 or an EAI_ code of getaddrinfo(3).
 */
MUST_USE int names_resolve(const char *host, enum names_family family,
			   netaddr *out, size_t max, size_t *count);

/*
 * False, and nothing appended, when nobody knows a name for the address.
 * names_ask() asks the resolver; names_reverse() remembers (nameahead.h).
 */
bool names_ask(const netaddr *a, struct text *out);
bool names_reverse(const netaddr *a, struct text *out);

/* The name or, without one, the address. */
void names_show(const netaddr *a, struct text *out);

#endif
