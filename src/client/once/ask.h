/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask.h - asks many NTP servers for the time, once, at the same moment.
 *
 * The classic ntpdate takes four samples, two seconds apart, from one server
 * after the other: six seconds and more. Here every address is asked at once,
 * and the first answers are enough as soon as most servers agree. What costs
 * time is only what needs it: servers that are silent or disagree are asked
 * again, at least ASK_SPACING after their last request (more often trips the
 * rate limits of servers) and at most `tries` times, so that no case lasts
 * longer than it did in the classic tool.
 *
 *   asked for samples (-p)   that many from each server that answers
 *   listing (-q, -d)         all servers are waited for, none is left out
 *   otherwise                until a majority agrees
 *
 * Each request carries a random transmit timestamp and the true one stays
 * here (SECURITY.md A1). Each server has its own connected socket.
 */
#ifndef CLIENT_ASK_H
#define CLIENT_ASK_H

#include <stdio.h>

#include "base/netaddr.h"
#include "base/rng.h"
#include "core/serve/keyring.h"
#include "wire/packet.h"

#define ASK_SERVERS 64
#define ASK_SAMPLES 8
#define ASK_SPACING SPAN_S(2)

enum ask_state {
	ASK_IDLE,    /* nothing outstanding */
	ASK_WAITING, /* for an answer */
	ASK_LIMITED, /* it told us to stay away: RATE */
	ASK_DENIED,  /* likewise: DENY, RSTR */
};

struct ask_sample {
	span offset; /* theirs minus ours */
	span delay;  /* the round trip, may come out negative */
};

struct ask_server {
	netaddr addr;
	enum ask_state state;
	int fd;
	tstamp nonce;
	tstamp sent_wall;
	instant sent;
	unsigned tries;
	unsigned count; /* of samples */
	struct ask_sample samples[ASK_SAMPLES];
	struct packet packet; /* the latest answer */
};

struct ask {
	/* what is wanted */
	uint8_t version;
	uint16_t port;    /* to ask from; 0: any */
	unsigned samples; /* asked for of each server, or 0: what is needed */
	unsigned tries;
	span timeout;
	bool listing;
	FILE *debug;                   /* where to tell each packet, or NULL */
	const struct keyring_key *key; /* signs both ways; NULL: none does */

	struct rng rng;
	instant started;
	size_t count;
	struct ask_server servers[ASK_SERVERS];
};

void ask_init(struct ask *a);
/* Opens a socket to the server; a negative errno when there is no way. */
MUST_USE int ask_add(struct ask *a, const netaddr *addr);
/* Asks until there is enough, or no hope. */
void ask_run(struct ask *a);
void ask_end(struct ask *a);

/*
 * What one datagram is to a server that we asked. Only ASK_ANSWER changes the
 * server; `arrived` is when it came.
 */
enum ask_verdict {
	ASK_ANSWER,
	ASK_KISS,     /* the server's state says which */
	ASK_FORM,     /* too short, or of no version or mode for us */
	ASK_NO_TIME,  /* stratum 16, or times that cannot be */
	ASK_NOT_OURS, /* not the answer to the last request */
};

enum ask_verdict ask_receive(struct ask_server *s, const uint8_t *data,
			     size_t len, tstamp arrived);

#endif
