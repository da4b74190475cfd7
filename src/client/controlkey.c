/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/controlkey.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/digest.h"

#define PLAIN_MOST 20 /* characters of a secret that is not hexadecimal */
#define LINE_TEXT 1024
#define SIGNED_MOST 2048 /* octets that are ever signed */

static const struct {
	const char *name;
	size_t digest_len;
	void (*digest)(uint8_t *out, const void *data, size_t len);
} types[] = {
	[CONTROLKEY_MD5] = { "MD5", DIGEST_MD5_LEN, digest_md5 },
	[CONTROLKEY_SHA1] = { "SHA1", DIGEST_SHA1_LEN, digest_sha1 },
};

const char *controlkey_type_name(enum controlkey_type type)
{
	return types[type].name;
}

size_t controlkey_digest_len(enum controlkey_type type)
{
	return types[type].digest_len;
}

bool controlkey_type_read(enum controlkey_type *type, const char *word)
{
	if (strcasecmp(word, "M") == 0 || strcasecmp(word, "MD5") == 0) {
		*type = CONTROLKEY_MD5;
		return true;
	}
	if (strcasecmp(word, "SHA1") == 0 || strcasecmp(word, "SHA-1") == 0 ||
	    strcasecmp(word, "SHA") == 0) {
		*type = CONTROLKEY_SHA1;
		return true;
	}
	return false;
}

bool controlkey_id_read(uint32_t *id, const char *word)
{
	uint64_t v;

	if (!text_to_u64(word, strlen(word), &v) || v == 0 || v > UINT32_MAX) {
		return false;
	}
	*id = (uint32_t)v;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool controlkey_secret_read(struct controlkey *k, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > (size_t)2 * CONTROLKEY_SECRET) {
		return false;
	}
	if (len <= PLAIN_MOST) {
		memcpy(k->secret, text, len);
		k->len = len;
		return true;
	}
	if (len % 2 != 0) {
		return false;
	}
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		k->secret[i / 2] = (uint8_t)(high << 4 | low);
	}
	k->len = len / 2;
	return true;
}

/* "12 MD5 secret", and what may follow, of this number. */
static bool is_line_of(char *line, uint32_t id, char **type, char **secret)
{
	char *rest = NULL;
	uint32_t number;

	line[strcspn(line, "#\r\n")] = '\0';
	const char *word = strtok_r(line, " \t", &rest);

	*type = strtok_r(NULL, " \t", &rest);
	*secret = strtok_r(NULL, " \t", &rest);
	return word && *secret && controlkey_id_read(&number, word) &&
	       number == id;
}

static bool load_from(struct controlkey *k, FILE *in, const char *file,
		      uint32_t id)
{
	char line[LINE_TEXT], *type, *secret;

	while (fgets(line, sizeof(line), in)) {
		if (!is_line_of(line, id, &type, &secret)) {
			continue;
		}
		if (!controlkey_type_read(&k->type, type)) {
			fprintf(stderr,
				"***Key %u of `%s' is of a type that ntpq "
				"does not know\n",
				id, file);
			return false;
		}
		if (!controlkey_secret_read(k, secret)) {
			fprintf(stderr, "***Key %u of `%s' is malformed\n", id,
				file);
			return false;
		}
		k->id = id;
		return true;
	}
	fprintf(stderr, "***No key %u in `%s'\n", id, file);
	return false;
}

bool controlkey_load(struct controlkey *k, const char *file, uint32_t id)
{
	FILE *in = fopen(file, "re");

	if (!in) {
		fprintf(stderr, "***Could not open `%s': %s\n", file,
			strerror(errno));
		return false;
	}
	bool good = load_from(k, in, file, id);

	fclose(in);
	return good;
}

size_t controlkey_sign(const struct controlkey *k, const uint8_t *data,
		       size_t len, uint8_t mac[CONTROLKEY_MAC])
{
	uint8_t joined[CONTROLKEY_SECRET + SIGNED_MOST];
	struct writer w = writer_over(mac, CONTROLKEY_MAC);

	INVARIANT(len <= SIGNED_MOST);
	memcpy(joined, k->secret, k->len);
	memcpy(joined + k->len, data, len);
	write_be(&w, k->id, 4);
	types[k->type].digest(mac + 4, joined, k->len + len);
	return 4 + types[k->type].digest_len;
}

enum controlkey_verdict controlkey_check(const struct controlkey *k,
					 const uint8_t *data, size_t len,
					 size_t from)
{
	uint8_t mac[CONTROLKEY_MAC], differ = 0;
	size_t mac_len = 4 + types[k->type].digest_len;

	if (len < from + mac_len) {
		return CONTROLKEY_UNSIGNED;
	}
	controlkey_sign(k, data, len - mac_len, mac);
	if (memcmp(mac, data + len - mac_len, 4) != 0) {
		return CONTROLKEY_UNSIGNED;
	}
	for (size_t i = 0; i < mac_len; i++) {
		differ |= mac[i] ^ data[len - mac_len + i];
	}
	return differ == 0 ? CONTROLKEY_GOOD : CONTROLKEY_FORGED;
}
