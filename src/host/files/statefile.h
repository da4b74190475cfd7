/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * statefile.h - what one life of the daemon leaves to the next, as a file.
 *
 * What is in it holds in this boot of the machine alone (core/snapshot.h), so
 * it is not forced to the disk: after a power cut nobody believes it anyhow.
 */
#ifndef HOST_STATEFILE_H
#define HOST_STATEFILE_H

#include "config/config.h"
#include "core/engine.h"
#include "host/system/journal.h"

#define STATEFILE_PATH 4096

/* In which boot the machine is; all zero when it does not tell. */
void statefile_boot(uint8_t boot[BOOT_ID]);

/*
 * Its name: `statefile`, or that of the drift file with ".state" behind it.
 * False: there is none.
 */
MUST_USE bool statefile_path(const struct config *c, char path[STATEFILE_PATH]);

/*
 * The whole file, in memory that the caller frees. NULL and why: ENOENT; or
 * EPERM when anybody but root, us or the owner of its directory could have
 * written it; EFBIG, or what else the system says.
 */
MUST_USE uint8_t *statefile_read(const char *path, size_t *len, int *error);

/* The same of the one that is configured; says why it cannot be used. */
MUST_USE uint8_t *statefile_load(const struct config *c, struct journal *j,
				 size_t *len);

/* 0, or a negative errno, and then the old file is as it was. */
MUST_USE int statefile_write(const char *path, struct engine *engine,
			     const struct mark *mark);

#endif
