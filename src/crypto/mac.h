/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mac.h - message authentication codes by symmetric keys, by nettle: the
 * digests of RFC 5905 (section 7.3), which are digest(secret || message), and
 * AES-CMAC of RFC 8573.
 *
 * Everything fails closed: what is not known to be right is wrong. A key is
 * prepared once and then only read; nothing here allocates.
 */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include <nettle/cmac.h>

#include "base/compiler.h"

#define MAC_SECRET_MAX 64
#define MAC_LEN_MAX 64

enum mac_type {
	MAC_NONE, /* authenticates nothing */
#define MAC(id, name, words, digest) MAC_##id,
#include "crypto/mactypes.def"
#undef MAC
	MAC_TYPES
};

struct mac_key {
	enum mac_type type;
	size_t len; /* of the secret of a digest */
	union {
		uint8_t secret[MAC_SECRET_MAX];
		struct cmac_aes128_ctx aes128;
		struct cmac_aes256_ctx aes256;
	};
};

/* "SHA256", for people; of MAC_NONE "none". */
const char *mac_type_name(enum mac_type type);
/* The type that a keys file means by this word in any case; or MAC_NONE. */
enum mac_type mac_type_find(const char *word, size_t len);
/* Is it digest(secret || message), which others can extend (C6)? */
bool mac_is_prefix(enum mac_type type);
/* Octets of the whole code; 0 for none. */
size_t mac_len(enum mac_type type);

/*
 * A secret for AES is cut or filled up with zeros to the length of its key, as
 * classic does. False, and the key of MAC_NONE: no such type, or no secret of
 * 1 to MAC_SECRET_MAX octets.
 */
MUST_USE bool mac_prepare(struct mac_key *key, enum mac_type type,
			  const uint8_t *secret, size_t len);

/* Octets written; 0: not signed. */
MUST_USE size_t mac_sign(const struct mac_key *key, const uint8_t *data,
			 size_t len, uint8_t mac[MAC_LEN_MAX]);

/*
 * Are these `mac_len` octets, not less than 16, the code of `data`, or its
 * first 20 as version 4 has them? Takes the same time wherever they differ.
 */
MUST_USE bool mac_verify(const struct mac_key *key, const uint8_t *data,
			 size_t len, const uint8_t *mac, size_t mac_len);

/* In the same time wherever they differ (C4). */
MUST_USE bool mac_equal(const void *a, const void *b, size_t len);

#endif
