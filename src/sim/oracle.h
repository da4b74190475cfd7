/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle.h - what must hold whatever happens, checked after every event.
 *
 * The oracles know the truth; the daemons that they watch do not. The first
 * thing that breaks one is kept with its moment and node. oracles.def is the
 * list.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "core/effect.h"
#include "sim/queue.h"

#define ORACLE_TEXT 160

struct node;
struct world;

enum oracle_id {
#define ORACLE(id, name, words) ORACLE_##id,
#include "sim/oracles.def"
#undef ORACLE
	ORACLES
};

struct oracle {
	uint64_t broken[ORACLES];
	uint64_t looked; /* how often anything was checked */
	/* Of the first that broke. */
	bool any;
	enum oracle_id first;
	moment at;
	unsigned node;
	char text[ORACLE_TEXT];
};

const char *oracle_name(enum oracle_id id);
const char *oracle_words(enum oracle_id id);

/* Breaks an oracle; `format` says by what. */
void oracle_break(struct world *w, enum oracle_id id, const struct node *n,
		  const char *format, ...) LIKE_PRINTF(4, 5);
/* One node may break this one: the scenario is about what cannot hold. */
void oracle_excuse(struct node *n, enum oracle_id id);
/* A scenario's own oracle. */
void oracle_expect(struct world *w, bool holds, const char *what);
/* From now on the node has to stay this close to the truth. */
void oracle_limit(struct node *n, double limit_s);

/* A daemon was started, or started anew. */
void oracle_started(struct node *n);
/* After each event that a daemon handled. */
void oracle_daemon(struct node *n);
/* Every few seconds: all clocks. */
void oracle_measure(struct world *w);
/* A daemon steps its clock now, by as much; its clock is not yet stepped. */
void oracle_step(struct node *n, span step);
/* A daemon steers or slews: may it at all? */
void oracle_control(struct node *n);
/* A daemon asks; a datagram comes back that its socket lets in. */
void oracle_request(struct node *n, const struct datagram *g);
void oracle_answer(struct node *n, const struct datagram *g);
/* A daemon answers somebody. */
void oracle_served(struct node *n, const struct datagram *g);
/* It has reason to ask all its servers a few times at once. */
void oracle_may_burst(struct node *n);

#endif
