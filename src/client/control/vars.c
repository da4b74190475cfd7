/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/vars.h"

#include <string.h>

#include "base/bytes.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_end(char c)
{
	return c == ',' || c == '\r' || c == '\n';
}

static size_t trimmed(const char *s, const char *end)
{
	while (end > s && is_blank(end[-1])) {
		end--;
	}
	return (size_t)(end - s);
}

static void skip_blanks(struct vars *v)
{
	while (v->at < v->end && is_blank(*v->at)) {
		v->at++;
	}
}

static void take_value(struct vars *v, struct vars_item *item)
{
	skip_blanks(v);
	item->valued = true;
	if (v->at < v->end && *v->at == '"') {
		item->quoted = true;
		item->value = ++v->at;
		while (v->at < v->end && *v->at != '"') {
			v->at++;
		}
		item->value_len = (size_t)(v->at - item->value);
		while (v->at < v->end && !is_end(*v->at)) {
			v->at++;
		}
		return;
	}
	item->value = v->at;
	while (v->at < v->end && !is_end(*v->at)) {
		v->at++;
	}
	item->value_len = trimmed(item->value, v->at);
}

bool vars_next(struct vars *v, struct vars_item *item)
{
	while (v->at < v->end && (is_end(*v->at) || is_blank(*v->at))) {
		v->at++;
	}
	if (v->at == v->end) {
		return false;
	}
	*item = (struct vars_item){ .name = v->at, .value = "" };
	while (v->at < v->end && !is_end(*v->at) && *v->at != '=') {
		v->at++;
	}
	item->name_len = trimmed(item->name, v->at);
	if (v->at < v->end && *v->at == '=') {
		v->at++;
		take_value(v, item);
	}
	return true;
}

bool vars_is(const struct vars_item *item, const char *name)
{
	return text_equal(name, item->name, item->name_len);
}

bool vars_find(struct vars v, const char *name, struct vars_item *item)
{
	struct vars_item next;

	while (vars_next(&v, &next)) {
		if (vars_is(&next, name)) {
			*item = next;
			return true;
		}
	}
	return false;
}

void vars_show(const struct vars_item *item, struct text *out)
{
	text_escaped(out, item->value, item->value_len);
}

bool vars_u64(const struct vars_item *item, uint64_t *out)
{
	return text_to_u64(item->value, item->value_len, out) ||
	       text_0x_to_u64(item->value, item->value_len, out);
}

bool vars_double(const struct vars_item *item, double *out)
{
	return text_to_double(item->value, item->value_len, out);
}

/* 0xSSSSSSSS.FFFFFFFF */
bool vars_tstamp(const struct vars_item *item, tstamp *out)
{
	const char *s = item->value;
	uint64_t seconds, fraction;

	if (item->value_len != 19 || s[10] != '.' ||
	    !text_0x_to_u64(s, 10, &seconds) ||
	    !text_hex_to_u64(s + 11, 8, &fraction)) {
		return false;
	}
	out->v = seconds << 32 | fraction;
	return true;
}

bool vars_netaddr(const struct vars_item *item, netaddr *out)
{
	return netaddr_parse(out, item->value, item->value_len);
}

bool vars_endpoint(const struct vars_item *item, netaddr *out)
{
	const char *host = item->value, *end = host + item->value_len;
	const char *colon = end;
	uint64_t port;
	netaddr a;

	while (colon > host && colon[-1] != ':') {
		colon--;
	}
	if (colon == host ||
	    !text_to_u64(colon, (size_t)(end - colon), &port) ||
	    port > UINT16_MAX) {
		return false;
	}
	size_t len = (size_t)(colon - 1 - host);

	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		const char *zone;

		host++;
		len -= 2;
		zone = memchr(host, '%', len);
		len = zone ? (size_t)(zone - host) : len;
	}
	if (!netaddr_parse(&a, host, len)) {
		return false;
	}
	a.port = (uint16_t)port;
	*out = a;
	return true;
}

bool vars_find_u64(struct vars v, const char *name, uint64_t *out)
{
	struct vars_item item;

	return vars_find(v, name, &item) && vars_u64(&item, out);
}

bool vars_find_double(struct vars v, const char *name, double *out)
{
	struct vars_item item;

	return vars_find(v, name, &item) && vars_double(&item, out);
}
