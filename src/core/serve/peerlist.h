/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peerlist.h - whose packets on the server's port are for the engine: those
 * of symmetric peers, which are no requests to be answered and forgotten.
 *
 * Built whole by the engine, then only read, by any thread.
 */
#ifndef CORE_PEERLIST_H
#define CORE_PEERLIST_H

#include "base/netaddr.h"

struct peerlist {
	size_t count;
	netaddr addrs[]; /* with the port */
};

/* Bytes for a list of as many. */
size_t peerlist_size(size_t count);
static inline void peerlist_add(struct peerlist *l, const netaddr *addr)
{
	l->addrs[l->count++] = *addr;
}
/* The address and the port: a peer speaks from the port it is spoken to. */
bool peerlist_has(const struct peerlist *l, const netaddr *addr);

#endif
