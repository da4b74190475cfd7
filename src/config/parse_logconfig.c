/* SPDX-License-Identifier: BSD-2-Clause */
/* logconfig: keys such as =syncall +peerevents. */
#include <string.h>

#include "config/parser.h"

#define ALL_TYPES ((UINT32_C(1) << LOGTYPES) - 1)

/* The types that the rest of a key names; 0: none. */
static uint32_t types_of(const char *s, size_t len)
{
	const struct option *o = option_find(SCOPE_LOGTYPE, s, len);

	if (len == 0 || text_equal("all", s, len)) {
		return ALL_TYPES;
	}
	return o ? UINT32_C(1) << o->target.bits : 0;
}

static bool starts_with(const char *s, size_t len, const char *start)
{
	size_t n = strlen(start);

	return len >= n && memcmp(s, start, n) == 0;
}

/* The bits that a key such as syncall or peerevents names; 0: none. */
static uint32_t bits_of(const char *s, size_t len)
{
	bool all = starts_with(s, len, "all");
	uint32_t bits = 0;

	for (unsigned i = 0; i < LOGCLASSES; i++) {
		const char *class = option_of_bits(SCOPE_LOGCLASS, i)->word;
		size_t n = strlen(all ? "all" : class);

		if (all || starts_with(s, len, class)) {
			bits |= types_of(s + n, len - n) << i * LOGTYPES;
		}
	}
	return bits;
}

/* The sign of a key, if it has one. */
static bool take_sign(struct word *w, char *sign)
{
	if (w->len == 0 ||
	    (w->text[0] != '=' && w->text[0] != '+' && w->text[0] != '-')) {
		return false;
	}
	*sign = w->text[0];
	w->text++;
	w->len--;
	return true;
}

static void apply(uint32_t *mask, char sign, uint32_t bits)
{
	switch (sign) {
	case '+':
		*mask |= bits;
		break;
	case '-':
		*mask &= ~bits;
		break;
	default:
		*mask = bits;
		break;
	}
}

void parse_logconfig(struct parser *p)
{
	char sign = '='; /* without a sign the key is all there is */
	struct word w, alone = { .len = 0 };

	while (parser_string(p, &w)) {
		struct word whole = w;

		if (take_sign(&w, &sign) && w.len == 0) {
			alone = whole; /* a blank between sign and key */
			continue;
		}
		alone.len = 0;
		uint32_t bits = bits_of(w.text, w.len);

		if (bits != 0) {
			apply(&p->config->logconfig, sign, bits);
		} else {
			parser_complain(p, COMPLAINT_WARN, &w, NULL,
					"logconfig: % not recognized - "
					"ignored");
		}
		sign = '=';
	}
	if (alone.len > 0) {
		parser_broken(p, &alone, p->directive,
			      "@ needs a key behind its %");
	}
}
