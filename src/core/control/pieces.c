/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/control/pieces.h"

#include <string.h>

#define WORD 4 /* answers are made of so many octets */
#define SIGNATURE (MODE6_SIGNED_WORD + 4 + KEYRING_V4)
#define LINE 72   /* columns that no line of text reaches */
#define END_LEN 2 /* "\r\n" */

struct mode6 pieces_header(const struct mode6 *request)
{
	return (struct mode6){
		.version = request->version,
		.response = true,
		.opcode = request->opcode,
		.sequence = request->sequence,
		.assoc = request->assoc,
	};
}

/* A code begins where the request's did; its length is version 4's. */
static void sign(const struct pieces_signer *by, const uint8_t *datagram,
		 struct writer *w)
{
	struct writer before = *w;

	while ((size_t)(w->at - datagram) % by->word != 0) {
		write_u8(w, 0);
	}
	if (!keyring_sign(by->key, datagram, w, KEYRING_V4, by->counts)) {
		*w = before; /* whoever wants a signature drops it */
	}
}

static void flush(struct pieces *r, bool more)
{
	uint8_t datagram[MODE6_HEADER + MODE6_DATA + SIGNATURE] = { 0 };
	struct writer w = writer_over(datagram, sizeof(datagram));

	r->header.more = more;
	r->header.count = (uint16_t)r->len;
	mode6_write(&r->header, &w);
	INVARIANT(!w.failed);
	memcpy(w.at, r->data, r->len);
	w.at += (r->len + WORD - 1) / WORD * WORD;
	if (r->signer.key) {
		sign(&r->signer, datagram, &w);
	}
	outbox_answer(r->out, datagram, (size_t)(w.at - datagram));
	r->header.offset = (uint16_t)(r->header.offset + r->len);
	r->len = 0;
	r->datagrams++;
}

void pieces_put(struct pieces *r, const void *data, size_t len)
{
	const uint8_t *from = data;

	/* What an offset of 16 bits cannot reach is left out. */
	if (r->header.offset + r->len + len > UINT16_MAX) {
		return;
	}
	while (len > 0) {
		if (r->len == MODE6_DATA) {
			flush(r, true);
		}
		size_t part = MODE6_DATA - r->len;

		part = part < len ? part : len;
		memcpy(r->data + r->len, from, part);
		r->len += part;
		from += part;
		len -= part;
	}
}

void pieces_item(struct pieces *r, const struct text *item)
{
	if (r->is_text) {
		bool fits = r->column + 2 + item->len < LINE;

		pieces_put(r, fits ? ", " : ",\r\n", fits ? 2 : 3);
		r->column = fits ? r->column + 2 : 0;
	}
	pieces_put(r, item->start, item->len);
	r->column += item->len;
	r->is_text = true;
}

struct text pieces_numbered(char buffer[PIECES_ITEM], const char *name,
			    uint64_t row)
{
	struct text item = text_over(buffer, PIECES_ITEM);

	text_str(&item, name);
	text_char(&item, '.');
	text_u64(&item, row);
	text_char(&item, '=');
	return item;
}

void pieces_number(struct pieces *r, const char *name, uint64_t row, uint64_t v)
{
	char buffer[PIECES_ITEM];
	struct text item = pieces_numbered(buffer, name, row);

	text_u64(&item, v);
	pieces_item(r, &item);
}

void pieces_hex(struct pieces *r, const char *name, uint64_t row, uint64_t v)
{
	char buffer[PIECES_ITEM];
	struct text item = pieces_numbered(buffer, name, row);

	text_str(&item, "0x");
	text_hex(&item, v, 1);
	pieces_item(r, &item);
}

size_t pieces_room(const struct pieces *r, unsigned datagrams)
{
	size_t all = (size_t)datagrams * MODE6_DATA;
	size_t used = (size_t)r->datagrams * MODE6_DATA + r->len;
	size_t reach = UINT16_MAX - r->header.offset - r->len;

	return used >= all ? 0 : all - used < reach ? all - used : reach;
}

void pieces_end(struct pieces *r)
{
	if (r->is_text && r->len + END_LEN <= MODE6_DATA) {
		pieces_put(r, "\r\n", END_LEN);
	}
	flush(r, false);
}

void pieces_error(struct pieces *r, enum mode6_error error)
{
	r->header.error = true;
	r->header.status = (uint16_t)((unsigned)error << 8);
	flush(r, false);
}
