/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/cooked.h"

#include <string.h>

#include "client/control/notation.h"
#include "client/control/remote.h"
#include "client/units.h"

#define FOLD 72         /* a line is not begun anew before this */
#define ITEM_TEXT 65536 /* four octets for each of the longest sane value */

#define ARRAY_DIGITS 7

enum form { PLAIN, STRING, LEAP, OCTAL, FLASH, STAMP, HOST, REFID, ARRAY, MS };

static const struct {
	const char *name;
	enum form form;
} forms[] = {
#define COOKED(name, form) { name, form },
#include "client/ntpq/cooked.def"
#undef COOKED
};

static const char *const flashes[] = {
	"pkt_dup",      "pkt_bogus",    "pkt_unsync", "pkt_denied",
	"pkt_auth",     "pkt_stratum",  "pkt_header", "pkt_autokey",
	"pkt_crypto",   "peer_stratum", "peer_dist",  "peer_loop",
	"peer_unreach",
};

static enum form form_of(const struct vars_item *item)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (vars_is(item, forms[i].name)) {
			return forms[i].form;
		}
	}
	return PLAIN;
}

static bool show_octal(const struct vars_item *item, struct text *out)
{
	char digits[32];
	uint64_t v;

	if (!vars_u64(item, &v)) {
		return false;
	}
	snprintf(digits, sizeof(digits), "%03llo", (unsigned long long)v);
	text_str(out, digits);
	return true;
}

static bool show_flash(const struct vars_item *item, struct text *out)
{
	uint64_t v;
	const char *before = " ";

	if (!vars_u64(item, &v)) {
		return false;
	}
	text_hex(out, v, 2);
	if (v == 0) {
		text_str(out, " ok");
	}
	for (size_t i = 0; i < ARRAY_LEN(flashes); i++) {
		if (v >> i & 1) {
			text_str(out, before);
			text_str(out, flashes[i]);
			before = ", ";
		}
	}
	return true;
}

/*
 * Columns eight wide, so that the three arrays stand below each other; what
 * is longer than seven ("16000.00") is cut, as ever.
 */
static void show_array(const struct vars_item *item, struct text *out)
{
	const char *at = item->value, *end = at + item->value_len;

	for (size_t pad = item->name_len; pad < 10; pad++) {
		text_char(out, ' ');
	}
	while (at < end) {
		const char *start = at;

		while (at < end && *at != ' ') {
			at++;
		}

		size_t len = (size_t)(at - start);

		len = len > ARRAY_DIGITS ? ARRAY_DIGITS : len;
		for (size_t width = len; width <= ARRAY_DIGITS; width++) {
			text_char(out, ' ');
		}
		text_escaped(out, start, len);
		while (at < end && *at == ' ') {
			at++;
		}
	}
}

static bool show_ms(const struct vars_item *item, bool units, struct text *out)
{
	double ms;

	if (!units || !vars_double(item, &ms)) {
		return false;
	}
	units_seconds(ms / 1e3, out);
	return true;
}

/* The address of a clock is its name here, even where names are not wanted. */
static bool show_refid(const struct vars_item *item, struct text *out)
{
	netaddr a;

	if (!vars_netaddr(item, &a) || !netaddr_is_refclock(&a)) {
		return false;
	}
	remote_name(&a, false, out);
	return true;
}

/* False when the value is not of the form that its name promises. */
static bool show_form(const struct vars_item *item,
		      const struct cooked_style *style, struct text *out)
{
	switch (form_of(item)) {
	case LEAP:
		return notation_leap(item, out);
	case OCTAL:
		return show_octal(item, out);
	case FLASH:
		return show_flash(item, out);
	case STAMP:
		return notation_stamp(item, out);
	case HOST:
		return notation_host(item, style->numeric, out);
	case REFID:
		return show_refid(item, out);
	case MS:
		return show_ms(item, style->units, out);
	case ARRAY:
		show_array(item, out);
		return true;
	case STRING:
		text_char(out, '"');
		vars_show(item, out);
		text_char(out, '"');
		return true;
	case PLAIN:
		break;
	}
	return false;
}

static void show_item(const struct vars_item *item,
		      const struct cooked_style *style, struct text *out)
{
	text_escaped(out, item->name, item->name_len);
	if (!item->valued) {
		return;
	}
	text_char(out, '=');
	if (!show_form(item, style, out)) {
		vars_show(item, out);
	}
}

void cooked_status(FILE *out, enum status_kind kind, uint16_t assoc,
		   uint16_t status)
{
	char words[128];
	struct text t = text_over(words, sizeof(words));

	status_print(kind, status, &t);
	fprintf(out, "associd=%u status=%04x %s,\n", assoc, status, words);
}

void cooked_vars(FILE *out, struct vars v, const struct cooked_style *style)
{
	static const char separator[] = ", ";
	size_t fold = style->fold > 0 ? style->fold : FOLD;
	size_t column = 0;
	bool first = true;
	struct vars_item item;

	while (vars_next(&v, &item)) {
		char shown[ITEM_TEXT];
		struct text t = text_over(shown, sizeof(shown));

		show_item(&item, style, &t);
		if (!first && column + 2 + t.len > fold) {
			fputs(",\n", out);
			column = 0;
		} else if (!first) {
			fputs(separator, out);
			column += 2;
		}
		fputs(shown, out);
		column += t.len;
		first = false;
	}
	if (!first) {
		fputc('\n', out);
	}
}

void cooked_raw(FILE *out, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char shown[8];
		struct text t = text_over(shown, sizeof(shown));

		if (data[i] == '\r' && i + 1 < len && data[i + 1] == '\n') {
			continue;
		}
		if (data[i] == '\n') {
			fputc('\n', out);
			continue;
		}
		text_escaped(&t, &data[i], 1);
		fputs(shown, out);
	}
	if (len > 0 && data[len - 1] != '\n') {
		fputc('\n', out);
	}
}
