/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/tail.h"

#define FIELD_LEAST 16
#define MAC_LEAST 20 /* with the key's number */

/* One field; false: it is none. */
static bool skip_field(struct reader *r)
{
	size_t left = reader_left(r);
	struct reader head = *r;
	size_t len;

	(void)read_be(&head, 2);
	len = (size_t)read_be(&head, 2);
	if (head.failed || len < FIELD_LEAST || len % 4 != 0 || len > left) {
		return false;
	}
	r->at += len;
	return true;
}

static bool is_mac(unsigned version, size_t len)
{
	if (version >= 4) {
		return len == MAC_LEAST || len == TAIL_MAC_MAX;
	}
	return len >= MAC_LEAST && len <= TAIL_OLD_MAC_MAX && len % 4 == 0;
}

struct tail tail_parse(unsigned version, struct reader *r)
{
	struct tail t = { .kind = TAIL_BAD };
	const uint8_t *start = r->at;

	while (version >= 4 && reader_left(r) > TAIL_MAC_MAX) {
		if (t.fields == TAIL_FIELDS_MAX || !skip_field(r)) {
			return t;
		}
		t.fields++;
	}
	t.fields_len = (size_t)(r->at - start);
	if (reader_left(r) == 0) {
		t.kind = TAIL_NONE;
		return t;
	}
	if (reader_left(r) == TAIL_NAK_LEN) {
		t.kind = read_u32(r) == 0 ? TAIL_NAK : TAIL_BAD;
		return t;
	}
	if (!is_mac(version, reader_left(r))) {
		return t;
	}
	t.kind = TAIL_MAC;
	t.key = read_u32(r);
	t.mac = r->at;
	t.mac_len = reader_left(r);
	r->at = r->end;
	return t;
}
