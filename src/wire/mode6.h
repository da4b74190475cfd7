/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mode6.h - the header of a control message (RFC 9327, section 2).
 */
#ifndef WIRE_MODE6_H
#define WIRE_MODE6_H

#include "base/bytes.h"

#define MODE6_HEADER 12
#define MODE6_SIGNED_WORD 8 /* a code begins at a multiple of it... */
#define MODE6_SIGNED_HALF 4 /* ...or of this, from ntpsec 1.2.3 on */
#define MODE6_DATA 468      /* octets of data in one datagram, at most */
#define MODE6_MODE 6        /* the low three bits of the first octet */

enum mode6_opcode {
	MODE6_UNSPEC = 0,
	MODE6_READSTAT = 1,
	MODE6_READVAR = 2,
	MODE6_WRITEVAR = 3,
	MODE6_READCLOCK = 4,
	MODE6_WRITECLOCK = 5,
	MODE6_SETTRAP = 6,
	MODE6_ASYNC = 7,
	MODE6_CONFIGURE = 8,
	MODE6_SAVECONFIG = 9,
	MODE6_READ_MRU = 10,
	MODE6_READ_ORDLIST = 11,
	MODE6_REQ_NONCE = 12,
	MODE6_UNSETTRAP = 31,
};

enum mode6_error {
	MODE6_ERR_UNSPEC = 0,
	MODE6_ERR_PERMISSION = 1,
	MODE6_ERR_FORMAT = 2,
	MODE6_ERR_OPCODE = 3,
	MODE6_ERR_ASSOC = 4,
	MODE6_ERR_VARIABLE = 5,
	MODE6_ERR_VALUE = 6,
	MODE6_ERR_RESTRICTED = 7,
};

struct mode6 {
	uint8_t leap;    /* 0 to 3 */
	uint8_t version; /* 0 to 7 */
	bool response;
	bool error;
	bool more;
	uint8_t opcode; /* 0 to 31 */
	uint16_t sequence;
	uint16_t status; /* status word, or the error code << 8 */
	uint16_t assoc;
	uint16_t offset; /* of this fragment's data in the whole */
	uint16_t count;  /* octets of data in this fragment */
};

/* False when there are no 12 octets or the mode is not 6. */
MUST_USE bool mode6_parse(struct mode6 *m, struct reader *r);
/* Writes 12 octets; the caller looks at w->failed. */
void mode6_write(const struct mode6 *m, struct writer *w);

#endif
