/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.h - how the other end of an association is called: by name, by
 * address, or, of a reference clock, by type and unit.
 */
#ifndef CLIENT_REMOTE_H
#define CLIENT_REMOTE_H

#include "base/netaddr.h"

/* "time.example.org", "192.0.2.1", "LOCAL(0)"; numeric: never a name. */
void remote_name(const netaddr *a, bool numeric, struct text *out);

#endif
