/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/rng.h"

#include <string.h>

static uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

static void refill(struct rng *r)
{
	uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t x[16];

	memcpy(in + 4, r->key, sizeof(r->key));
	in[12] = (uint32_t)r->block;
	in[13] = (uint32_t)(r->block >> 32);
	in[14] = in[15] = 0;
	memcpy(x, in, sizeof(x));
	for (int i = 0; i < 10; i++) {
		for (unsigned c = 0; c < 4; c++) {
			quarter(&x[c], &x[4 + c], &x[8 + c], &x[12 + c]);
		}
		for (unsigned c = 0; c < 4; c++) {
			quarter(&x[c], &x[4 + (c + 1) % 4], &x[8 + (c + 2) % 4],
				&x[12 + (c + 3) % 4]);
		}
	}
	for (unsigned i = 0; i < 16; i++) {
		uint32_t v = x[i] + in[i];

		for (unsigned b = 0; b < 4; b++) {
			r->bytes[4 * i + b] = (uint8_t)(v >> (8 * b));
		}
	}
	r->block++;
	r->used = 0;
}

void rng_init(struct rng *r, const uint8_t seed[RNG_SEED])
{
	*r = (struct rng){ .used = sizeof(r->bytes) };
	for (size_t i = 0; i < RNG_SEED; i++) {
		r->key[i / 4] |= (uint32_t)seed[i] << (8 * (i % 4));
	}
}

void rng_init_number(struct rng *r, uint64_t number)
{
	uint8_t seed[RNG_SEED] = { 0 };

	for (unsigned i = 0; i < 8; i++) {
		seed[i] = (uint8_t)(number >> (8 * i));
	}
	rng_init(r, seed);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t v = 0;

	if (r->used + 8 > sizeof(r->bytes)) {
		refill(r);
	}
	for (unsigned i = 0; i < 8; i++) {
		v |= (uint64_t)r->bytes[r->used + i] << (8 * i);
	}
	/* What was given out must not be found in memory later. */
	memset(r->bytes + r->used, 0, 8);
	r->used += 8;
	return v;
}

uint64_t rng_nonce(struct rng *r)
{
	uint64_t v;

	do {
		v = rng_u64(r);
	} while (v == 0);
	return v;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	INVARIANT(n > 0);
	uint64_t limit = UINT64_MAX - UINT64_MAX % n;
	uint64_t v;

	do {
		v = rng_u64(r);
	} while (v >= limit);
	return v % n;
}

double rng_unit(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}
