/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pieces.h - the answer to a control request, cut into datagrams (RFC 9327).
 *
 * What is put is sent on as EFFECT_ANSWER whenever a datagram is full.
 */
#ifndef CORE_PIECES_H
#define CORE_PIECES_H

#include "core/effect.h"
#include "core/serve/keyring.h"
#include "wire/mode6.h"

/* Datagrams that the outbox has room for, signed, behind a long request. */
#define PIECES_MOST 112
/* Octets of an item of a row: all words of a restrict line, say. */
#define PIECES_ITEM 256

/* Whose key signs each datagram; NULL: none does. */
struct pieces_signer {
	const struct keyring_key *key;
	struct key_counts *counts;
	size_t word; /* a code begins at a multiple of it: as the request's */
};

struct pieces {
	struct outbox *out;
	struct pieces_signer signer;
	struct mode6 header; /* of the next datagram */
	size_t len;          /* octets in `data` */
	uint8_t data[MODE6_DATA];
	unsigned datagrams; /* sent on so far */
	size_t column;      /* of the text */
	bool is_text;       /* something was said */
};

/* The header of all datagrams of the answer: of a request, or of another. */
struct mode6 pieces_header(const struct mode6 *request);

void pieces_put(struct pieces *r, const void *data, size_t len);
/* One "name=value", behind a comma and, where it would be long, a new line. */
void pieces_item(struct pieces *r, const struct text *item);
/* An item of a row begins with "name.7=". */
struct text pieces_numbered(char buffer[PIECES_ITEM], const char *name,
			    uint64_t row);
/* Such items, whole: a number, and one in hex. */
void pieces_number(struct pieces *r, const char *name, uint64_t row,
		   uint64_t v);
void pieces_hex(struct pieces *r, const char *name, uint64_t row, uint64_t v);
/* Octets that `datagrams` in all still have room for. */
size_t pieces_room(const struct pieces *r, unsigned datagrams);
/* The end of a text, and of any other answer. */
void pieces_end(struct pieces *r);
/* The whole answer: an error and nothing else. */
void pieces_error(struct pieces *r, enum mode6_error error);

#endif
