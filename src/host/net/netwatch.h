/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netwatch.h - tells when an address, a link or a route of this machine
 * changes. Without it the scan every few minutes has to do.
 */
#ifndef HOST_NETWATCH_H
#define HOST_NETWATCH_H

#include "base/compiler.h"

/* A descriptor to poll, or a negative errno. */
MUST_USE int netwatch_open(void);
/* Reads what there is. True: it is worth a scan. */
MUST_USE bool netwatch_read(int fd);

#endif
