/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

#include "base/bytes.h"

static uint64_t little_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++) {
		v |= (uint64_t)p[i] << (8 * i);
	}
	return v;
}

struct siphash_key siphash_draw(struct rng *rng)
{
	struct siphash_key key;

	key.k0 = rng_u64(rng);
	key.k1 = rng_u64(rng);
	return key;
}

static void compress(struct siphash_state *s, uint64_t m)
{
	s->v3 ^= m;
	siphash_round(s);
	siphash_round(s);
	s->v0 ^= m;
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct siphash_state s = siphash_begin(key);
	uint64_t last = (uint64_t)len << 56;

	for (; len >= 8; p += 8, len -= 8) {
		compress(&s, bytes_le64(p));
	}
	compress(&s, last | little_endian(p, len));
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++) {
		siphash_round(&s);
	}
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
