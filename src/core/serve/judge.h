/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge.h - of server.c: what becomes of a request, of any kind that there is.
 */
#ifndef CORE_JUDGE_H
#define CORE_JUDGE_H

#include "core/serve/server.h"

/* What is to be said of a request's signature. */
struct proof {
	const struct keyring_key *key; /* NULL: it proves nothing */
	size_t mac_len;                /* of the answer's, too */
	bool failed;                   /* it was signed, and not by that */
	bool silent;                   /* and is not told so */
	bool samba; /* by whose key the answer is to be signed, if it may */
};

/* What there is to know of it, as far as it was looked at. */
struct asked {
	struct packet q; /* what it says */
	struct proof proof;
};

/*
 * By its form, its signature, the flags of its restrict line and the limits,
 * which it is counted by.
 */
enum server_verdict judge_request(const struct view *view,
				  struct server_shard *shard,
				  const struct request *req, uint32_t flags,
				  tstamp now, struct asked *asked);

#endif
