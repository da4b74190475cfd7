/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keyfile.h - reads the file of `keys` (or of ntpdate -k).
 *
 * What one reading gave is shared by all settings that were made of it, and
 * wiped when the last of them is gone.
 */
#ifndef HOST_KEYFILE_H
#define HOST_KEYFILE_H

#include "core/serve/keyring.h"

struct keyfile {
	unsigned users;
	struct keysfile parsed;
	void *memory;
	size_t size;
};

/* The trusted ones of them, prepared for use. */
struct trusted_keys {
	struct keyfile *file; /* NULL: none */
	void *memory;
	size_t size;
	const struct keyring *ring; /* NULL: none */
};

/*
 * NULL: the file is not there, or not to be used: broken, or such that anybody
 * may write to it. Lines about it are appended to `said`, also about a file
 * that is used.
 */
MUST_USE struct keyfile *keyfile_read(const char *path, struct text *said);
/* Of who got it, or shares it; NULL is no file. */
void keyfile_release(struct keyfile *file);

/* Takes its own share in the file. False: out of memory. */
MUST_USE bool trusted_keys_make(struct trusted_keys *t, struct keyfile *file,
				const struct config *config);
void trusted_keys_free(struct trusted_keys *t);

#endif
