/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nonce.h - a proof that who asks receives what is sent to him: 24 hex digits
 * that only this daemon can make, for one address and port, for 16 s (F4).
 *
 * The first 16 bits are the second, the other 80 a keyed hash of that second
 * (all of it), the address and the port. No state but the secrets, which
 * change every hour.
 */
#ifndef CORE_NONCE_H
#define CORE_NONCE_H

#include "base/netaddr.h"
#include "base/ntptime.h"
#include "base/rng.h"
#include "base/siphash.h"

#define NONCE_DIGITS 24
#define NONCE_TEXT (NONCE_DIGITS + 1)
#define NONCE_LIFE_S 16

/* The secrets of this hour and of the last one. */
struct nonces {
	struct siphash_key keys[2][2];
	int64_t hour;
	bool begun;
};

/* A nonce for whoever has this address, as a terminated text. */
void nonce_make(struct nonces *n, struct rng *rng, const netaddr *whom,
		instant now, char text[NONCE_TEXT]);
MUST_USE bool nonce_is_good(struct nonces *n, struct rng *rng,
			    const netaddr *whom, instant now, const char *text,
			    size_t len);

#endif
