/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/nonce.h"

#include <string.h>

#include "crypto/mac.h"

#define HOUR_S 3600

static int64_t second_of(instant t)
{
	return t.v >> 32;
}

static void turn(struct nonces *n, struct rng *rng, int64_t hour)
{
	for (unsigned i = 0; i < 2; i++) {
		n->keys[hour & 1][i] = siphash_draw(rng);
	}
	n->hour = hour;
}

/* After more than an hour without a question the last secret is no use. */
static void keep_secrets(struct nonces *n, struct rng *rng, instant now)
{
	int64_t hour = second_of(now) / HOUR_S;

	if (!n->begun || hour > n->hour + 1) {
		turn(n, rng, hour - 1);
		n->begun = true;
	}
	if (hour > n->hour) {
		turn(n, rng, hour);
	}
}

static void print(const struct nonces *n, const netaddr *whom, int64_t second,
		  char text[NONCE_TEXT])
{
	const struct siphash_key *keys = n->keys[second / HOUR_S & 1];
	struct text t = text_over(text, NONCE_TEXT);
	uint8_t what[32];
	struct {
		uint64_t v;
		unsigned width;
	} parts[] = { { whom->scope, 4 },
		      { whom->port, 4 },
		      { (uint64_t)second, 8 } };
	uint8_t *at = what + 16;

	memcpy(what, whom->ip, 16);
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned b = parts[i].width; b-- > 0;) {
			*at++ = (uint8_t)(parts[i].v >> 8 * b);
		}
	}
	text_hex(&t, (uint64_t)second & 0xffff, 4);
	text_hex(&t, siphash(&keys[0], what, sizeof(what)), 16);
	text_hex(&t, siphash(&keys[1], what, sizeof(what)) & 0xffff, 4);
}

void nonce_make(struct nonces *n, struct rng *rng, const netaddr *whom,
		instant now, char text[NONCE_TEXT])
{
	keep_secrets(n, rng, now);
	print(n, whom, second_of(now), text);
}

bool nonce_is_good(struct nonces *n, struct rng *rng, const netaddr *whom,
		   instant now, const char *text, size_t len)
{
	char right[NONCE_TEXT];
	bool good = false;

	if (len != NONCE_DIGITS) {
		return false;
	}
	keep_secrets(n, rng, now);
	for (int64_t age = 0; age <= NONCE_LIFE_S; age++) {
		char second[5];
		struct text t = text_over(second, sizeof(second));

		text_hex(&t, (uint64_t)(second_of(now) - age) & 0xffff, 4);
		if (mac_equal(second, text, 4)) {
			print(n, whom, second_of(now) - age, right);
			good = mac_equal(right, text, NONCE_DIGITS);
		}
	}
	return good;
}
