/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios about leap seconds; scenarios.def says what each is. They begin on
 * the last day of June, six hours before its end.
 */
#include "sim/scenario.h"

#include <math.h>

#include "core/steer/smear.h"

#define BEFORE_S (6 * 3600)
#define SETTLING_S (2 * 3600)
#define CLOSE_S 1e-3
#define SERVERS "server @ iburst maxpoll 8\n"

static const struct leap_table insertion = {
	.entries = { { INT64_C(1483228800), 37 }, { WORLD_LEAP_DATE, 38 } },
	.count = 2,
	.expires = WORLD_LEAP_DATE + INT64_C(8640000),
};
static const struct leap_table deletion = {
	.entries = { { INT64_C(1483228800), 37 }, { WORLD_LEAP_DATE, 36 } },
	.count = 2,
	.expires = WORLD_LEAP_DATE + INT64_C(8640000),
};
static const struct leap_table expired = {
	.entries = { { INT64_C(1483228800), 37 }, { WORLD_LEAP_DATE, 38 } },
	.count = 2,
	.expires = WORLD_LEAP_DATE - 86400,
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

#define SMEAR_S 7200

/* Clients of a server that smears: no step, and no more than its rate. */
static void follow_smear(struct world *w, enum leap leap,
			 const struct node *server, struct node *const *clients,
			 size_t count)
{
	const struct smear smear = server->daemon->view.smear;
	double base[2] = { clients[0]->clock.steer, clients[1]->clock.steer };

	oracle_expect(w, smear.length_s == SMEAR_S && smear.leap == leap,
		      "the view says how");
	while (moment_to_s(w->now) < BEFORE_S + 600) {
		tstamp truth = world_date(w, w->now);
		bool over = !moment_before(w->now, w->leap_at);
		double told_s =
			over ? 0 : span_to_seconds(smear_offset(&smear, truth));

		for (size_t i = 0; i < count; i++) {
			double off_s = node_error_s(clients[i]) - told_s;
			double rate = clients[i]->clock.steer - base[i];

			oracle_expect(w, fabs(off_s) < 2 * CLOSE_S,
				      "it has the time that is served");
			oracle_expect(w, fabs(rate) < 1.1 * smear_rate(SMEAR_S),
				      "and runs no faster than that");
		}
		world_run(w, 1.0);
	}
}

/*
 * One client knows of the leap second by itself, and must not take it; the
 * clocks of both are a second off on the way, as they were asked to be.
 */
static void smear(struct world *w, enum leap leap,
		  const struct leap_table *table)
{
	struct node *server, *clients[2];

	stage(w, leap, leap, 4);
	server = add(w, SERVERS "leapsmearinterval 7200\n", table);
	clients[0] = add(w, "server 10.0.4.1 iburst maxpoll 6\n", NULL);
	clients[1] = add(w, "server 10.0.4.1 iburst maxpoll 6\n", table);
	oracle_excuse(server, ORACLE_SERVED);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		oracle_excuse(clients[i], ORACLE_BOUND);
		oracle_excuse(clients[i], ORACLE_SERVED);
	}
	stage_settle(w, server, SETTLING_S, CLOSE_S);
	run_until(w, -SMEAR_S - 60);
	expect_armed(server, leap, true);
	oracle_expect(w, clients[0]->daemon->notes[NOTE_LEAP_ARMED] == 0,
		      "a leap second is not announced to clients");
	follow_smear(w, leap, server, clients, ARRAY_LEN(clients));
	fall_silent(w);
	run_until(w, 3600);
	expect_over(server, 0);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		const struct daemon *d = clients[i]->daemon;

		oracle_expect(w, fabs(node_error_s(clients[i])) < CLOSE_S,
			      "all have the true time again");
		oracle_expect(w,
			      d->steps == 0 && d->notes[NOTE_LEAP_EVENT] == 0 &&
				      d->notes[NOTE_SPIKE] == 0 &&
				      d->notes[NOTE_FOREIGN_STEP] == 0,
			      "and nobody saw a step");
	}
}

void tell_leap_smeared(struct world *w)
{
	smear(w, LEAP_INSERT, &insertion);
}

void tell_leap_smeared_less(struct world *w)
{
	smear(w, LEAP_DELETE, &deletion);
}

/* Two times at once: those that most have are used, and it is said. */
void tell_leap_mixed(struct world *w)
{
	struct node *server, *client;

	stage(w, LEAP_INSERT, LEAP_INSERT, 4);
	server = add(w, SERVERS "leapsmearinterval 7200\n", NULL);
	oracle_excuse(server, ORACLE_SERVED);
	client = add(w, SERVERS "server 10.0.4.1 iburst maxpoll 8\n", NULL);
	stage_settle(w, client, SETTLING_S, CLOSE_S);
	w->look_s = 1;
	run_until(w, 2);
	fall_silent(w);
	run_until(w, 1000);
	oracle_expect(w, client->daemon->notes[NOTE_SMEAR_MIX] == 1,
		      "the operator is told");
	expect_over(client, 0);
}
