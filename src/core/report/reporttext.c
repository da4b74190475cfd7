/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of a report as mode 6 spells them. */
#include <math.h>
#include <string.h>

#include "base/date.h"
#include "core/report/report.h"

#define DIGITS 6        /* of FORMAT_GENERAL */
#define MOST_DECIMALS 9 /* that text_double() has */
#define NUMBER_TEXT 40

/* The bytes of a remote or configured string cannot end it. */
void report_print_quoted(const char *s, struct text *out)
{
	text_char(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"') {
			text_char(out, '\'');
		} else {
			text_escaped(out, s, 1);
		}
	}
	text_char(out, '"');
}

static void print_general(double v, struct text *out)
{
	char buffer[NUMBER_TEXT];
	struct text number = text_over(buffer, sizeof(buffer));
	unsigned decimals = DIGITS - 1;
	double size = fabs(v);

	while (size >= 10 && decimals > 0) {
		size /= 10;
		decimals--;
	}
	while (size > 0 && size < 1 && decimals < MOST_DECIMALS) {
		size *= 10;
		decimals++;
	}
	text_double(&number, v, decimals);
	if (decimals > 0 && memchr(buffer, '.', number.len)) {
		while (buffer[number.len - 1] == '0') {
			number.len--;
		}
		number.len -= buffer[number.len - 1] == '.';
	}
	text_bytes(out, buffer, number.len);
}

static void print_hex(uint64_t v, unsigned digits, struct text *out)
{
	text_str(out, "0x");
	text_hex(out, v, digits);
}

void report_print_tstamp(tstamp t, struct text *out)
{
	print_hex(t.v >> 32, 8, out);
	text_char(out, '.');
	text_hex(out, t.v & UINT32_MAX, 8);
}

/* No address at all is IPv4's, as classic has it for a pool. */
static void print_addr(netaddr a, bool port, struct text *out)
{
	if (netaddr_is_none(&a)) {
		a = netaddr_v4(0, a.port);
	}
	if (port) {
		netaddr_print_port(&a, out);
	} else {
		netaddr_print(&a, out);
	}
}

static void print_filter(const double *values_s, struct text *out)
{
	for (unsigned i = 0; i < REPORT_FILTER; i++) {
		text_char(out, ' ');
		text_double(out, values_s[i] * 1e3, 2);
	}
}

static void print_names(struct report_names names, struct text *out)
{
	text_char(out, '"');
	for (size_t i = 0; i < names.count; i++) {
		if (i > 0) {
			text_char(out, ',');
		}
		text_str(out, names.of[i].name);
	}
	text_char(out, '"');
}

/* As classic spells them, in the order of the bits of Linux. */
static void print_kernel(uint64_t status, struct text *out)
{
	static const char *const words[] = {
		"pll",       "ppsfreq",   "ppstime",   "fll",
		"ins",       "del",       "unsync",    "freqhold",
		"ppssignal", "ppsjitter", "ppswander", "ppserror",
		"clockerr",  "nano",      "mode=fll",  "src=B",
	};
	const char *gap = "";

	text_char(out, '"');
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (status >> i & 1) {
			text_str(out, gap);
			text_str(out, words[i]);
			gap = " ";
		}
	}
	text_char(out, '"');
}

void report_print(const struct report_value *v, struct text *out)
{
	switch (v->format) {
	case FORMAT_NUMBER:
		text_u64(out, v->number);
		break;
	case FORMAT_INTEGER:
		text_i64(out, v->integer);
		break;
	case FORMAT_HEX:
		print_hex(v->number, 1, out);
		break;
	case FORMAT_KERNEL:
		print_kernel(v->number, out);
		break;
	case FORMAT_FIXED3:
		text_double(out, v->real, 3);
		break;
	case FORMAT_FIXED6:
		text_double(out, v->real, 6);
		break;
	case FORMAT_GENERAL:
		print_general(v->real, out);
		break;
	case FORMAT_TSTAMP:
		report_print_tstamp(v->at, out);
		break;
	case FORMAT_DATE:
		date_print(v->integer, out);
		break;
	case FORMAT_QUOTED:
		report_print_quoted(v->text, out);
		break;
	case FORMAT_ADDR:
		print_addr(v->addr, false, out);
		break;
	case FORMAT_ENDPOINT:
		print_addr(v->addr, true, out);
		break;
	case FORMAT_REFID:
		refid_print(v->refid.id, v->refid.is_text, out);
		break;
	case FORMAT_FILTER:
		print_filter(v->filter, out);
		break;
	case FORMAT_NAMES:
		print_names(v->names, out);
		break;
	}
}
