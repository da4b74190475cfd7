/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compare.c - verifies one message, for test_compare.py to count instructions.
 *
 * Usage: compare TYPE OCTET: the code is wrong in that octet alone, or in the
 * last if it has not so many. Prints how many it has.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/mac.h"

void invariant_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, cond);
	abort();
}

int main(int argc, char **argv)
{
	uint8_t data[48] = { 0x23 }, code[MAC_LEN_MAX] = { 0 };
	const uint8_t secret[16] = "fifteen letters";
	struct mac_key key;
	size_t len;

	if (argc != 3 ||
	    !mac_prepare(&key, (enum mac_type)strtoul(argv[1], NULL, 10),
			 secret, sizeof(secret))) {
		return 2;
	}
	len = mac_sign(&key, data, sizeof(data), code);
	size_t octet = strtoul(argv[2], NULL, 10);

	code[octet < len ? octet : len - 1] ^= 1;
	printf("%zu\n", len);
	return mac_verify(&key, data, sizeof(data), code, len) ? 1 : 0;
}
