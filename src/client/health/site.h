/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * site.h - what this machine shows of its clock and of the daemon that keeps
 * it, beside what the daemon says: for `ntpq doctor`.
 *
 * Only looked at, nothing is changed; what cannot be seen (for want of
 * rights, or because the daemon is elsewhere) stays unknown. Texts are
 * escaped.
 */
#ifndef CLIENT_SITE_H
#define CLIENT_SITE_H

#include "client/health/overview.h"

#define SITE_TEXT 256

enum site_drift {
	SITE_DRIFT_UNKNOWN,
	SITE_DRIFT_NONE, /* the configuration names no file */
	SITE_DRIFT_NO_FOLDER,
	SITE_DRIFT_READONLY, /* for the daemon's user */
	SITE_DRIFT_GOOD,
};

struct site {
	bool here; /* the daemon asked is to be on this machine */

	int pid;                /* of a process that looks like it; 0: none */
	char program[32];       /* its name */
	char holder[SITE_TEXT]; /* "name (pid 7)", of port 123; or "" */
	bool port_held;
	int holder_pid;

	char rival[SITE_TEXT]; /* who else keeps the clock; or "" */
	bool may_set;          /* CAP_SYS_TIME can be had here */
	char container[32];    /* what kind of it we are in; or "" */
	bool virtual_machine;

	bool kernel_known, kernel_synced;

	bool config_known;
	char config[SITE_TEXT];
	bool config_missing;
	unsigned complaints;
	char complaint[SITE_TEXT]; /* the first */
	enum site_drift drift;
	char driftfile[SITE_TEXT];
	bool leap_known; /* is there a file, and until when is it good? */
	char leapfile[SITE_TEXT];
	double leap_expire_s; /* since 1970; NAN: no such file, or no table */

	/* Of the sources with names, and of those that do not answer. */
	unsigned names, names_failed;
	char name_failed[SITE_TEXT];
	unsigned probed, probe_answered, probe_refused, probe_no_route;
};

/* Nothing known. */
void site_clear(struct site *s);

/* Is that name, as a person wrote it, this machine? */
bool site_is_here(const char *host);

/* Looks around; asks name servers and silent sources: some seconds at most. */
void site_look(struct site *s, const struct overview *o);

#endif
