/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waitsync.h - waits until a daemon knows the time, and how well.
 */
#ifndef CLIENT_WAITSYNC_H
#define CLIENT_WAITSYNC_H

#include "base/compiler.h"

struct shell;

enum sync {
	SYNC_GOOD,
	SYNC_POOR,   /* synchronised, but not known well enough */
	SYNC_NOT,    /* it does not know the time */
	SYNC_SILENT, /* nobody answered, or with nonsense */
};

/* What a look at the daemon has found. */
struct sync_state {
	enum sync sync;
	double error_s; /* the clock is right within this; NAN: not known */
};

/*
 * From the system's status and variables. The error is the daemon's bound for
 * its clock or, of a daemon that has none, its root distance. With a limit of
 * 0 any error will do.
 */
struct sync_state sync_judge(uint16_t status, const char *data, size_t len,
			     double limit_s);

/* One look at the shell's host. */
struct sync_state sync_look(struct shell *s, double limit_s);

/* A deep breath; false: Ctrl-C came, or another signal. */
MUST_USE bool sync_sleep(double seconds);

#endif
