/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.h - restrict lines compiled to an immutable table.
 *
 * Exactly one entry decides about an address: the one with the longest
 * prefix, `ntpport` before not (see ntp.conf(5)). Nothing is inherited. The
 * same network twice: the flags add up.
 *
 * The lines are compiled once, as a prefix tree (core/serve/nettree.h), so that
 * a hundred thousand cost a request what one does. The addresses of
 * associations come and go: they are beside the lines.
 */
#ifndef CORE_ACCESS_H
#define CORE_ACCESS_H

#include "config/config.h"

struct access;

/* Bytes for a table of the configuration's entries and `hosts` more. */
size_t access_size(const struct config *config, size_t hosts);

/*
 * Builds the table in `memory`, which is aligned for uint64_t. `hosts` are the
 * associations' addresses, which get the flags of `restrict source` where the
 * configuration has that line.
 */
const struct access *access_build(void *memory, const struct config *config,
				  const netaddr *hosts, size_t count);

/*
 * The lines of a table that stays where it is, with other hosts: at the cost
 * of these, however many the lines are.
 */
size_t access_follow_size(size_t hosts);
const struct access *access_follow(void *memory, const struct access *lines,
				   const netaddr *hosts, size_t count);

/* What the table says of a datagram from one address. */
struct access_match {
	uint32_t flags;   /* enum restrict_flag */
	uint32_t counter; /* of the line, in a shard's hits */
	bool general;     /* nothing but a default names this address */
};

struct access_match access_match(const struct access *a, const netaddr *from);

#define ACCESS_BATCH 32

/* The same of up to ACCESS_BATCH datagrams, whose searches overlap. */
void access_match_all(const struct access *a, const netaddr *const from[],
		      struct access_match found[], size_t count);

static inline uint32_t access_flags(const struct access *a, const netaddr *from)
{
	return access_match(a, from).flags;
}

/* How many counters the lines of a configuration have: two for each. */
size_t access_counters(const struct config *config);

/* One line of the table, for reports. */
struct access_entry {
	netaddr net;
	uint32_t flags; /* with RESTRICT_NTPPORT where it holds */
	uint32_t counter;
	uint8_t prefix;  /* of 128 bits */
	bool for_source; /* made by `restrict source` */
};

size_t access_count(const struct access *a);
/* Entry `i` of access_count(), by address, the widest network first. */
struct access_entry access_entry(const struct access *a, size_t i);

#endif
