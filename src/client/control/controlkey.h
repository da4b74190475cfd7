/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * controlkey.h - the symmetric key with which ntpq shows who it is, and the
 * MAC behind a control message: the key's number and a code over the message
 * (RFC 9327, section 2), of which 20 octets are sent at most.
 */
#ifndef CLIENT_CONTROLKEY_H
#define CLIENT_CONTROLKEY_H

#include "crypto/mac.h"

#define CONTROLKEY_CODE 20
#define CONTROLKEY_MAC (4 + CONTROLKEY_CODE) /* number and code, at most */

struct controlkey {
	uint32_t id; /* 0: not said */
	enum mac_type type;
	size_t len; /* of the secret; 0: not said */
	uint8_t secret[MAC_SECRET_MAX];
};

/* What is sent of a code of this type, in octets. */
size_t controlkey_code_len(enum mac_type type);

/* 1 to 2^32 - 1. */
MUST_USE bool controlkey_id_read(uint32_t *id, const char *word);

/*
 * The secret from its text: up to 20 characters as they are, more are
 * hexadecimal digits. False: neither.
 */
MUST_USE bool controlkey_secret_read(struct controlkey *k, const char *text);

/*
 * Finds key `id` in a keys file. False, and told on stderr, when it is not
 * there or the file is of no use.
 */
MUST_USE bool controlkey_load(struct controlkey *k, const char *file,
			      uint32_t id);

/* Writes the MAC over these octets; its length, or 0 for a useless key. */
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
