/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * migrate.h - another daemon's configuration as an ntp.conf.
 *
 * Every line of it ends in one of three places: as a line of ntp.conf, among
 * what is not needed here, or among what could not be carried over; with its
 * place and the reason. Nothing is left out without a word.
 */
#ifndef MIGRATE_MIGRATE_H
#define MIGRATE_MIGRATE_H

#include <stdio.h>

#include "base/compiler.h"

enum migrate_from {
	MIGRATE_CHRONY,
	MIGRATE_NTP, /* ntp.org's, ntpsec's: the same words as ours */
	MIGRATE_OPENNTPD,
	MIGRATE_TIMESYNCD,
	MIGRATE_KINDS
};

/* The first line of what is made, so that it is known again. */
#define MIGRATE_MARK "# Made by truechimer-migrate from "

struct migrate_result {
	int err;          /* 0, or -errno: `from` could not be read */
	unsigned sources; /* that were carried over */
	unsigned left;    /* lines that could not be */
};

/* "chrony", "ntp", "openntpd", "timesyncd". */
const char *migrate_name(enum migrate_from kind);
/* By the name of the file; false: it does not say. */
MUST_USE bool migrate_kind_of(const char *path, enum migrate_from *kind);
/* The first configuration that is there, of those that are usual; or NULL. */
const char *migrate_find(void);

/* Reads `from` and what it includes, writes to `to`. */
struct migrate_result migrate(enum migrate_from kind, const char *from,
			      FILE *to);

#endif
