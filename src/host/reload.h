/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload.h - other settings while the daemon runs: all files again, after
 * SIGHUP or at root's word, or lines that a control request brought.
 *
 * What has a new mistake is refused whole, with its complaints, and all stays
 * as it is. What was taken holds at once; the settings before it go when the
 * engine and everybody who has a view of it have those that came after.
 */
#ifndef HOST_RELOAD_H
#define HOST_RELOAD_H

#include "host/loop.h"

/*
 * The log and the statistics are written to new files under the old names
 * (logrotate), then the files are read.
 */
void reload_on_hangup(struct loop *l);

/*
 * Carries out what the last control request wished, if it did, and has the
 * engine answer it. The asker must still be known.
 */
void reload_wished(struct loop *l);

/* A name on a restrict line has an address now: the line is to hold. */
void reload_names(struct loop *l);

/* The settings that came last, at the end. */
void reload_end(struct loop *l);

#endif
