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

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct siphash_state s = siphash_begin(key);
	uint64_t last = (uint64_t)len << 56;

	for (; len >= 8; p += 8, len -= 8) {
		siphash_word(&s, bytes_le64(p), 2);
	}
	siphash_word(&s, last | little_endian(p, len), 2);
	return siphash_end(&s, 4);
}
