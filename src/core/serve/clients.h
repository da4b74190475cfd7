/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clients.h - the clients of all serving threads, read as one list.
 *
 * Each thread has a list of its own (mru.h), in the order of time, and no
 * client is in two of them. A walk goes through all at once, the oldest first;
 * what is equally old comes in the order of the threads.
 *
 * Nobody else may use the lists meanwhile.
 */
#ifndef CORE_CLIENTS_H
#define CORE_CLIENTS_H

#include "core/serve/server.h"

#define CLIENTS_LISTS 256 /* threads that a walk can follow */

/* In one list: what comes next. */
struct clients_head {
	const struct mru *list;
	mru_place at; /* 0: nobody else */
	tstamp last;  /* of `at` */
};

struct clients_walk {
	size_t count;
	struct clients_head heads[CLIENTS_LISTS];
};

/* Stands before the oldest of all. */
void clients_begin(struct clients_walk *w, const struct server_shard *shards,
		   size_t count);
/*
 * Behind `c`, the client of this address, if it asked at `last` and not since;
 * else false, and nothing changes. Where a clock was set back and old clients
 * are still listed, some of the others may be left out.
 */
MUST_USE bool clients_resume(struct clients_walk *w, const netaddr *addr,
			     tstamp last, struct mru_client *c);
/* Before the newest `count`. */
void clients_recent(struct clients_walk *w, uint64_t count);
/* The next one; false: that was all. */
MUST_USE bool clients_next(struct clients_walk *w, struct mru_client *c);

/* Sums, but for the age of the oldest; zeros, when nobody is remembered. */
struct mru_counts clients_counts(const struct server_shard *shards,
				 size_t count, tstamp now);

#endif
