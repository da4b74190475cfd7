/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/fixedreports.h"

#include "client/control/notation.h"
#include "client/control/remote.h"

#define VALUE_TEXT 4096

/* All lines of all reports, those of one behind each other. */
static const struct fixed_line lines[] = {
#define REPORT(id, width, status)
#define LINE(id, label, name, form) { label, name, FIXED_##form, FIXED_##id },
#include "client/ntpq/fixedreports.def"
#undef LINE
#undef REPORT
};

static const struct {
	int width;
	bool status;
} reports[FIXED_REPORTS] = {
#define REPORT(id, width, status) [FIXED_##id] = { width, status },
#define LINE(id, label, name, form)
#include "client/ntpq/fixedreports.def"
#undef LINE
#undef REPORT
};

static const char *const modes[] = { "unspec",  "sym_active", "sym_passive",
				     "client",  "server",     "broadcast",
				     "control", "private" };

const struct fixed_line *fixed_lines(enum fixed_report report, size_t *count)
{
	const struct fixed_line *first = NULL;

	*count = 0;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (lines[i].report == report) {
			first = first ? first : &lines[i];
			(*count)++;
		}
	}
	return first;
}

bool fixed_has_status(enum fixed_report report)
{
	return reports[report].status;
}

static bool show_mode(const struct vars_item *item, struct text *out)
{
	uint64_t mode;

	if (!vars_u64(item, &mode) || mode >= ARRAY_LEN(modes)) {
		return false;
	}
	text_str(out, modes[mode]);
	return true;
}

/* The host by name, where it has one; the port as it is. */
static bool show_endpoint(const struct vars_item *item, bool numeric,
			  struct text *out)
{
	netaddr a;

	if (numeric || !vars_endpoint(item, &a) || netaddr_is_nonsense(&a)) {
		return false;
	}
	remote_name(&a, numeric, out);
	if (!netaddr_is_refclock(&a)) {
		text_char(out, ':');
		text_u64(out, a.port);
	}
	return true;
}

/* An address that comes without its port: it is the usual one. */
static bool show_ported(const struct vars_item *item, bool numeric,
			struct text *out)
{
	netaddr a;

	if (!vars_netaddr(item, &a)) {
		return false;
	}
	if (numeric) {
		a.port = NTP_PORT;
		netaddr_print_port(&a, out);
		return true;
	}
	remote_name(&a, numeric, out);
	if (!netaddr_is_refclock(&a)) {
		text_char(out, ':');
		text_u64(out, NTP_PORT);
	}
	return true;
}

static bool show(enum fixed_form form, const struct vars_item *item,
		 bool numeric, struct text *out)
{
	switch (form) {
	case FIXED_LEAP:
		return notation_leap(item, out);
	case FIXED_STAMP:
		return notation_stamp(item, out);
	case FIXED_MODE:
		return show_mode(item, out);
	case FIXED_PORTED:
		return show_ported(item, numeric, out);
	case FIXED_ENDPOINT:
		return show_endpoint(item, numeric, out);
	case FIXED_TEXT:
		break;
	}
	return false;
}

void fixed_print(FILE *out, enum fixed_report report,
		 const struct fixed_line *line, const struct vars_item *item,
		 bool numeric)
{
	char value[VALUE_TEXT];
	struct text t = text_over(value, sizeof(value));

	if (!item) {
		text_char(&t, '?');
	} else if (!show(line->form, item, numeric, &t)) {
		vars_show(item, &t);
	}
	fprintf(out, "%-*s%s\n", reports[report].width, line->label, value);
}
