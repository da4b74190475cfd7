/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/mac.h"

#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>
#include <nettle/ripemd160.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <string.h>

#define LEAST 16  /* octets: less is no code */
#define V4_LEN 20 /* longer ones are cut to this (RFC 7822) */

struct type {
	const char *name, *words;
	size_t len;
};

static const struct type types[MAC_TYPES] = {
	[MAC_NONE] = { "none", "", 0 },
#define MAC(id, name, words, len) [MAC_##id] = { name, words, len },
#include "crypto/mactypes.def"
#undef MAC
};

const char *mac_type_name(enum mac_type type)
{
	return types[type].name;
}

static char lower(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return (char)(c | 0x20);
	}
	return c;
}

/* Is it one of these words? */
static bool is_among(const char *words, const char *word, size_t len)
{
	size_t same = 0;
	bool begins = true;

	for (const char *at = words;; at++) {
		if (*at == ' ' || *at == '\0') {
			if (begins && same == len) {
				return true;
			}
			same = 0;
			begins = true;
		} else {
			begins = begins && same < len &&
				 lower(*at) == lower(word[same]);
			same++;
		}
		if (*at == '\0') {
			return false;
		}
	}
}

enum mac_type mac_type_find(const char *word, size_t len)
{
	for (unsigned t = MAC_NONE + 1; t < MAC_TYPES && len > 0; t++) {
		if (is_among(types[t].name, word, len) ||
		    is_among(types[t].words, word, len)) {
			return (enum mac_type)t;
		}
	}
	return MAC_NONE;
}

bool mac_is_prefix(enum mac_type type)
{
	return type != MAC_AES128 && type != MAC_AES256;
}

size_t mac_len(enum mac_type type)
{
	return types[type].len;
}

bool mac_prepare(struct mac_key *key, enum mac_type type, const uint8_t *secret,
		 size_t len)
{
	uint8_t cipher[AES256_KEY_SIZE] = { 0 };

	memset(key, 0, sizeof(*key));
	if (type <= MAC_NONE || type >= MAC_TYPES || len == 0 ||
	    len > MAC_SECRET_MAX) {
		return false;
	}
	memcpy(cipher, secret, len < sizeof(cipher) ? len : sizeof(cipher));
	if (type == MAC_AES128) {
		cmac_aes128_set_key(&key->aes128, cipher);
	} else if (type == MAC_AES256) {
		cmac_aes256_set_key(&key->aes256, cipher);
	} else {
		memcpy(key->secret, secret, len);
		key->len = len;
	}
	key->type = type;
	return true;
}

static const struct nettle_hash *hash_of(enum mac_type type)
{
	switch (type) {
	case MAC_MD5:
		return &nettle_md5;
	case MAC_SHA1:
		return &nettle_sha1;
	case MAC_SHA224:
		return &nettle_sha224;
	case MAC_SHA256:
		return &nettle_sha256;
	case MAC_SHA384:
		return &nettle_sha384;
	case MAC_SHA512:
		return &nettle_sha512;
	case MAC_RMD160:
		return &nettle_ripemd160;
	case MAC_NONE:
	case MAC_AES128:
	case MAC_AES256:
	case MAC_TYPES:
		break;
	}
	return NULL;
}

static size_t digest(const struct mac_key *key, const uint8_t *data, size_t len,
		     uint8_t mac[MAC_LEN_MAX])
{
	union {
		struct md5_ctx md5;
		struct sha1_ctx sha1;
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
		struct ripemd160_ctx ripemd160;
	} ctx;
	const struct nettle_hash *hash = hash_of(key->type);

	if (!hash || hash->context_size > sizeof(ctx) ||
	    hash->digest_size > MAC_LEN_MAX || key->len == 0) {
		return 0;
	}
	hash->init(&ctx);
	hash->update(&ctx, key->len, key->secret);
	hash->update(&ctx, len, data);
	hash->digest(&ctx, hash->digest_size, mac);
	return hash->digest_size;
}

/* Keys are shared between threads: the state is a copy. */
size_t mac_sign(const struct mac_key *key, const uint8_t *data, size_t len,
		uint8_t mac[MAC_LEN_MAX])
{
	if (key->type == MAC_AES128) {
		struct cmac_aes128_ctx ctx = key->aes128;

		cmac_aes128_update(&ctx, len, data);
		cmac_aes128_digest(&ctx, CMAC128_DIGEST_SIZE, mac);
		return CMAC128_DIGEST_SIZE;
	}
	if (key->type == MAC_AES256) {
		struct cmac_aes256_ctx ctx = key->aes256;

		cmac_aes256_update(&ctx, len, data);
		cmac_aes256_digest(&ctx, CMAC128_DIGEST_SIZE, mac);
		return CMAC128_DIGEST_SIZE;
	}
	return digest(key, data, len, mac);
}

bool mac_equal(const void *a, const void *b, size_t len)
{
	return memeql_sec(a, b, len) == 1;
}

bool mac_verify(const struct mac_key *key, const uint8_t *data, size_t len,
		const uint8_t *mac, size_t mac_len)
{
	uint8_t right[MAC_LEN_MAX];
	size_t whole = mac_sign(key, data, len, right);

	if (whole < LEAST || mac_len < LEAST ||
	    (mac_len != whole && (mac_len != V4_LEN || whole < V4_LEN))) {
		return false;
	}
	return mac_equal(right, mac, mac_len);
}
