/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rng.h - random numbers from a seed: the ChaCha20 stream (RFC 8439).
 *
 * A daemon's seed comes from the kernel and its nonces are unpredictable; a
 * simulation's seed is a number and its luck can be repeated. One generator
 * for both, so that what is tested is what runs.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/compiler.h"

#define RNG_SEED 32

struct rng {
	uint32_t key[8];
	uint64_t block;
	uint8_t bytes[64];
	size_t used;
};

void rng_init(struct rng *r, const uint8_t seed[RNG_SEED]);
/* For simulations and tests: a seed from one number. */
void rng_init_number(struct rng *r, uint64_t number);

uint64_t rng_u64(struct rng *r);
/* Never zero: zero means "nothing outstanding" on the wire (SECURITY.md A2). */
uint64_t rng_nonce(struct rng *r);
/* Uniform in 0 .. n-1, without bias; n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* Uniform in [0, 1). */
double rng_unit(struct rng *r);

#endif
