/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpd_options.h - the command line of ntpd, as values; ntpd_options.def is
 * the list of options.
 *
 * Letters can be run together (-gq), values can stick to them (-uNTP), names
 * can be cut as long as they stay clear (--no-c).
 */
#ifndef PROGRAMS_NTPD_OPTIONS_H
#define PROGRAMS_NTPD_OPTIONS_H

#include <stdio.h>

#include "base/compiler.h"

enum option_id {
#define OPTION(id, letter, name, kind, takes, doc) OPTION_##id,
#include "programs/ntpd_options.def"
#undef OPTION
	OPTIONS
};

struct option_use {
	enum option_id id;
	const char *text;
};

struct ntpd_options {
	unsigned count[OPTIONS];   /* how often it was given */
	const char *text[OPTIONS]; /* its last value; NULL: none */
	long number[OPTIONS];      /* of NUMBER */
	struct option_use *uses;   /* every value, in order */
	size_t use_count;
	char *const *servers; /* what follows the options */
	size_t server_count;
};

/*
 * Reads the whole command line. Returns -1 to go on, or the exit code when
 * that is all: for a mistake, --help and --version. What there is to say has
 * been said then.
 */
MUST_USE int options_parse(struct ntpd_options *o, int argc, char *const *argv);
void options_free(struct ntpd_options *o);

static inline bool option_given(const struct ntpd_options *o, enum option_id id)
{
	return o->count[id] > 0;
}

#endif
