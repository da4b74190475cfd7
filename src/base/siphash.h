/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siphash.h - SipHash-2-4, a keyed hash; and SipHash-1-3, its faster brother,
 * of one address: the hash for tables that strangers fill.
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

struct siphash_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t siphash_rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static inline void siphash_round(struct siphash_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = siphash_rotate(s->v1, 13) ^ s->v0;
	s->v3 = siphash_rotate(s->v3, 16) ^ s->v2;
	s->v0 = siphash_rotate(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v3 = siphash_rotate(s->v3, 21) ^ s->v0;
	s->v1 = siphash_rotate(s->v1, 17) ^ s->v2;
	s->v2 = siphash_rotate(s->v2, 32);
}

static inline struct siphash_state siphash_begin(const struct siphash_key *key)
{
	return (struct siphash_state){
		key->k0 ^ UINT64_C(0x736f6d6570736575),
		key->k1 ^ UINT64_C(0x646f72616e646f6d),
		key->k0 ^ UINT64_C(0x6c7967656e657261),
		key->k1 ^ UINT64_C(0x7465646279746573),
	};
}

static inline void siphash13_word(struct siphash_state *s, uint64_t m)
{
	s->v3 ^= m;
	siphash_round(s);
	s->v0 ^= m;
}

static inline uint64_t siphash13_end(struct siphash_state *s)
{
	s->v2 ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/*
 * Of 4 octets, and of 16, as bytes_le32() and bytes_le64() read them; `s` is
 * what siphash_begin() makes of a key.
 */
static inline uint64_t siphash13_4(struct siphash_state s, uint32_t octets)
{
	siphash13_word(&s, (uint64_t)4 << 56 | octets);
	return siphash13_end(&s);
}

static inline uint64_t siphash13_16(struct siphash_state s, uint64_t first,
				    uint64_t second)
{
	siphash13_word(&s, first);
	siphash13_word(&s, second);
	siphash13_word(&s, (uint64_t)16 << 56);
	return siphash13_end(&s);
}

#endif
