/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nettree.h - networks as an immutable prefix tree, which finds the narrowest
 * one around an address in a step for each octet at most.
 *
 * A node looks at one octet. Octets that all its networks share are skipped,
 * and a network that is alone needs no node, so that no address meets many.
 * What the 256 values of an octet lead to is kept as the runs of equal ones: a
 * bit for each value that begins a run, and a word for each run. Above the
 * nodes IPv4 has a table by its first octet, or two when it has many networks:
 * there ends the search for most addresses.
 */
#ifndef CORE_NETTREE_H
#define CORE_NETTREE_H

#include "base/bytes.h"
#include "base/netaddr.h"

#define NETTREE_V4 96 /* bits of ::ffff:0:0/96, where IPv4 lives */

/* An address as two numbers, the first octet on top. */
struct netbits {
	uint64_t high, low;
};

struct network {
	struct netbits at; /* nothing is set behind the prefix */
	uint32_t flags : 24;
	uint32_t prefix : 8;
	uint32_t around;  /* the narrowest that encloses it: the last twin */
	uint32_t instead; /* who decides where this one does not hold */
	uint32_t counter;
};

struct nettree_node;

/* `networks` are the caller's; the rest is in memory that he gave. */
struct nettree {
	const struct network *networks;
	const struct nettree_node *nodes;
	const uint32_t *runs;
	const uint32_t *v4; /* where a search begins, by the first bits ... */
	unsigned v4_shift;  /* ... behind which there are so many */
	uint32_t v6;        /* likewise, of all others */
};

static inline struct netbits netbits_of(const uint8_t ip[16])
{
	return (struct netbits){ bytes_be64(ip), bytes_be64(ip + 8) };
}

static inline bool netbits_are_v4(const struct netbits *b)
{
	return b->high == 0 && b->low >> 32 == 0xffff;
}

bool network_is_same(const struct network *a, const struct network *b);
bool network_holds(const struct network *n, const struct netbits *addr);

/* Bytes for the tree of as many networks, those that hold all aside. */
size_t nettree_size(size_t networks);

/*
 * Of networks sorted by address, the widest first; of twins, which are one
 * network, the last is found. The first `v4` are IPv4's, and one is its whole;
 * of the others, up to `count`, one is ::/0. `around` is set by the caller.
 */
void nettree_build(struct nettree *t, void *memory,
		   const struct network *networks, size_t v4, size_t count);

const struct network *nettree_find(const struct nettree *t,
				   const struct netbits *addr);

#define NETTREE_BATCH 32

/* In a word: it is no network's number that decides, come what may. */
#define NETTREE_OPEN (UINT32_C(15) << 28)

/* Who decides about an IPv4 address, if the table says it; else NULL. */
static inline const struct network *nettree_glance(const struct nettree *t,
						   uint32_t v4)
{
	uint32_t word = t->v4[v4 >> t->v4_shift];

	return word & NETTREE_OPEN ? NULL : &t->networks[word];
}

/*
 * nettree_find() for up to NETTREE_BATCH addresses: all go one step, then the
 * next, so that what one needs of the memory comes as the others are looked at.
 */
void nettree_find_all(const struct nettree *t, const struct netbits *addrs,
		      const struct network **found, size_t count);

#endif
