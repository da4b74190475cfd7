/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/digest.h"

#include <nettle/md5.h>
#include <nettle/sha1.h>

void digest_md5(uint8_t out[DIGEST_MD5_LEN], const void *data, size_t len)
{
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, len, data);
	md5_digest(&ctx, DIGEST_MD5_LEN, out);
}

void digest_sha1(uint8_t out[DIGEST_SHA1_LEN], const void *data, size_t len)
{
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, len, data);
	sha1_digest(&ctx, DIGEST_SHA1_LEN, out);
}
