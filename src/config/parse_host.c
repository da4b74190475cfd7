/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "config/parser.h"

#define NAME_MAX_LEN 255 /* RFC 1035 */

bool parser_host_word(struct parser *p, struct host *h)
{
	*h = (struct host){ .family = FAMILY_ANY, .prefix = 128 };
	while (parser_string(p, &h->word)) {
		if (word_is(&h->word, "-4")) {
			h->family = FAMILY_V4;
		} else if (word_is(&h->word, "-6")) {
			h->family = FAMILY_V6;
		} else {
			return true;
		}
	}
	parser_broken(p, &h->word, p->directive,
		      "@ needs an address or a name behind it");
	return false;
}

/* A name the resolver may be asked for, and not an address gone wrong. */
static bool is_name(const char *s, size_t len)
{
	bool letters = false;

	if (len == 0 || len > NAME_MAX_LEN || s[0] == '-' || s[0] == '.') {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		char lower = (char)(s[i] | 0x20);
		bool digit = s[i] >= '0' && s[i] <= '9';
		bool letter = (lower >= 'a' && lower <= 'z') || s[i] == '_';

		if (!digit && !letter && s[i] != '.' && s[i] != '-') {
			return false;
		}
		letters = letters || letter;
	}
	return letters;
}

/* fe80::1%eth0: a literal, but only the host knows its interfaces. */
static bool is_zoned(const char *s, size_t len)
{
	const char *percent = memchr(s, '%', len);
	netaddr addr;

	if (!percent || !netaddr_parse(&addr, s, (size_t)(percent - s))) {
		return false;
	}
	return is_name(percent + 1, len - (size_t)(percent - s) - 1);
}

/* Cuts /LENGTH off; false when there is one that cannot be. */
static bool take_length(struct host *h, size_t *len)
{
	const char *slash = memchr(h->word.text, '/', h->word.len);
	size_t head = slash ? (size_t)(slash - h->word.text) : h->word.len;
	uint64_t bits;

	*len = head;
	if (!slash) {
		return true;
	}
	if (!netaddr_parse(&h->addr, h->word.text, head) ||
	    !text_to_u64(slash + 1, h->word.len - head - 1, &bits)) {
		return false;
	}
	/* ::ffff:10.0.0.0 is IPv4 here, whose lengths end at 32. */
	bool v4 = netaddr_is_v4(&h->addr);

	if (bits > (v4 ? 32 : 128)) {
		return false;
	}
	h->prefix = (unsigned)bits + (v4 ? 96 : 0);
	return true;
}

/* [::1], as it is written where a port may follow. */
static void take_brackets(struct word *w)
{
	netaddr addr;

	if (w->len > 2 && w->text[0] == '[' && w->text[w->len - 1] == ']' &&
	    netaddr_parse(&addr, w->text + 1, w->len - 2)) {
		w->text++;
		w->len -= 2;
	}
}

/* ::ffff:10.0.0.1 is of both families. */
static bool is_of(const struct host *h, enum family family)
{
	bool v4 = netaddr_is_v4(&h->addr);

	return family != (v4 ? FAMILY_V6 : FAMILY_V4) ||
	       (v4 && memchr(h->word.text, ':', h->word.len));
}

bool parser_host_check(struct parser *p, struct host *h, bool network)
{
	take_brackets(&h->word);
	size_t len = h->word.len;

	if (network && !take_length(h, &len)) {
		parser_broken(p, &h->word, NULL,
			      "% is not a network: ADDRESS/LENGTH");
		return false;
	}
	h->literal = netaddr_parse(&h->addr, h->word.text, len);
	if (h->literal) {
		if (!is_of(h, h->family)) {
			parser_broken(p, &h->word, NULL,
				      "% is of the other family than the "
				      "line asks for");
			return false;
		}
		h->family = FAMILY_ANY; /* the address says it all */
		return true;
	}
	if (!is_name(h->word.text, len) && !is_zoned(h->word.text, len)) {
		parser_broken(p, &h->word, NULL,
			      "% is neither an address nor a name");
		return false;
	}
	return true;
}
