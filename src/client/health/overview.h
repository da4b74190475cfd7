/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overview.h - how a daemon and its sources stand, as plain values: what the
 * commands for people (sources, status, doctor, watch) judge and print.
 *
 * Numbers that a daemon did not give are NAN; texts are escaped (SECURITY.md
 * I9) and empty when unknown. Any daemon that speaks mode 6 will do; ours
 * says more.
 */
#ifndef CLIENT_OVERVIEW_H
#define CLIENT_OVERVIEW_H

#include "client/control/ctl.h"
#include "client/control/vars.h"
#include "core/select/selection.h"

#define OVERVIEW_SOURCES 128 /* that are looked at; others are counted */
#define OVERVIEW_NAME 80
#define OVERVIEW_WORDS 160

struct overview_source {
	uint16_t assoc, status;
	char name[OVERVIEW_NAME];    /* as configured, or its address */
	char address[NETADDR_TEXT];  /* without the port */
	char refid[OVERVIEW_NAME];   /* where its time comes from */
	char reason[OVERVIEW_WORDS]; /* the daemon's; else words by tally */
	double stratum;
	double offset_s, delay_s;
	double error_s; /* its time is right within this: root distance */
	double jitter_s;
	double poll_s;
	double last_s; /* since its last answer */
	double sent, received, bad_auth;
	bool reach_known;
	unsigned reach; /* of the last 8 requests */
	unsigned tally; /* 0 to 7: enum tally of core/select/selection.h */
	uint64_t flash;
	bool keyed, authentic;
	bool refclock;
};

struct overview {
	char host[OVERVIEW_NAME];
	char version[OVERVIEW_NAME];
	char refid[OVERVIEW_NAME];
	uint16_t status, peer;
	double leap, stratum;
	double offset_s;
	double bound_s;     /* the clock is right within this */
	bool bound_claimed; /* by the daemon; else it is the root distance */
	double root_distance_s;
	double freq_ppm, wander_ppm, jitter_s;
	double uptime_s;
	double synced_s;      /* how long it has been synchronised */
	double clock_s;       /* its clock, in seconds since 1970 */
	double leap_expire_s; /* of its table of leap seconds, likewise */
	size_t count, total;
	struct overview_source sources[OVERVIEW_SOURCES];
};

/* A stamp in seconds since 1970, in the era that is now. */
double overview_seconds(tstamp at);

/* Nothing known, of a host by that name. */
void overview_clear(struct overview *o, const char *host);

/* The answers to questions for the system's variables, each in any order. */
void overview_system(struct overview *o, uint16_t status, struct vars v);

/* The first answer about a source, and what others add to it. */
void overview_source(struct overview_source *s, uint16_t assoc, uint16_t status,
		     struct vars v, double clock_s);
void overview_source_more(struct overview_source *s, struct vars v);

/* "used", "combined", "falseticker" ...: what we think of it. */
const char *overview_state(const struct overview_source *s);
/* Why: one clause. Escaped. */
const char *overview_reason(const struct overview_source *s);

/* Requests of the last 8 that were answered. */
unsigned overview_answered(const struct overview_source *s);
bool overview_in_use(const struct overview_source *s);
/* The system peer, or NULL. */
const struct overview_source *overview_peer(const struct overview *o);

#endif
