/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.h - what the oracles remember of one node; see oracle.h.
 */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include "sim/moment.h"
#include "sim/vnet.h"

/* How a daemon treats one server. */
struct peer_watch {
	bool asked;
	uint64_t sent, answered;
	moment last_sent, last_answer;
	tstamp nonce;  /* of the last request */
	double tokens; /* requests that it may still send at once */
	moment filled;
	bool alarmed; /* the last answer said that it does not know the time */
	bool slow_down;   /* a RATE kiss came since the last request */
	unsigned denials; /* since the last good answer */
	unsigned lies;    /* that it told, since it last told the truth */
};

struct watch {
	struct peer_watch peers[VNET_NODES];
	unsigned excused;      /* bits of enum oracle_id */
	bool disturbed;        /* a stranger set the clock; no event since */
	bool may_step;         /* a stranger set the clock; no step since */
	bool synchronised;     /* as of the last event */
	bool was_synchronised; /* ever, in this life */
	moment sync_at;        /* first of this life */
	bool served;
	tstamp last_served;  /* transmit stamp of its last answer ... */
	moment served_at;    /* ... and when that was */
	moment off_since;    /* error past the step threshold; or NEVER */
	moment within_since; /* error below `within_s`; or NEVER */
	double within_s;     /* 1 ms unless the scenario says otherwise */
	double limit_s;      /* at most this far off once settled; 0: any */
};

#endif
