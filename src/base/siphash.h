/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siphash.h - SipHash, a keyed hash: 2-4 of any octets, and 1-3, its faster
 * brother, of addresses and networks: the hash for tables that strangers fill.
 * The numbers are the rounds for a word of the message, and at its end.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/compiler.h"
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

/* One to four: no loop, which some compilers would leave one. */
static ALWAYS_INLINE void siphash_rounds(struct siphash_state *s,
					 unsigned count)
{
	siphash_round(s);
	if (count > 1) {
		siphash_round(s);
	}
	if (count > 2) {
		siphash_round(s);
	}
	if (count > 3) {
		siphash_round(s);
	}
}

static ALWAYS_INLINE void siphash_word(struct siphash_state *s, uint64_t m,
				       unsigned rounds)
{
	s->v3 ^= m;
	siphash_rounds(s, rounds);
	s->v0 ^= m;
}

/* Behind the last word, which has the length on top. */
static ALWAYS_INLINE uint64_t siphash_end(struct siphash_state *s,
					  unsigned rounds)
{
	s->v2 ^= 0xff;
	siphash_rounds(s, rounds);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/*
 * Of less than 8 octets, of 8 and of 16, as bytes_le64() reads them; `s` is
 * what siphash_begin() makes of a key.
 */
static ALWAYS_INLINE uint64_t siphash13_few(struct siphash_state s,
					    uint64_t octets, unsigned len)
{
	siphash_word(&s, (uint64_t)len << 56 | octets, 1);
	return siphash_end(&s, 3);
}

static inline uint64_t siphash13_8(struct siphash_state s, uint64_t octets)
{
	siphash_word(&s, octets, 1);
	siphash_word(&s, (uint64_t)8 << 56, 1);
	return siphash_end(&s, 3);
}

static inline uint64_t siphash13_16(struct siphash_state s, uint64_t first,
				    uint64_t second)
{
	siphash_word(&s, first, 1);
	siphash_word(&s, second, 1);
	siphash_word(&s, (uint64_t)16 << 56, 1);
	return siphash_end(&s, 3);
}

#endif
