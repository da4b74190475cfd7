/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.h - what can be told of a request without knowing anything else:
 * whether a client can have sent it, and what it wants.
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include "core/serve/server.h"
#include "wire/tail.h"

#define REQUEST_OLDEST 1 /* versions served */
#define REQUEST_NEWEST 4

/* False: no client has that source; to answer would be a loop, or nonsense. */
static inline bool request_is_possible(const struct request *req)
{
	const netaddr *from = &req->from;

	return from->port != 0 && !netaddr_is_nonsense(from) &&
	       !netaddr_equal(from, &req->to) &&
	       (req->by_loopback || !netaddr_is_loopback(from));
}

/*
 * The mode to answer in; MODE_RESERVED for what is no request. NTPv1 has no
 * mode: there a zero is a client's, unless it comes from a server's port. A
 * peer that nobody configured is answered as if it were one, and forgotten.
 */
enum mode request_mode(const struct packet *q, const netaddr *from);
/* Is it one that restrict flake drops? */
bool request_is_unlucky(const struct packet *q, const struct request *req);
/* A code of zeros asks for Samba's ([MS-SNTP], section 2.2.1). */
bool request_wants_samba(const struct tail *t);

/* What the list of clients says of a verdict. */
static inline enum mru_fate request_fate(enum server_verdict verdict)
{
	return verdict == SERVER_LIMITED  ? MRU_LIMITED
	       : verdict == SERVER_KISSED ? MRU_KISSED
					  : MRU_SERVED;
}

#endif
