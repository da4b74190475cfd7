/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpq_options.h - the command line of ntpq: classic's and ntpsec's letters.
 *
 * No environment variable and no ~/.ntprc adds to it (SECURITY.md I10).
 */
#ifndef PROGRAMS_NTPQ_OPTIONS_H
#define PROGRAMS_NTPQ_OPTIONS_H

#include "client/ntpq/shell.h"

#define NTPQ_COMMANDS 64
#define NTPQ_HOSTS 64

struct ntpq_options {
	const char *commands[NTPQ_COMMANDS];
	size_t command_count;
	char word[SHELL_LINE]; /* the first operand, where it is a command */
	struct ntpq_host {
		const char *name;
		enum names_family family; /* of the last -4 or -6 before it */
	} hosts[NTPQ_HOSTS];
	size_t host_count;
	bool peers, interactive;
	bool exit_now; /* --help or --version was all */
	const char *key, *key_file;
	const char *log_file;     /* for what -d tells, else stderr */
	enum names_family family; /* while reading */
};

/* Settings of the shell go there; false when something was wrong and said. */
MUST_USE bool ntpq_options_read(struct ntpq_options *o, struct shell *s,
				int argc, char **argv);

#endif
