/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - the command line of a tool, by a table: what getopt_long(3) is
 * told, the help text, the manual and the completion of shells are all made
 * of one X_options.def a tool:
 *
 *   OPTION(letter, "name", "what it takes", "what it does")
 *
 * A letter is a character, or the name of a number above 255 where there is
 * none; "" where there is no name, or nothing is taken. What has no words of
 * what it does is accepted and not shown.
 */
#ifndef PROGRAMS_OPTIONS_H
#define PROGRAMS_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define OPTIONS_MOST 32

struct option_line {
	int letter;
	const char *name, *takes, *doc;
};

struct option_table {
	const char *usage; /* the first lines of the help */
	const struct option_line *lines;
	size_t count;      /* at most OPTIONS_MOST */
	const char *after; /* its last lines; NULL: none */
	bool in_order;     /* operands are handed out too, as letter 1 */
};

/* As getopt_long(3): a letter, '?' for what is none, -1 at the end. */
int options_next(const struct option_table *t, int argc, char **argv);

void options_help(const struct option_table *t, FILE *out);

#endif
