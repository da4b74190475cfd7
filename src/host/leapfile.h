/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leapfile.h - reads the file of `leapfile`, and says in the journal what it
 * found, in the lines of the classic daemon that people's scripts look for.
 *
 * An old or missing file is no error: the time is as right as without one.
 */
#ifndef HOST_LEAPFILE_H
#define HOST_LEAPFILE_H

#include <time.h>

#include "config/config.h"
#include "core/leap.h"
#include "host/journal.h"

/* False, and the table as it was: there is none to use. */
bool leapfile_read(struct leap_table *table, const struct config *config,
		   struct journal *journal, time_t now);

#endif
