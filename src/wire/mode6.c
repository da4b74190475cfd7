/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/mode6.h"

#define BIT_RESPONSE 0x80u
#define BIT_ERROR 0x40u
#define BIT_MORE 0x20u

bool mode6_parse(struct mode6 *m, struct reader *r)
{
	if (reader_left(r) < MODE6_HEADER || (r->at[0] & 7) != MODE6_MODE) {
		return false;
	}
	uint8_t first = read_u8(r), second = read_u8(r);

	*m = (struct mode6){
		.leap = first >> 6,
		.version = first >> 3 & 7,
		.response = second & BIT_RESPONSE,
		.error = second & BIT_ERROR,
		.more = second & BIT_MORE,
		.opcode = second & 0x1f,
	};
	m->sequence = (uint16_t)read_be(r, 2);
	m->status = (uint16_t)read_be(r, 2);
	m->assoc = (uint16_t)read_be(r, 2);
	m->offset = (uint16_t)read_be(r, 2);
	m->count = (uint16_t)read_be(r, 2);
	return true;
}

void mode6_write(const struct mode6 *m, struct writer *w)
{
	unsigned second = (m->response ? BIT_RESPONSE : 0) |
			  (m->error ? BIT_ERROR : 0) |
			  (m->more ? BIT_MORE : 0) | m->opcode;

	INVARIANT(m->leap < 4 && m->version < 8 && m->opcode < 32);
	write_u8(w, (uint8_t)(m->leap << 6 | m->version << 3 | MODE6_MODE));
	write_u8(w, (uint8_t)second);
	write_be(w, m->sequence, 2);
	write_be(w, m->status, 2);
	write_be(w, m->assoc, 2);
	write_be(w, m->offset, 2);
	write_be(w, m->count, 2);
}
