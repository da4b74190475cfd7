/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/rows.h"

#include <string.h>

/* Which field the item is, and of which row; false: something else. */
static bool place(const struct rows *r, const struct vars_item *item,
		  size_t *field, uint64_t *number)
{
	const char *dot = memchr(item->name, '.', item->name_len);

	if (!dot) {
		return false;
	}
	size_t len = (size_t)(dot - item->name);

	if (!text_to_u64(dot + 1, item->name_len - len - 1, number)) {
		return false;
	}
	for (*field = 0; *field < r->field_count; (*field)++) {
		if (text_equal(r->fields[*field], item->name, len)) {
			return true;
		}
	}
	return false;
}

bool rows_next(struct rows *r, struct row *row)
{
	struct vars after = r->rest;
	struct vars_item item;
	bool begun = false;
	uint64_t number;
	size_t field;

	memset(row->has, 0, sizeof(row->has));
	while (vars_next(&after, &item)) {
		if (place(r, &item, &field, &number)) {
			if (begun &&
			    (number != row->number || row->has[field])) {
				return true;
			}
			begun = true;
			row->number = number;
			row->has[field] = true;
			row->item[field] = item;
		}
		r->rest = after;
	}
	return begun;
}
