/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * digest.h - message digests, by nettle. Not for secrecy: MD5 is here because
 * RFC 5905 (section 7.3) names IPv6 servers by it, SHA-1 because tables of leap
 * seconds are signed with it.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/compiler.h"

#define DIGEST_MD5_LEN 16
#define DIGEST_SHA1_LEN 20

void digest_md5(uint8_t out[DIGEST_MD5_LEN], const void *data, size_t len);
void digest_sha1(uint8_t out[DIGEST_SHA1_LEN], const void *data, size_t len);

#endif
