/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/refid.h"

#include <string.h>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "wire/packet.h"

uint32_t refid_of_address(const netaddr *addr)
{
	uint8_t digest[DIGEST_MD5_LEN];
	struct reader r = reader_over(digest, sizeof(digest));

	if (netaddr_is_v4(addr)) {
		return netaddr_v4_bits(addr);
	}
	digest_md5(digest, addr->ip, sizeof(addr->ip));
	return read_u32(&r);
}

bool refid_is_among(uint32_t refid, const uint32_t *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i] == refid) {
			return true;
		}
	}
	return false;
}

uint32_t refid_of_text(const char *s)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4 && s[i] != '\0'; i++) {
		v |= (uint32_t)(uint8_t)s[i] << (24 - 8 * i);
	}
	return v;
}

bool refid_is_text(uint8_t stratum)
{
	return stratum < 2 || stratum >= STRATUM_UNKNOWN;
}

/* Fit to stand in "name=value, name=value" as it is. */
static bool is_plain(uint8_t c)
{
	return c > ' ' && c <= '~' && !strchr("\",=\\", c);
}

void refid_print(uint32_t refid, bool is_text, struct text *out)
{
	if (!is_text) {
		netaddr a = netaddr_v4(refid, 0);

		netaddr_print(&a, out);
		return;
	}
	/* Up to the zeros that pad it. */
	for (unsigned at = 0; at < 4 && refid << (8 * at) != 0; at++) {
		uint8_t octet = (uint8_t)(refid >> (24 - 8 * at));

		text_char(out, (char)(is_plain(octet) ? octet : '.'));
	}
}
