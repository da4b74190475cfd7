/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dropins.h - pieces of configuration that packages put beside the file:
 * ntp.d/NAME.conf in its directory, read behind it in the order of their
 * names. Behind them, of a file in /etc, those that hold until the next boot:
 * /run/ntp.d/NAME.conf.
 */
#ifndef HOST_DROPINS_H
#define HOST_DROPINS_H

#include "base/compiler.h"

#define DROPINS_DIRECTORY "ntp.d"
#define DROPINS_UNTIL_BOOT "/run/" DROPINS_DIRECTORY
#define DROPINS_MOST 256

struct dropin {
	char *path, *text;
	size_t len;
};

struct dropins {
	struct dropin *files;
	size_t count, bytes;
};

/*
 * Those beside the configuration file `path`; `text` is NULL where it cannot be
 * read. False: out of memory, or too many.
 */
MUST_USE bool dropins_read(struct dropins *d, const char *path);
void dropins_free(struct dropins *d);

#endif
