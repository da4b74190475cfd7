/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.h - files: read as a whole or not at all, written likewise.
 *
 * What is written appears under its name complete or stays what it was. A link
 * that somebody planted is never followed (K3).
 */
#ifndef HOST_STORE_H
#define HOST_STORE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/compiler.h"

#define STORE_TEXT_MAX ((size_t)16 << 20) /* 300,000 restrict lines */
#define DRIFT_MAX_PPM 500.0

enum drift { DRIFT_MISSING, DRIFT_BAD, DRIFT_READ };

/*
 * The whole file in memory that the caller frees, with a NUL behind it; NULL
 * and errno when it cannot be had (EFBIG: larger than STORE_TEXT_MAX).
 */
MUST_USE char *store_read(const char *path, size_t *len);

/* The first line, cut at `size`, without its end; for files of the kernel. */
MUST_USE bool store_read_line(const char *path, char *line, size_t size);

/*
 * Opens a file to read it, and says what it is: for one that somebody may have
 * put there. Never waits, as a FIFO would make us do. `flags`: O_NOFOLLOW or 0.
 * -1 and errno: EPERM when it is another kind of file.
 */
MUST_USE int store_open(const char *path, int flags, struct stat *st);

/* The whole of a file that is open; as store_read() otherwise. */
MUST_USE char *store_read_from(int fd, size_t *len);

/*
 * A file that did not exist before, below the directory that is open (or
 * AT_FDCWD); `sync`: it is on the disk. 0, or a negative errno, and then there
 * is none of ours.
 */
MUST_USE int store_create(int folder, const char *path, const char *data,
			  size_t len, mode_t mode, bool sync);

/*
 * Puts a new file in the place of whatever had this name; a link is replaced,
 * not followed. `sync`: it is on the disk before it gets its name. 0, or a
 * negative errno, and then the old file is as it was.
 */
MUST_USE int store_replace(const char *path, const char *data, size_t len,
			   bool sync);

/*
 * The first number of the first line, within the limits; the rest is ignored.
 * `age_s`: since it was written, by a clock that may be wrong itself.
 */
MUST_USE enum drift store_read_drift(const char *path, double *freq_ppm,
				     double *age_s);
/* 0, or a negative errno, and then the old file is as it was. */
MUST_USE int store_write_drift(const char *path, double freq_ppm);

/* The number alone, without an end of line, as init scripts expect it. */
MUST_USE int store_write_pid(const char *path, pid_t pid);

#endif
