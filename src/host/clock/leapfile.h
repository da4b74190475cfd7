/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leapfile.h - reads the table of leap seconds, anew when it has changed, and
 * says in the journal what it found, in the lines of the classic daemon that
 * people's scripts look for.
 *
 * Without a line `leapfile` it takes the file that comes with the time zones,
 * if there is one. An old or missing file is no error: the time is as right as
 * without one. A file that is refused leaves the table as it was.
 */
#ifndef HOST_LEAPFILE_H
#define HOST_LEAPFILE_H

#include <sys/stat.h>
#include <time.h>

#include "config/config.h"
#include "core/steer/leap.h"
#include "host/system/journal.h"

#define LEAPFILE_LOOK_S 3600 /* how often to look whether it has changed */
#define LEAPFILE_USUAL "/usr/share/zoneinfo/leap-seconds.list"

struct leapfile {
	const char *path; /* NULL: there is to be none */
	bool check_hash;
	bool asked_for; /* by the configuration, so its faults are news */
	struct journal *journal;
	struct leap_table table; /* empty: none that is good yet */
	bool seen;               /* `last` is of a file that was read */
	struct stat last;
	bool missed;     /* said that it is not there */
	time_t age_said; /* when its age was looked at last */
};

/* `usual`: what is taken when the configuration names none. */
void leapfile_init(struct leapfile *f, const struct config *config,
		   struct journal *journal, const char *usual);
/* The line says something else; the table stays while there is no better. */
void leapfile_retune(struct leapfile *f, const struct config *config,
		     const char *usual);
/*
 * Looks for a file other than the one read last, with `again` for any. True:
 * there is a new table. Once a day it says how old a file is that ends soon.
 */
bool leapfile_look(struct leapfile *f, bool again, time_t now);

#endif
