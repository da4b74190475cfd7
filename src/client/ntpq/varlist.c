/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/varlist.h"

#include "client/control/complaint.h"

#include <string.h>

/* The next item's start and length; *at moves behind it. False at the end. */
static bool next_item(const char **at, const char **item, size_t *len)
{
	bool quoted = false;
	const char *end;

	*at += strspn(*at, ", \t\r\n");
	if (**at == '\0') {
		return false;
	}
	for (end = *at; *end != '\0' && (quoted || *end != ','); end++) {
		quoted = quoted != (*end == '"');
	}
	*item = *at;
	*len = (size_t)(end - *at);
	while (*len > 0 && strchr(" \t\r\n", (*item)[*len - 1])) {
		(*len)--;
	}
	*at = end;
	return true;
}

static size_t name_len(const char *item, size_t len)
{
	const char *equal = memchr(item, '=', len);

	return equal ? (size_t)(equal - item) : len;
}

static size_t find(const struct varlist *v, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < v->count; i++) {
		const char *item = v->items[i];

		if (name_len(item, strlen(item)) == len &&
		    memcmp(item, name, len) == 0) {
			break;
		}
	}
	return i;
}

bool varlist_add(struct varlist *v, const char *items)
{
	const char *item;
	size_t len;

	while (next_item(&items, &item, &len)) {
		size_t i = find(v, item, name_len(item, len));

		if (len > VARLIST_TEXT || i == VARLIST_NAMES) {
			complain("***Too many variables, or too long\n");
			return false;
		}
		memcpy(v->items[i], item, len);
		v->items[i][len] = '\0';
		v->count += i == v->count ? 1 : 0;
	}
	return true;
}

void varlist_remove(struct varlist *v, const char *names)
{
	const char *name;
	size_t len;

	while (next_item(&names, &name, &len)) {
		size_t i = find(v, name, name_len(name, len));

		if (i == v->count) {
			complain("***Variable `%.*s' not found\n", (int)len,
				 name);
			continue;
		}
		v->count--;
		memmove(v->items[i], v->items[i + 1],
			(v->count - i) * sizeof(v->items[0]));
	}
}

void varlist_show(FILE *out, const struct varlist *v)
{
	fputs(v->count > 0 ? "Current variables on list:\n"
			   : "No variables on list\n",
	      out);
	for (size_t i = 0; i < v->count; i++) {
		fprintf(out, "    %s\n", v->items[i]);
	}
}

void varlist_request(const struct varlist *v, bool values, struct text *out)
{
	for (size_t i = 0; i < v->count; i++) {
		const char *item = v->items[i];
		size_t len = strlen(item);

		if (i > 0) {
			text_char(out, ',');
		}
		text_bytes(out, item, values ? len : name_len(item, len));
	}
}
