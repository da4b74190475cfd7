/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siphash.h - SipHash-2-4: the hash for tables that strangers fill.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/rng.h"

struct siphash_key {
	uint64_t k0, k1;
};

/* A secret one. */
struct siphash_key siphash_draw(struct rng *rng);

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len);

#endif
