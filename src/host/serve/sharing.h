/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sharing.h - who serves a server's socket: the threads, each by sockets of its
 * own beside it (spread.h), or where they cannot have any, the loop.
 *
 * What is dropped, and what is sent to a group, is of the loop.
 */
#ifndef HOST_SHARING_H
#define HOST_SHARING_H

#include "host/serve/serversock.h"

/* Opens the others beside a socket that was just opened. Not possible: the loop
 * serves it, and that was said. */
void sharing_begin(struct serversocks *ss, struct serversock *s);

/*
 * From now on these threads serve what is shared: `threads` of them, fewer than
 * the sockets were opened for, perhaps; 0 and NULL: none.
 */
void sharing_give(struct serversocks *ss, struct workers *w, unsigned threads);

/* How many descriptors it has: in `shared`, or the one. */
size_t sharing_sockets(const struct serversocks *ss,
		       const struct serversock *s);

#endif
