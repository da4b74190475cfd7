/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * upstream.h - a server that is nothing but its answers.
 *
 * It tells the truth as its clock has it, or lies in one of the ways that
 * servers in the wild do. `manner` may change at any time.
 */
#ifndef SIM_UPSTREAM_H
#define SIM_UPSTREAM_H

#include "core/serve/interleave.h"
#include "sim/queue.h"
#include "wire/packet.h"

struct node;

struct manner {
	double lie_s;    /* its time is off by this ... */
	double ramp;     /* ... and by this much more every second, s/s ... */
	moment since;    /* ... from here on ... */
	double random_s; /* ... and by up to this, drawn for each answer */
	double root_delay_s, root_disp_s;
	uint8_t stratum; /* 0: 1 */
	enum leap leap;  /* what it announces */
	bool alarm;      /* LI = 3: it does not know the time */
	bool silent;
	bool garbage;     /* answers with bytes that are no answer */
	bool replays;     /* sends every answer again, and the one before */
	bool follows;     /* the interleaved mode: holds when answers left */
	const char *kiss; /* NULL, or the code of its kiss-o'-death */
};

struct upstream {
	struct manner manner;
	struct datagram last; /* for replays; empty: none yet */
	uint64_t requests;
	struct interleave *held; /* NULL: nothing was ever */
	uint64_t interleaved;    /* answers */
};

/* How far its answers are from the truth, its clock's own error aside. */
double upstream_lie_s(const struct upstream *u, moment now);
/* It answers, and what it says is to be believed. */
bool upstream_honest(const struct upstream *u, moment now);

/* It was restarted: what it held is gone. */
void upstream_forget(struct upstream *u);

/* A request came, at `stamp` by the node's clock. */
void upstream_answer(struct node *n, const struct datagram *request,
		     tstamp stamp);

#endif
