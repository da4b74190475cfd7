/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/varjson.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"

/* Variables that are text whatever their value looks like. */
static const char *const text_names[] = {
	"version", "daemon_version", "processor",   "system",       "release",
	"refid",   "srcadr",         "dstadr",      "srchost",      "peeradr",
	"device",  "timecode",       "name",        "reason",       "addr",
	"bcast",   "mask",           "flags",       "kstflags",     "leapsec",
	"expire",  "nonce",          "savedconfig", "settimeofday", "verdict",
};

json_t *varjson_text(const char *bytes, size_t len)
{
	size_t room = 4 * len + 1; /* each byte may become \xNN */
	char *buffer = malloc(room);

	if (!buffer) {
		return json_null();
	}
	struct text t = text_over(buffer, room);

	text_escaped(&t, bytes, len);
	json_t *string = json_stringn(buffer, t.len);

	free(buffer);
	return string;
}

json_t *varjson_moment(tstamp at)
{
	int64_t unix_s = tstamp_to_unix(at, TRUECHIMER_BUILT);
	struct date d = date_from_unix(unix_s);
	uint64_t us = ((at.v & UINT32_MAX) * 1000000) >> 32;

	return tstamp_is_zero(at)
		       ? json_null()
		       : json_sprintf("%04d-%02u-%02uT%02u:%02u:%02u.%06uZ",
				      (int)d.year, d.month, d.day, d.hour,
				      d.minute, d.second, (unsigned)us);
}

static bool is_text(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(text_names); i++) {
		if (strcmp(name, text_names[i]) == 0) {
			return true;
		}
	}
	return strstr(name, "_var_list") != NULL;
}

/* " 0.27 0.31 ...": numbers between blanks. */
static json_t *numbers(const struct vars_item *item)
{
	json_t *list = json_array();
	const char *at = item->value, *end = item->value + item->value_len;

	while (at < end) {
		const char *from = at;
		double value;

		while (at < end && *at != ' ') {
			at++;
		}
		if (text_to_double(from, (size_t)(at - from), &value)) {
			json_array_append_new(list, json_real(value));
		}
		at += at < end;
	}
	return list;
}

json_t *varjson_value(const char *name, const struct vars_item *item)
{
	uint64_t whole;
	int64_t negative;
	double real;
	tstamp at;

	if (strncmp(name, "filt", 4) == 0) {
		return numbers(item);
	}
	if (item->quoted || is_text(name)) {
		return varjson_text(item->value, item->value_len);
	}
	if (vars_u64(item, &whole) && whole <= INT64_MAX) {
		return json_integer((json_int_t)whole);
	}
	if (text_to_i64(item->value, item->value_len, &negative)) {
		return json_integer(negative);
	}
	if (vars_double(item, &real)) {
		return json_real(real);
	}
	if (vars_tstamp(item, &at)) {
		return varjson_moment(at);
	}
	return varjson_text(item->value, item->value_len);
}

void varjson_name(const struct vars_item *item, char name[VARJSON_NAME])
{
	struct text t = text_over(name, VARJSON_NAME);

	text_escaped(&t, item->name, item->name_len);
}

void varjson_add(json_t *into, struct vars v)
{
	struct vars_item item;

	while (vars_next(&v, &item)) {
		char name[VARJSON_NAME];

		varjson_name(&item, name);
		if (item.valued && name[0] != '\0') {
			json_object_set_new(into, name,
					    varjson_value(name, &item));
		}
	}
}
