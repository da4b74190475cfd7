/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filegen.h - which statistics are written, and the name of the file that a
 * record belongs in.
 *
 * The name is all that there is to generations of files: a record whose name
 * is another one than that of the record before begins a new file.
 */
#ifndef CORE_FILEGEN_H
#define CORE_FILEGEN_H

#include "config/config.h"

/* Is this kind written? Nothing is without a statsdir line. */
bool filegen_is_on(const struct config *c, enum stats_kind kind);

/* What the suffix is made of; a record's own time, not the time of day. */
struct filegen_moment {
	int64_t date_s; /* since 1970, UTC */
	uint64_t age_s; /* of the daemon */
	uint64_t pid;
};

/* "/var/log/ntpstats/loopstats": the link, or the file of type none. */
void filegen_print_base(const struct config *c, enum stats_kind kind,
			struct text *out);
/* ".20261122", as the type says; nothing for type none. */
void filegen_print_suffix(enum filegen_type type,
			  const struct filegen_moment *m, struct text *out);

#endif
