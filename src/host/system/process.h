/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.h - the processes that can be seen here, from /proc. Their names are
 * anybody's choice: believed no further than for words, and escaped.
 */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include <dirent.h>

#include "base/text.h"

#define PROCESS_NAME 64

/* The next one's id, of "/proc" that is open; 0: there is none. */
long process_next(DIR *proc);

/* The name as /proc/PID/comm has it: cut after 15 characters. False: it is
 * gone, or ended and not collected yet. */
MUST_USE bool process_name(long pid, char name[PROCESS_NAME]);

/* "chronyd (pid 12)" */
void process_print(long pid, const char *name, struct text *out);

#endif
