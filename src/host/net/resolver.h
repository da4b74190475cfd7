/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver.h - names to addresses, off the main path.
 *
 * Helper processes without any capability call getaddrinfo(), which may block
 * or be exploited; they speak in messages of fixed size. One that has not
 * answered after RESOLVER_PATIENCE_S is killed and another takes its place
 * (H6). In a single process the question is asked on the spot, and blocks.
 */
#ifndef HOST_RESOLVER_H
#define HOST_RESOLVER_H

#include <poll.h>
#include <sys/types.h>

#include "config/config.h"
#include "core/event.h"

#define RESOLVER_HELPERS 4 /* a dead name holds up at most one of them */
#define RESOLVER_NAME 256
#define RESOLVER_ADDRS 16 /* of one answer; the engine uses fewer (H1) */
#define RESOLVER_PATIENCE_S 20

struct resolver_question {
	source_id source;
	enum family family;
	char name[RESOLVER_NAME];
};

struct resolver_answer {
	source_id source;
	uint32_t count; /* 0: it failed */
	netaddr addrs[RESOLVER_ADDRS];
};

struct resolver_helper {
	pid_t pid; /* 0: none runs */
	int fd;
	bool busy;
	source_id source; /* whose question it works on */
	instant limit;    /* when it will have hung */
};

struct resolver {
	bool direct;
	struct resolver_helper helpers[RESOLVER_HELPERS];
	struct resolver_question *queue; /* the oldest first */
	size_t queued, room;
};

/* Helpers start with the first question that needs one. */
void resolver_open(struct resolver *r, bool direct);
void resolver_close(struct resolver *r);

/* In place of what was asked for the same source before, which is given up.
 * False: out of memory; there will be no answer. */
MUST_USE bool resolver_ask(struct resolver *r,
			   const struct resolver_question *q);

/* Fills one entry per working helper; answers how many. */
size_t resolver_poll(const struct resolver *r,
		     struct pollfd fds[RESOLVER_HELPERS]);

/*
 * Hands questions out and takes one answer in. False: there is none yet; call
 * again when poll() says so, or at *wake.
 */
MUST_USE bool resolver_take(struct resolver *r, instant now,
			    struct resolver_answer *answer, instant *wake);

#endif
