/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inherited.h - sockets that were open before us: of our last life, kept by
 * who supervises us, or opened for us by him (LISTEN_FDS).
 *
 * What a socket is says the kernel, not its name: one is ours when it is plain
 * UDP, bound to an address that we serve. Requests that wait in it are answered
 * as if we had been there, by the stamps of their arrival.
 */
#ifndef HOST_INHERITED_H
#define HOST_INHERITED_H

#include "host/system/journal.h"
#include "host/system/notify.h"

/* Who asked longer ago does not wait any more. */
#define INHERITED_PATIENCE_S 10

#define INHERITED_NAME 256

struct inherited_socket {
	int fd;       /* -1: somebody took it */
	netaddr addr; /* none: it is nothing that we could use */
	char name[INHERITED_NAME];
};

/* All zero: there are none. */
struct inherited {
	struct inherited_socket *items;
	size_t count;
};

/* By the environment, which must mean this process. */
void inherited_open(struct inherited *in);
/* The one that is bound to this address and port, which is the caller's from
 * now on; -1: there is none. */
MUST_USE int inherited_take(struct inherited *in, const netaddr *addr);
/* Both close some, and say so: what nobody could take, before others are bound,
 * and what nobody took. */
void inherited_sort(struct inherited *in, struct notify *n, struct journal *j);
void inherited_close(struct inherited *in, struct notify *n, struct journal *j);

#endif
