/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keysfile.h - the text of a keys file, in the format of the classic daemon
 * and of ntpsec: ID TYPE SECRET [ADDRESS[/LENGTH][,...]].
 *
 * A secret of at most 20 characters is meant as it is written, a longer one is
 * hex, of which 64 digits count; HEX: and ASCII: before it say so themselves,
 * as in chrony. Every broken line is a complaint, and one of them makes the
 * whole file void: half of the keys would be a surprise. Only a line of a type
 * that we do not know is skipped alone.
 */
#ifndef CONFIG_KEYSFILE_H
#define CONFIG_KEYSFILE_H

#include "config/config.h"
#include "crypto/mac.h"

#define KEYSFILE_LINE_MAX 1024
#define KEYSFILE_ID_MAX 65535

/* Who may use a key; without any, everybody. */
struct key_address {
	struct key_address *next;
	netaddr net;
	unsigned prefix; /* of 128 bits */
};

struct key_line {
	struct key_line *next;
	struct place place;
	uint32_t id;
	enum mac_type type;
	uint8_t secret[MAC_SECRET_MAX];
	size_t len;
	struct key_address *addresses;
};

struct keysfile {
	struct key_line *keys; /* in the order of the file; none when void */
	size_t count;
	struct complaint *complaints;
	unsigned errors; /* lines that make the file void */
	bool out_of_memory;
};

/* An arena of this size holds whatever `len` octets of text can say. */
size_t keysfile_arena_size(size_t len);

/* The file's name must outlive the result; the text need not. */
struct keysfile keysfile_parse(struct arena *arena, const char *file,
			       const char *text, size_t len);

#endif
