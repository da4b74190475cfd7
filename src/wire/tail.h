/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tail.h - what may stand behind the 48 octets of a header: extension fields
 * and a message authentication code (RFC 7822).
 *
 * Version 4: nothing, 4 octets (a crypto-NAK), or 20 or 24 of a code; while
 * there are more than 24 octets they begin with an extension field. Before
 * version 4 there are no fields, and a code may be whole. One rule, and no
 * guess: what does not fit it is nothing (C5).
 */
#ifndef WIRE_TAIL_H
#define WIRE_TAIL_H

#include "base/bytes.h"

#define TAIL_FIELDS_MAX 16
#define TAIL_MAC_MAX 24     /* with the key's number, in version 4 */
#define TAIL_OLD_MAC_MAX 68 /* before */
#define TAIL_NAK_LEN 4

enum tail_kind {
	TAIL_BAD,  /* does not fit the rule */
	TAIL_NONE, /* no code; there may be fields */
	TAIL_NAK,
	TAIL_MAC,
};

struct tail {
	enum tail_kind kind;
	unsigned fields;   /* how many */
	size_t fields_len; /* octets, all of them together */
	uint32_t key;      /* of a code: its key's number */
	const uint8_t *mac;
	size_t mac_len;
};

/* Reads all that is left in `r`. */
struct tail tail_parse(unsigned version, struct reader *r);

#endif
