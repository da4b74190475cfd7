/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/record/fields.h"

#include <string.h>

#define MORE 0x80      /* of a length: another byte follows */
#define LENGTH_BYTES 4 /* at most: 28 bits */
#define ADDR_BYTES 22
#define DECIMAL_MOST 9e5 /* larger doubles are printed as bits only */

struct fields fields_to(struct writer *w)
{
	return (struct fields){ .walk = FIELDS_WRITE, .writer = w };
}

struct fields fields_print(struct text *text)
{
	return (struct fields){ .walk = FIELDS_PRINT, .text = text };
}

static void fail(struct fields *f, enum fields_trouble trouble)
{
	if (f->trouble == FIELDS_FINE) {
		f->trouble = trouble;
	}
	f->next = 0;
	f->reader.at = f->reader.end;
}

static size_t read_length(struct reader *r)
{
	size_t len = 0;

	for (unsigned i = 0; i < LENGTH_BYTES; i++) {
		uint8_t b = read_u8(r);

		len |= (size_t)(b & ~MORE) << (7 * i);
		if (!(b & MORE)) {
			/* There is one way to say a length: the shortest. */
			r->failed |= b == 0 && i > 0;
			return len;
		}
	}
	r->failed = true;
	return 0;
}

/* Looks at the field that comes next, if there is one. */
static void look(struct fields *f)
{
	f->last = f->next;
	f->next = 0;
	if (f->trouble != FIELDS_FINE || reader_left(&f->reader) == 0) {
		return;
	}
	uint8_t tag = read_u8(&f->reader);
	size_t len = read_length(&f->reader);

	if (f->reader.failed || len > reader_left(&f->reader)) {
		fail(f, FIELDS_CUT);
	} else if (tag <= f->last) {
		fail(f, FIELDS_DISORDER);
	} else if (len == 0) {
		fail(f, FIELDS_BAD_VALUE); /* what is empty is left out */
	} else {
		f->next = tag;
		f->value = f->reader.at;
		f->len = len;
		f->reader.at += len;
	}
}

struct fields fields_from(const uint8_t *data, size_t len)
{
	struct fields f = { .walk = FIELDS_READ,
			    .reader = reader_over(data, len) };

	look(&f);
	return f;
}

enum fields_trouble fields_end(struct fields *f)
{
	if (f->walk == FIELDS_READ && f->trouble == FIELDS_FINE && f->next) {
		f->trouble = FIELDS_UNKNOWN;
	}
	return f->trouble;
}

void fields_refuse(struct fields *f)
{
	if (f->walk == FIELDS_READ) {
		fail(f, FIELDS_BAD_VALUE);
	}
}

/* Reading: is the next field this one? Then it is used up by look(). */
static bool is_here(const struct fields *f, uint8_t tag)
{
	return f->next == tag && f->trouble == FIELDS_FINE;
}

static void put_header(struct fields *f, uint8_t tag, size_t len)
{
	write_u8(f->writer, tag);
	while (len >= MORE) {
		write_u8(f->writer, (uint8_t)(len | MORE));
		len >>= 7;
	}
	write_u8(f->writer, (uint8_t)len);
}

static void put_bytes(struct fields *f, uint8_t tag, const uint8_t *data,
		      size_t len)
{
	struct writer *w = f->writer;

	put_header(f, tag, len);
	if ((size_t)(w->end - w->at) < len) {
		w->failed = true;
		return;
	}
	memcpy(w->at, data, len);
	w->at += len;
}

static void put_number(struct fields *f, uint8_t tag, uint64_t v)
{
	unsigned width = 1;

	while (width < 8 && v >> (8 * width) != 0) {
		width++;
	}
	put_header(f, tag, width);
	write_be(f->writer, v, width);
}

static uint64_t get_number(struct fields *f, uint8_t tag)
{
	struct reader r;
	uint64_t v;

	if (!is_here(f, tag)) {
		return 0;
	}
	if (f->len < 1 || f->len > 8) {
		fail(f, FIELDS_BAD_VALUE);
		return 0;
	}
	r = reader_over(f->value, f->len);
	v = read_be(&r, (unsigned)f->len);
	/* Zero has no bytes, and no number has more than it needs. */
	if (f->value[0] == 0) {
		fail(f, FIELDS_BAD_VALUE);
		return 0;
	}
	look(f);
	return v;
}

static void say_name(struct fields *f, const char *name)
{
	text_char(f->text, ' ');
	text_str(f->text, name);
	text_char(f->text, '=');
}

uint64_t field_uint(struct fields *f, uint8_t tag, const char *name, uint64_t v,
		    uint64_t most)
{
	switch (f->walk) {
	case FIELDS_READ:
		v = get_number(f, tag);
		if (v > most) {
			fail(f, FIELDS_BAD_VALUE);
			v = 0;
		}
		break;
	case FIELDS_WRITE:
		if (v != 0) {
			put_number(f, tag, v);
		}
		break;
	case FIELDS_PRINT:
		if (v != 0) {
			say_name(f, name);
			text_u64(f->text, v);
		}
		break;
	}
	return v;
}

int64_t field_int(struct fields *f, uint8_t tag, const char *name, int64_t v,
		  int64_t least, int64_t most)
{
	switch (f->walk) {
	case FIELDS_READ:
		v = (int64_t)get_number(f, tag);
		if (v < least || v > most) {
			fail(f, FIELDS_BAD_VALUE);
			v = 0;
		}
		break;
	case FIELDS_WRITE:
		if (v != 0) {
			put_number(f, tag, (uint64_t)v);
		}
		break;
	case FIELDS_PRINT:
		if (v != 0) {
			say_name(f, name);
			text_i64(f->text, v);
		}
		break;
	}
	return v;
}

bool field_bool(struct fields *f, uint8_t tag, const char *name, bool v)
{
	return field_uint(f, tag, name, v, 1) != 0;
}

/* Seconds with ten decimals: as fine as the unit. */
static void say_time(struct fields *f, const char *name, uint64_t v,
		     bool negative)
{
	uint64_t rest = v & UINT32_MAX;

	if (v == 0) {
		return;
	}
	say_name(f, name);
	text_str(f->text, negative ? "-" : "");
	text_u64(f->text, v >> 32);
	text_char(f->text, '.');
	for (unsigned i = 0; i < 10; i++) {
		rest *= 10;
		text_char(f->text, (char)('0' + (rest >> 32)));
		rest &= UINT32_MAX;
	}
	text_char(f->text, 's');
}

int64_t field_time(struct fields *f, uint8_t tag, const char *name, int64_t v)
{
	if (f->walk != FIELDS_PRINT) {
		return field_int(f, tag, name, v, INT64_MIN, INT64_MAX);
	}
	say_time(f, name, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
	return v;
}

tstamp field_tstamp(struct fields *f, uint8_t tag, const char *name, tstamp v)
{
	if (f->walk != FIELDS_PRINT) {
		v.v = field_uint(f, tag, name, v.v, UINT64_MAX);
	} else {
		say_time(f, name, v.v, false);
	}
	return v;
}

double field_double(struct fields *f, uint8_t tag, const char *name, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	if (f->walk == FIELDS_PRINT) {
		if (bits != 0) {
			say_name(f, name);
			if (v > -DECIMAL_MOST && v < DECIMAL_MOST) {
				text_double(f->text, v, 9);
			}
			text_str(f->text, "(0x");
			text_hex(f->text, bits, 16);
			text_char(f->text, ')');
		}
		return v;
	}
	bits = field_uint(f, tag, name, bits, UINT64_MAX);
	memcpy(&v, &bits, sizeof(v));
	return v;
}

netaddr field_addr(struct fields *f, uint8_t tag, const char *name, netaddr a)
{
	uint8_t bytes[ADDR_BYTES];
	const uint8_t *data = bytes;
	size_t len = netaddr_is_none(&a) ? 0 : sizeof(bytes);
	struct writer w = writer_over(bytes, sizeof(bytes));

	if (f->walk == FIELDS_PRINT) {
		if (len > 0) {
			say_name(f, name);
			netaddr_print_port(&a, f->text);
		}
		return a;
	}
	memcpy(w.at, a.ip, sizeof(a.ip));
	w.at += sizeof(a.ip);
	write_u32(&w, a.scope);
	write_be(&w, a.port, 2);
	field_bytes(f, tag, name, &data, &len);
	if (f->walk == FIELDS_READ) {
		struct reader r = reader_over(data, len);

		memset(&a, 0, sizeof(a));
		if (len == sizeof(bytes)) {
			memcpy(a.ip, r.at, sizeof(a.ip));
			r.at += sizeof(a.ip);
			a.scope = read_u32(&r);
			a.port = (uint16_t)read_be(&r, 2);
		}
		if (len != 0 && (len != sizeof(bytes) || netaddr_is_none(&a))) {
			fail(f, FIELDS_BAD_VALUE);
		}
	}
	return a;
}

void field_bytes(struct fields *f, uint8_t tag, const char *name,
		 const uint8_t **data, size_t *len)
{
	static const uint8_t nothing[1];

	switch (f->walk) {
	case FIELDS_READ:
		*data = nothing;
		*len = 0;
		if (is_here(f, tag)) {
			*data = f->value;
			*len = f->len;
			if (*len == 0) {
				fail(f, FIELDS_BAD_VALUE);
			} else {
				look(f);
			}
		}
		break;
	case FIELDS_WRITE:
		if (*len > 0) {
			put_bytes(f, tag, *data, *len);
		}
		break;
	case FIELDS_PRINT:
		if (*len > 0) {
			say_name(f, name);
			for (size_t i = 0; i < *len; i++) {
				text_hex(f->text, (*data)[i], 2);
			}
		}
		break;
	}
}

void field_word(struct fields *f, uint8_t tag, const char *name, char *word,
		size_t size)
{
	const uint8_t *data = (const uint8_t *)word;
	size_t len = f->walk == FIELDS_READ ? 0 : strlen(word);

	if (f->walk == FIELDS_PRINT) {
		if (len > 0) {
			say_name(f, name);
			text_char(f->text, '"');
			text_escaped(f->text, word, len);
			text_char(f->text, '"');
		}
		return;
	}
	field_bytes(f, tag, name, &data, &len);
	if (f->walk == FIELDS_READ) {
		if (len >= size || memchr(data, '\0', len)) {
			fail(f, FIELDS_BAD_VALUE);
			len = 0;
		}
		memcpy(word, data, len);
		word[len] = '\0';
	}
}
