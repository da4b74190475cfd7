/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp.h - `interface xdp`: on which interfaces plain requests are answered in
 * the driver, and that the program there knows what the sockets know.
 *
 * The sockets serve on: what the program leaves alone, and everything where it
 * cannot be. Whatever fails is said, and nothing but speed is lost by it.
 */
#ifndef HOST_XDP_H
#define HOST_XDP_H

#include "core/hostfacts.h"
#include "core/serve/server.h"
#include "host/serve/fastprog.h"
#include "host/serve/serversock.h"
#include "host/serve/spread.h"
#include "host/system/journal.h"

/* An interface that the configuration names. */
struct xdp_port {
	char name[IF_NAMESIZE];
	enum xdp_mode mode;
	unsigned index; /* 0: there is none of that name */
	int link;       /* -1: the program is not there */
	int refused;    /* why, as it was said; 0: not */
	bool wanted;
};

struct xdp {
	struct fastprog *prog; /* NULL: nothing below means anything */
	struct journal *journal;
	struct xdp_port *ports;
	size_t count;
	uint16_t port;
	bool limited; /* the program has room for clients' buckets */
	const struct access *access; /* that the program has the nets of */
	bool stale;                  /* it may not have them */
	bool said;                   /* that they cannot be put */
};

void xdp_init(struct xdp *x, struct journal *journal, uint16_t port);
void xdp_close(struct xdp *x);

/* Turns on and off what the configuration says, as far as rights allow. */
void xdp_take(struct xdp *x, const struct config *config);
/* Interfaces and addresses may have come or gone. */
void xdp_scan(struct xdp *x, const struct serversocks *ss);

/* Nothing is answered until the next view is published. */
void xdp_silence(struct xdp *x);
void xdp_publish(struct xdp *x, const struct view *view,
		 const struct config *config, const struct serversocks *ss);

/* For poll(): clients were sampled; -1: there is no program. */
int xdp_fd(const struct xdp *x);
/* Puts them into the lists of those who asked: by `spread`, which says whose
 * each is, those of `shards`, one for each thread. */
void xdp_remember(struct xdp *x, const struct spread *spread,
		  struct server_shard *shards);

/* Adds what the program has answered to what threads have. */
void xdp_count(const struct xdp *x, struct server_shard *sum);
/* To what the shard has met of restrict lines, what was answered since. */
void xdp_hits(struct xdp *x, struct server_shard *shard);
struct fast_counts xdp_counts(const struct xdp *x);

#endif
