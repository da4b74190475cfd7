/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workers.h - threads that serve, and do nothing else.
 *
 * Each has a shard and sockets of its own, and of the daemon it knows the view
 * that was published last. What is for the engine it hands over. All functions
 * are for the one thread that has the engine.
 */
#ifndef HOST_WORKERS_H
#define HOST_WORKERS_H

#include "host/net/interfaces.h"
#include "host/serve/handover.h"
#include "host/serve/serve.h"
#include "host/serve/viewbox.h"

#define WORKERS_MOST VIEWBOX_READERS

struct workers;

/*
 * How many to begin with: what the line says, or one for each processor that
 * we may use, when the configuration serves anybody but this host.
 */
unsigned workers_wanted(const struct config *c, const struct listen_rules *r);

/*
 * Starts up to `count` (> 0), of which the i-th (of 0) serves with shards[i];
 * NULL: none could be started. They hold no privileges.
 */
struct workers *workers_start(unsigned count, struct server_shard *shards);
/* How many there are. */
unsigned workers_count(const struct workers *w);
/* Ends and frees them; the shards may be read again. NULL is fine. */
void workers_end(struct workers *w);

/*
 * The sockets of an address, from now on and no longer; they stay open. False:
 * there is no memory for them, and nobody serves any of them.
 */
MUST_USE bool workers_add(struct workers *w, const struct serversock *s,
			  unsigned threads);
void workers_remove(struct workers *w, unsigned number);

/* False: try again soon, with the newest view. */
MUST_USE bool workers_publish(struct workers *w, const struct view *view);
/* None of them serves until the release: viewbox_hold(). May be nested. */
void workers_hold(struct workers *w);
void workers_release(struct workers *w);

/* To be polled: something was handed over. */
int workers_handed_fd(const struct workers *w);
/* The next one, good until workers_done(); NULL: that was all, or enough. */
const struct handed *workers_next(struct workers *w);
void workers_done(struct workers *w);

/* Add what was counted. */
void workers_io(const struct workers *w, struct io_counts *sum);
void workers_socket_counts(const struct workers *w, unsigned number,
			   struct socket_counts *sum);

#endif
