/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * controlkey.h - the symmetric key with which ntpq shows who it is, and the
 * MAC behind a control message: the key's number and a digest over the key
 * and the message (RFC 9327, section 2; RFC 5905, appendix A).
 */
#ifndef CLIENT_CONTROLKEY_H
#define CLIENT_CONTROLKEY_H

#include "base/compiler.h"

#define CONTROLKEY_SECRET 64 /* octets, at most */
#define CONTROLKEY_MAC 24    /* number and digest, at most */

enum controlkey_type { CONTROLKEY_MD5, CONTROLKEY_SHA1, CONTROLKEY_TYPES };

struct controlkey {
	uint32_t id; /* 0: not said */
	enum controlkey_type type;
	size_t len; /* of the secret; 0: not said */
	uint8_t secret[CONTROLKEY_SECRET];
};

const char *controlkey_type_name(enum controlkey_type type);
/* Octets of its digest. */
size_t controlkey_digest_len(enum controlkey_type type);
/* "MD5", "M", "SHA1" and their like; false for what is not known. */
MUST_USE bool controlkey_type_read(enum controlkey_type *type,
				   const char *word);

/* 1 to 2^32 - 1. */
MUST_USE bool controlkey_id_read(uint32_t *id, const char *word);

/*
 * The secret from its text: up to 20 characters as they are, more are
 * hexadecimal digits. False: neither.
 */
MUST_USE bool controlkey_secret_read(struct controlkey *k, const char *text);

/*
 * Finds key `id` in a file of lines "number type secret". False, and told on
 * stderr, when it is not there or of no use.
 */
MUST_USE bool controlkey_load(struct controlkey *k, const char *file,
			      uint32_t id);

/* Writes the MAC over these octets; its length. */
size_t controlkey_sign(const struct controlkey *k, const uint8_t *data,
		       size_t len, uint8_t mac[CONTROLKEY_MAC]);

enum controlkey_verdict {
	CONTROLKEY_UNSIGNED, /* no MAC of this key stands at the end */
	CONTROLKEY_GOOD,
	CONTROLKEY_FORGED,
};

/* Does the datagram end in a MAC of this key behind octet `from`? */
enum controlkey_verdict controlkey_check(const struct controlkey *k,
					 const uint8_t *data, size_t len,
					 size_t from);

#endif
