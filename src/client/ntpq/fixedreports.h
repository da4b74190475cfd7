/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixedreports.h - reports with a line of its own for each value, as
 * "stratum:            2": sysinfo, kerninfo, pstats and their like.
 *
 * fixedreports.def says which lines there are. Pure text: who asks the daemon
 * is the shell.
 */
#ifndef CLIENT_FIXEDREPORTS_H
#define CLIENT_FIXEDREPORTS_H

#include <stdio.h>

#include "client/control/vars.h"

enum fixed_report {
#define REPORT(id, width, status) FIXED_##id,
#define LINE(id, label, name, form)
#include "client/ntpq/fixedreports.def"
#undef LINE
#undef REPORT
	FIXED_REPORTS
};

/* How a value is shown; FIXED_TEXT: as it came. */
enum fixed_form {
	FIXED_TEXT,
	FIXED_LEAP,     /* two binary digits */
	FIXED_STAMP,    /* date and time */
	FIXED_MODE,     /* "client" */
	FIXED_ENDPOINT, /* by name where names are wanted, and a port */
	FIXED_PORTED,   /* likewise; the port does not come with it */
};

struct fixed_line {
	const char *label;
	const char *name; /* of the variable */
	enum fixed_form form;
	enum fixed_report report;
};

/* The report's lines: *count of them. */
const struct fixed_line *fixed_lines(enum fixed_report report, size_t *count);
/* Does a line about the status stand before them? */
bool fixed_has_status(enum fixed_report report);

/* One line; `item` is what the daemon said, NULL prints "?". */
void fixed_print(FILE *out, enum fixed_report report,
		 const struct fixed_line *line, const struct vars_item *item,
		 bool numeric);

#endif
