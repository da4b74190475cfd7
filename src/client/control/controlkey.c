/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/controlkey.h"

#include "client/control/complaint.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "host/files/keyfile.h"

#define PLAIN_MOST 20 /* characters of a secret that is not hexadecimal */
#define COMPLAINTS_TEXT 4096

size_t controlkey_code_len(enum mac_type type)
{
	size_t len = mac_len(type);

	return len < CONTROLKEY_CODE ? len : CONTROLKEY_CODE;
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

bool controlkey_secret_read(struct controlkey *k, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > (size_t)2 * MAC_SECRET_MAX) {
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
		int high = text_hex_digit(text[i]),
		    low = text_hex_digit(text[i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		k->secret[i / 2] = (uint8_t)(high << 4 | low);
	}
	k->len = len / 2;
	return true;
}

static const struct key_line *find(const struct keyfile *file, uint32_t id)
{
	const struct key_line *line = file->parsed.keys;

	while (line && line->id != id) {
		line = line->next;
	}
	return line;
}

bool controlkey_load(struct controlkey *k, const char *path, uint32_t id)
{
	char complaints[COMPLAINTS_TEXT];
	struct text said = text_over(complaints, sizeof(complaints));
	struct keyfile *file = keyfile_read(path, &said);
	const struct key_line *line = file ? find(file, id) : NULL;

	/* What is only worth a warning is the daemon's to give. */
	fputs(file ? "" : complaints, stderr);
	if (line) {
		k->id = id;
		k->type = line->type;
		k->len = line->len;
		memcpy(k->secret, line->secret, line->len);
	} else if (file) {
		complain("***No key %u in `%s'\n", id, path);
	}
	keyfile_release(file);
	return line != NULL;
}

size_t controlkey_sign(const struct controlkey *k, const uint8_t *data,
		       size_t len, uint8_t mac[CONTROLKEY_MAC])
{
	struct writer w = writer_over(mac, CONTROLKEY_MAC);
	uint8_t code[MAC_LEN_MAX];
	struct mac_key key;
	size_t most = controlkey_code_len(k->type);
	bool good = mac_prepare(&key, k->type, k->secret, k->len) &&
		    mac_sign(&key, data, len, code) >= most;

	explicit_bzero(&key, sizeof(key));
	if (!good) {
		return 0;
	}
	write_be(&w, k->id, 4);
	memcpy(mac + 4, code, most);
	return 4 + most;
}

enum controlkey_verdict controlkey_check(const struct controlkey *k,
					 const uint8_t *data, size_t len,
					 size_t from)
{
	size_t mac_len = 4 + controlkey_code_len(k->type);
	uint8_t mac[CONTROLKEY_MAC];

	if (len < from + mac_len ||
	    controlkey_sign(k, data, len - mac_len, mac) != mac_len ||
	    memcmp(mac, data + len - mac_len, 4) != 0) {
		return CONTROLKEY_UNSIGNED;
	}
	return mac_equal(mac, data + len - mac_len, mac_len)
		       ? CONTROLKEY_GOOD
		       : CONTROLKEY_FORGED;
}
