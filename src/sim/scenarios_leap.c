/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios about leap seconds; scenarios.def says what each is. They begin on
 * the last day of June, six hours before its end.
 */
#include "sim/scenario.h"

#include <math.h>

#define BEFORE_S (6 * 3600)
#define SETTLING_S (2 * 3600)
#define JULY INT64_C(1782864000) /* 2026-07-01, since 1970 */
#define CLOSE_S 1e-3
#define SERVERS "server @ iburst maxpoll 8\n"

static const struct leap_table insertion = {
	.entries = { { INT64_C(1483228800), 37 }, { JULY, 38 } },
	.count = 2,
	.expires = JULY + INT64_C(8640000),
};
static const struct leap_table deletion = {
	.entries = { { INT64_C(1483228800), 37 }, { JULY, 36 } },
	.count = 2,
	.expires = JULY + INT64_C(8640000),
};
static const struct leap_table expired = {
	.entries = { { INT64_C(1483228800), 37 }, { JULY, 38 } },
	.count = 2,
	.expires = JULY - 86400,
};

/* Four servers on a LAN; `announcing` of them tell of `told`. */
static void stage(struct world *w, enum leap truth, enum leap told,
		  unsigned announcing)
{
	struct way way = way_lan();

	stage_network(w, &way);
	world_add_servers(w, 4);
	world_plan_leap(w, truth, BEFORE_S);
	for (unsigned i = 0; i < announcing; i++) {
		w->nodes[i]->upstream.manner.leap = told;
	}
}

static struct node *add(struct world *w, const char *config,
			const struct leap_table *leaps)
{
	struct oscillator kind = oscillator_quartz(0.05, 20e-6, 1e-9);
	struct operator_orders orders = { .config = config, .leaps = leaps };

	return stage_daemon(w, &kind, &orders);
}

/* Until `s` after the leap, which is negative before it. */
static void run_until(struct world *w, double s)
{
	world_run(w, BEFORE_S + s - moment_to_s(w->now));
}

static void fall_silent(struct world *w)
{
	for (unsigned i = 0; i < w->count; i++) {
		w->nodes[i]->upstream.manner.leap = LEAP_NONE;
	}
}

static void expect_armed(const struct node *n, enum leap leap, bool by_kernel)
{
	const struct daemon *d = n->daemon;

	oracle_expect(n->world, d->view.leap == leap, "clients are told");
	oracle_expect(n->world,
		      d->status.status.leap == (by_kernel ? leap : LEAP_NONE),
		      "the kernel is told, if it is to do it");
	oracle_expect(n->world,
		      d->notes[NOTE_LEAP_ARMED] == (leap != LEAP_NONE),
		      "the operator is told");
}

static void expect_over(const struct node *n, unsigned steps)
{
	const struct daemon *d = n->daemon;

	oracle_expect(n->world, d->notes[NOTE_LEAP_EVENT] == 1, "it was noted");
	oracle_expect(n->world, d->notes[NOTE_LEAP_DISARMED] == 0,
		      "and not disarmed instead");
	oracle_expect(n->world, d->view.leap == LEAP_NONE, "LI is back to 0");
	oracle_expect(n->world, d->status.status.leap == LEAP_NONE,
		      "nothing is armed any more");
	oracle_expect(n->world, d->steps == steps, "stepped as often as due");
	oracle_expect(n->world,
		      d->notes[NOTE_FOREIGN_STEP] == 0 &&
			      d->notes[NOTE_STEPPED] == 0 &&
			      d->notes[NOTE_SPIKE] == 0,
		      "nobody took it for an error");
}

/* A chain of two of ours: the first has a table or not, the second has none. */
static void chain(struct world *w, enum leap leap,
		  const struct leap_table *leaps)
{
	struct node *n, *below;

	stage(w, leap, leap, 4);
	n = add(w, SERVERS, leaps);
	below = add(w, "server 10.0.4.1 iburst maxpoll 8\n", NULL);
	stage_settle(w, n, SETTLING_S, CLOSE_S);
	oracle_limit(below, CLOSE_S);
	run_until(w, -10);
	expect_armed(n, leap, true);
	expect_armed(below, leap, true);
	w->look_s = 0.25;
	run_until(w, 2);
	fall_silent(w);
	run_until(w, 1000);
	w->look_s = 16;
	expect_over(n, 0);
	expect_over(below, 0);
	run_until(w, 3 * 3600);
	expect_over(n, 0);
	expect_over(below, 0);
	oracle_expect(w, daemon_synchronised(below), "in service all along");
}

void tell_leap_insert(struct world *w)
{
	chain(w, LEAP_INSERT, &insertion);
}

void tell_leap_delete(struct world *w)
{
	chain(w, LEAP_DELETE, &deletion);
}

void tell_leap_voted(struct world *w)
{
	chain(w, LEAP_INSERT, NULL);
}

/* Nobody but the table tells, and the kernel may not. */
void tell_leap_by_hand(struct world *w)
{
	struct node *n;

	stage(w, LEAP_INSERT, LEAP_NONE, 0);
	n = add(w, SERVERS "disable kernel\n", &insertion);
	stage_settle(w, n, SETTLING_S, CLOSE_S);
	run_until(w, -10);
	expect_armed(n, LEAP_INSERT, false);
	w->look_s = 0.25;
	run_until(w, 1000);
	expect_over(n, 1);
	oracle_expect(w, n->daemon->notes[NOTE_LEAP_STEPPED] == 1,
		      "and said so");
}

/* A clock that never jumps is right again after 2000 s. */
void tell_leap_slewed(struct world *w)
{
	struct node *n;

	stage(w, LEAP_DELETE, LEAP_DELETE, 4);
	n = add(w, SERVERS "tinker step 0\n", NULL);
	stage_settle(w, n, SETTLING_S, CLOSE_S);
	run_until(w, -10);
	expect_armed(n, LEAP_DELETE, false);
	oracle_limit(n, 1 + CLOSE_S);
	w->look_s = 1;
	run_until(w, 2);
	fall_silent(w);
	run_until(w, 2300);
	expect_over(n, 0);
	oracle_limit(n, CLOSE_S);
	run_until(w, 2 * 3600);
}

/* E12: half of them are no majority; and there is none. */
void tell_leap_half(struct world *w)
{
	struct node *n;

	stage(w, LEAP_NONE, LEAP_INSERT, 2);
	n = add(w, SERVERS, NULL);
	stage_settle(w, n, SETTLING_S, CLOSE_S);
	run_until(w, -10);
	expect_armed(n, LEAP_NONE, true);
	run_until(w, 3600);
	oracle_expect(w, n->daemon->notes[NOTE_LEAP_EVENT] == 0, "no leap");
}

/* E12, J3: what an expired table has to say of leap seconds is nothing. */
void tell_leap_expired(struct world *w)
{
	struct node *n;

	stage(w, LEAP_NONE, LEAP_NONE, 0);
	n = add(w, SERVERS, &expired);
	stage_settle(w, n, SETTLING_S, CLOSE_S);
	run_until(w, -10);
	expect_armed(n, LEAP_NONE, true);
	oracle_expect(w,
		      n->daemon->status.status.tai_known &&
			      n->daemon->status.status.tai == 37,
		      "its TAI is the best there is");
	run_until(w, 3600);
	oracle_expect(w, n->daemon->notes[NOTE_LEAP_EVENT] == 0, "no leap");
}

/* One leaps a minute early, the others four minutes late. */
void tell_leap_late(struct world *w)
{
	struct node *n;

	stage(w, LEAP_INSERT, LEAP_NONE, 0);
	n = add(w, "server @ iburst minpoll 4 maxpoll 4\n", &insertion);
	stage_settle(w, n, SETTLING_S, CLOSE_S);
	oracle_excuse(n, ORACLE_MAJORITY);
	w->look_s = 1;
	run_until(w, -60);
	w->nodes[0]->upstream.manner.lie_s = -1;
	run_until(w, 0);
	w->nodes[0]->upstream.manner.lie_s = 0;
	for (unsigned i = 1; i < 4; i++) {
		w->nodes[i]->upstream.manner.lie_s = 1;
	}
	run_until(w, 240);
	for (unsigned i = 1; i < 4; i++) {
		w->nodes[i]->upstream.manner.lie_s = 0;
	}
	run_until(w, 3 * 3600);
	expect_over(n, 0);
}
