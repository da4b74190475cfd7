/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.h - answers one client request from an immutable view.
 *
 * Pure: no clock, no socket, no allocation, no log. Every request ends in
 * exactly one verdict, and every verdict has a counter in the worker's shard.
 */
#ifndef CORE_SERVER_H
#define CORE_SERVER_H

#include "base/bytes.h"
#include "core/serve/access.h"
#include "core/serve/interleave.h"
#include "core/serve/keyring.h"
#include "core/serve/mru.h"
#include "core/serve/ratelimit.h"
#include "core/serve/view.h"

enum server_verdict {
#define VERDICT(id, words) SERVER_##id,
#include "core/serve/serververdicts.def"
#undef VERDICT
	SERVER_VERDICTS /* how many there are */
};

struct request {
	const uint8_t *data;
	size_t len;
	netaddr from, to;
	bool group;       /* to many: answered only when `called`, and ... */
	bool called;      /* ... a call for servers may be answered */
	bool heard;       /* a broadcast may be heard */
	bool by_loopback; /* it came over the loopback interface */
	bool truncated;   /* MSG_TRUNC: longer than we read */
	bool expected;    /* by server_expect(), which sets `client` ... */
	bool looked_up;   /* ... and `access` */
	tstamp received;  /* by the kernel or the card */
	struct mru_aim client;
	struct access_match access;
};

/* What one serving thread keeps for itself. */
struct server_shard {
	struct ratelimit *limit; /* NULL: no limits */
	struct mru *clients;     /* NULL: nobody is remembered */
	struct interleave *held; /* NULL: only the basic mode */
	uint64_t *hits;          /* of access_match.counter; NULL: uncounted */
	size_t hit_count;
	uint64_t verdicts[SERVER_VERDICTS];
	uint64_t versions[8]; /* of what was answered */
	uint64_t firsts[8];   /* of version 1, by mode */
	uint64_t interleaved; /* answers */
	struct key_counts keys;
	uint8_t apart[CACHE_LINE]; /* no two in a row write in one line of it */
};

/* What every packet says of us, sent at `now`: a server's or a peer's. */
struct packet server_header(const struct view *view, tstamp now);

/*
 * What lies far away in the memory of a busy server is asked for, for all of a
 * batch, before the first is answered with the same view and shard: then nobody
 * waits for it. Changes nothing but the time that an answer takes. `view` NULL:
 * nobody will be answered.
 */
void server_expect(const struct view *view, const struct server_shard *shard,
		   struct request *requests, size_t count);

/*
 * Answers `req` into `w`, which is empty for every verdict but ANSWERED,
 * KISSED and NAKED. Who signs with a key that we trust has an answer signed
 * with it. `now` is the transmit timestamp: the caller reads the clock as late
 * as it can. The answer is never longer than the request (F3). SERVER_CONTROL
 * says that this is a mode 6 request from somebody who may ask: it is for
 * EVENT_CONTROL; SERVER_PEER that it is for EVENT_PEER; SERVER_SIGN that what
 * server_put_unsigned() writes is to be signed by Samba. The caller counts the
 * verdict, and where stamps are held asks interleave_due() each time.
 */
MUST_USE enum server_verdict server_respond(const struct view *view,
					    struct server_shard *shard,
					    const struct request *req,
					    tstamp now, struct writer *w);

#define SERVER_SAMBA_MAC 16 /* octets of a code, behind 4 of its key */

/* The answer to a request of the verdict SERVER_SIGN. */
void server_put_unsigned(const struct view *view, const struct request *req,
			 tstamp now, struct writer *w);

#endif
