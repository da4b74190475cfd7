/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields.h - one walk over the fields of a value that writes, reads or prints
 * them: what is described once cannot be read otherwise than it was written.
 *
 * A field is a tag, a length and bytes; integers take as few as they need, and
 * what is zero takes none. Tags of one value only ever go up, so that a field
 * that an older record has not is zero, and one that this build does not know
 * is noticed.
 *
 *   ev->sent.exchange = (uint16_t)field_uint(f, 16, "exchange",
 *                                            ev->sent.exchange, UINT16_MAX);
 *
 * gives back what it was given when it writes or prints, and what it found
 * when it reads.
 */
#ifndef CORE_FIELDS_H
#define CORE_FIELDS_H

#include "base/bytes.h"
#include "base/netaddr.h"
#include "base/ntptime.h"
#include "base/text.h"

enum fields_walk { FIELDS_WRITE, FIELDS_READ, FIELDS_PRINT };

enum fields_trouble {
	FIELDS_FINE,
	FIELDS_CUT,       /* there are fewer bytes than there should be */
	FIELDS_DISORDER,  /* a tag that is not above the one before it */
	FIELDS_UNKNOWN,   /* a tag that this build does not know */
	FIELDS_BAD_VALUE, /* out of its range */
};

struct fields {
	enum fields_walk walk;
	struct writer *writer;
	struct reader reader;
	struct text *text;
	enum fields_trouble trouble; /* the first, of reading */
	uint8_t last, next;          /* tags; 0: none */
	const uint8_t *value;        /* of `next` */
	size_t len;
};

struct fields fields_to(struct writer *w);
struct fields fields_from(const uint8_t *data, size_t len);
/* " name=value" of all that is not zero. */
struct fields fields_print(struct text *text);
/* After the last field: what is left over is unknown. */
enum fields_trouble fields_end(struct fields *f);
/* Marks what was read as out of its range. */
void fields_refuse(struct fields *f);

uint64_t field_uint(struct fields *f, uint8_t tag, const char *name, uint64_t v,
		    uint64_t most);
int64_t field_int(struct fields *f, uint8_t tag, const char *name, int64_t v,
		  int64_t least, int64_t most);
bool field_bool(struct fields *f, uint8_t tag, const char *name, bool v);
/* In 2^-32 s, printed in seconds. */
int64_t field_time(struct fields *f, uint8_t tag, const char *name, int64_t v);
tstamp field_tstamp(struct fields *f, uint8_t tag, const char *name, tstamp v);
/* The bits, so that what was read is what was written. */
double field_double(struct fields *f, uint8_t tag, const char *name, double v);
netaddr field_addr(struct fields *f, uint8_t tag, const char *name, netaddr a);
/* Read in place: they live as long as what they were read from. */
void field_bytes(struct fields *f, uint8_t tag, const char *name,
		 const uint8_t **data, size_t *len);
/* A NUL-terminated text in a buffer of `size`. */
void field_word(struct fields *f, uint8_t tag, const char *name, char *word,
		size_t size);

#endif
