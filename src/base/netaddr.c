/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/netaddr.h"

#include <string.h>

bool netaddr_is_multicast(const netaddr *a)
{
	return netaddr_is_v4(a) ? (a->ip[12] & 0xf0) == 0xe0 : a->ip[0] == 0xff;
}

bool netaddr_is_refclock(const netaddr *a)
{
	return netaddr_is_v4(a) && a->ip[12] == 127 && a->ip[13] == 127;
}

void netaddr_clear_host(netaddr *a, unsigned prefix)
{
	INVARIANT(prefix <= 128);
	for (unsigned bit = prefix; bit < 128; bit++) {
		a->ip[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	}
}

bool netaddr_in_prefix(const netaddr *a, const netaddr *net, unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;

	INVARIANT(prefix <= 128);
	if (memcmp(a->ip, net->ip, whole) != 0) {
		return false;
	}
	return rest == 0 || (a->ip[whole] ^ net->ip[whole]) >> (8 - rest) == 0;
}

/* Four decimal bytes with dots, no leading zeros (they mean octal to some). */
static bool parse_v4(uint8_t out[4], const char *s, size_t len)
{
	size_t at = 0;

	for (unsigned i = 0; i < 4; i++) {
		size_t start = at;
		unsigned v = 0;

		while (at < len && s[at] >= '0' && s[at] <= '9' && v <= 255) {
			v = v * 10 + (unsigned)(s[at++] - '0');
		}
		if (at == start || v > 255 ||
		    (at - start > 1 && s[start] == '0')) {
			return false;
		}
		out[i] = (uint8_t)v;
		if (i < 3 && (at >= len || s[at++] != '.')) {
			return false;
		}
	}
	return at == len;
}

/* One group of up to four hex digits; false if there is none. */
static bool parse_group(const char *s, size_t len, size_t *at, unsigned *v)
{
	size_t start = *at;

	*v = 0;
	while (*at < len && *at - start < 4 && text_hex_digit(s[*at]) >= 0) {
		*v = *v << 4 | (unsigned)text_hex_digit(s[(*at)++]);
	}
	return *at > start;
}

static bool parse_v6(uint8_t out[16], const char *s, size_t len)
{
	size_t at = 0, count = 0, gap = SIZE_MAX;
	uint8_t buf[16] = { 0 };

	if (len >= 2 && s[0] == ':' && s[1] == ':') {
		gap = 0;
		at = 2;
	}
	while (at < len) {
		size_t start = at;
		unsigned v;

		if (count == 16 || !parse_group(s, len, &at, &v)) {
			return false;
		}
		if (at < len && s[at] == '.') { /* an IPv4 tail */
			if (count > 12 ||
			    !parse_v4(buf + count, s + start, len - start)) {
				return false;
			}
			count += 4;
			break;
		}
		buf[count++] = (uint8_t)(v >> 8);
		buf[count++] = (uint8_t)v;
		if (at == len) {
			break;
		}
		if (s[at++] != ':' || at == len) {
			return false;
		}
		if (s[at] == ':') {
			if (gap != SIZE_MAX) {
				return false;
			}
			gap = count;
			at++;
		}
	}
	if (gap == SIZE_MAX ? count != 16 : count > 14) {
		return false;
	}
	size_t tail = gap == SIZE_MAX ? 0 : count - gap;

	memset(out, 0, 16);
	memcpy(out, buf, count - tail);
	memcpy(out + 16 - tail, buf + count - tail, tail);
	return true;
}

bool netaddr_parse(netaddr *a, const char *s, size_t len)
{
	uint8_t ip[16];

	if (parse_v4(ip, s, len)) {
		*a = netaddr_v4(0, 0);
		memcpy(a->ip + 12, ip, 4);
		return true;
	}
	if (parse_v6(ip, s, len)) {
		*a = (netaddr){ .port = 0 };
		memcpy(a->ip, ip, 16);
		return true;
	}
	return false;
}

static void print_v4(const netaddr *a, struct text *out)
{
	for (unsigned i = 12; i < 16; i++) {
		text_u64(out, a->ip[i]);
		if (i < 15) {
			text_char(out, '.');
		}
	}
}

static unsigned group_at(const netaddr *a, size_t i)
{
	return (unsigned)a->ip[2 * i] << 8 | a->ip[2 * i + 1];
}

/* The first of the longest runs of two or more zero groups. */
static unsigned longest_gap(const netaddr *a, unsigned *start)
{
	unsigned best = 0, run = 0;

	*start = 8;
	for (unsigned i = 0; i < 8; i++) {
		run = group_at(a, i) == 0 ? run + 1 : 0;
		if (run > 1 && run > best) {
			best = run;
			*start = i + 1 - run;
		}
	}
	return best;
}

static void print_v6(const netaddr *a, struct text *out)
{
	unsigned start, gap = longest_gap(a, &start);

	for (unsigned i = 0; i < 8; i++) {
		if (i == start) {
			text_str(out, "::");
			i += gap - 1;
			continue;
		}
		if (i > 0 && i != start + gap) {
			text_char(out, ':');
		}
		text_hex(out, group_at(a, i), 1);
	}
}

void netaddr_print(const netaddr *a, struct text *out)
{
	if (netaddr_is_v4(a)) {
		print_v4(a, out);
	} else {
		print_v6(a, out);
	}
}

void netaddr_print_port(const netaddr *a, struct text *out)
{
	bool brackets = !netaddr_is_v4(a);

	if (brackets) {
		text_char(out, '[');
	}
	netaddr_print(a, out);
	text_str(out, brackets ? "]:" : ":");
	text_u64(out, a->port);
}
