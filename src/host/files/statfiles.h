/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * statfiles.h - the statistics files: lines are appended to the file that
 * their own time belongs in, and its bare name is a hard link to it.
 *
 * A file is opened with its first line, so with the rights of the user that
 * the daemon has become. Directories are not made. What goes wrong is said
 * once for each kind, and tried again with the next line.
 */
#ifndef HOST_STATFILES_H
#define HOST_STATFILES_H

#include "core/effect.h"
#include "host/system/journal.h"

#define STATFILES_PATH 1024

struct statfile {
	bool open, said;
	int fd;
	char path[STATFILES_PATH]; /* of what is open */
};

struct statfiles {
	const struct config *config;
	struct journal *journal;
	struct statfile files[STATS_KINDS];
};

void statfiles_init(struct statfiles *f, const struct config *config,
		    struct journal *journal);
/* Carries out an EFFECT_STATS. */
void statfiles_write(struct statfiles *f, const struct outbox *out,
		     const struct effect *e);
/* The next line opens its file anew: somebody may have moved it away. */
/* Other settings from now on; files are opened again when there is a line. */
void statfiles_take(struct statfiles *f, const struct config *config);
void statfiles_close(struct statfiles *f);

#endif
