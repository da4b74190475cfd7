/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view.h - what the server threads may know of the daemon: one immutable
 * value, replaced as a whole by the engine.
 */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include "base/ntptime.h"
#include "base/siphash.h"
#include "core/serve/peerlist.h"
#include "core/steer/smear.h"
#include "wire/packet.h"

struct access;
struct keyring;

struct view {
	enum leap leap;   /* LEAP_UNSYNC: we do not know the time (F12) */
	uint8_t stratum;  /* 1 to 15; 0 on the wire while unsynchronised */
	int8_t precision; /* log2 s */
	uint32_t refid;
	tstamp reference; /* when the clock was last corrected */
	tstamp made;      /* when this view was */
	uint32_t jumps;   /* of our clock: stamps of before the last are void */
	span root_delay;
	span root_disp;     /* at `made`; grows by `drift_ppm` since then */
	double drift_ppm;   /* how fast the bound grows: never under PHI */
	bool bound_known;   /* of what follows; see standing_clock_bound() */
	span bound;         /* the clock is right within this at `made` ... */
	double bound_ppm;   /* ... and this is how fast it widens since then */
	struct smear smear; /* of what clients are served */
	const struct access *access;  /* who may ask what; NULL: everybody */
	const struct peerlist *peers; /* NULL: none */
	const struct keyring *keys;   /* that are trusted; NULL: none */
	bool listens;                 /* broadcasts are for the engine */
	bool cohort;                  /* tos cohort */
	struct siphash_key secret;    /* for what answers must not tell */
};

#endif
