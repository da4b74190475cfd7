/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spread.h - several sockets on one address, so that as many threads serve it.
 *
 * Which of them a datagram comes to is said by a program in the kernel: by a
 * keyed mix of its source address (of IPv6 the first 64 bits) and never of its
 * port, so that a host is always met by the same thread, whose limits and list
 * know it. A thread has two sockets of each address: mode 6 comes to one of its
 * own, where the kernel also says over which interface (F4); to the other it
 * need not.
 */
#ifndef HOST_SPREAD_H
#define HOST_SPREAD_H

#include "base/netaddr.h"

/* The same for all addresses, for as long as the daemon runs. */
struct spread {
	unsigned threads; /* 0: one socket an address, for the loop */
	uint32_t key[2];
};

/* Of one thread. */
#define SPREAD_SOCKETS 2
enum spread_socket { SPREAD_TIME, SPREAD_CONTROL };

/* Draws the key. */
void spread_init(struct spread *s, unsigned threads);

/* Whose a datagram from this address is: the number of a thread, from 0 on. */
unsigned spread_thread(const struct spread *s, const netaddr *from);

/*
 * Opens the others beside `first`, which is bound to `addr` and was alone: a
 * new list of threads * SPREAD_SOCKETS, `first` in it, a thread's two side by
 * side. NULL, and errno: not possible here, and `first` is alone as before.
 */
MUST_USE int *spread_open(const struct spread *s, int first,
			  const netaddr *addr, unsigned dscp);

/* `first` is alone again; the list stays, to be freed. */
void spread_end(const struct spread *s, int *fds);

/*
 * Where there are fewer threads than were wanted: keeps the sockets of
 * `threads` (> 0) of them. False, and errno: it has ended.
 */
MUST_USE bool spread_shrink(const struct spread *s, int *fds,
			    const netaddr *addr, unsigned threads);

/* All that comes from now on comes to the first. */
void spread_gather(const int *fds);
/* Of `count`, have all but the first been read empty? */
bool spread_is_gathered(const int *fds, size_t count);

#endif
