/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolvwatch.h - tells when this machine is told another server of names.
 * Without it a name that could not be looked up is tried again when its turn
 * comes.
 */
#ifndef HOST_RESOLVWATCH_H
#define HOST_RESOLVWATCH_H

#include "base/compiler.h"

#define RESOLVWATCH_PATH "/etc/resolv.conf"

/* Of the file at `path`, which need not be there; a descriptor to poll, or a
 * negative errno. */
MUST_USE int resolvwatch_open(const char *path);
/* Reads what there is, of the same file. True: it says something else now, or
 * may. */
MUST_USE bool resolvwatch_read(int fd, const char *path);

#endif
