/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.h - the lines of the statistics files, column by column as the classic
 * suite writes them: people's scripts count blanks.
 *
 * Every line begins with the date as a modified Julian day and the seconds
 * since midnight UTC, and has as many columns as its file, whatever a server
 * says (L2).
 */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include "core/hostfacts.h"
#include "core/note.h"
#include "wire/packet.h"

/* loopstats: one correction of the clock. */
struct stats_loop {
	double offset_s;   /* as measured */
	double freq_ppm;   /* the correction for the clock's own error */
	double jitter_s;   /* of one measurement after another */
	double wander_ppm; /* of that correction */
	int8_t poll;       /* log2 s, the time constant */
};

/* peerstats: what a source's samples say, after one more. */
struct stats_peer {
	netaddr addr;    /* of a reference clock 127.127.t.u */
	uint16_t status; /* the peer status word */
	double offset_s, delay_s, disp_s, jitter_s;
};

/* rawstats: one answer with its four times, good or not. */
struct stats_exchange {
	netaddr from, to; /* `to`: our end, none if not known */
	tstamp sent;      /* T1; the packet has our nonce in its place */
	tstamp returned;  /* T4 */
	const struct packet *packet;
};

/* sysstats: what the server was asked, in the order of the file. */
enum stats_traffic {
	STATS_RECEIVED,
	STATS_PROCESSED,
	STATS_CURRENT, /* of version 4 */
	STATS_OLD,
	STATS_DENIED,
	STATS_MALFORMED,
	STATS_UNAUTHENTIC,
	STATS_DECLINED,
	STATS_LIMITED,
	STATS_KISSED,
	STATS_TRAFFIC
};

/* Seconds since 1970 of a record's moment: 1958 to 2094. */
int64_t stats_date(tstamp at);

/* One whole line each, with its end. */
void stats_print_loop(tstamp at, const struct stats_loop *l, struct text *out);
void stats_print_peer(tstamp at, const struct stats_peer *p, struct text *out);
void stats_print_exchange(tstamp at, const struct stats_exchange *x,
			  struct text *out);
/* `says`: the clock's own words, printed escaped. */
void stats_print_clock(tstamp at, const netaddr *clock, const char *says,
		       struct text *out);
void stats_print_traffic(tstamp at, uint64_t passed_s,
			 const uint64_t counts[STATS_TRAFFIC],
			 struct text *out);
/* What was used in this time; its most_kib is that of the process. */
void stats_print_usage(tstamp at, uint64_t passed_s, const struct usage *u,
		       struct text *out);
/* A note that is an event line: see note_event(). */
void stats_print_event(tstamp at, const struct note *n, struct text *out);

#endif
