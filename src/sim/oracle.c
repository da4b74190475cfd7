/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/oracle.h"

#include <math.h>
#include <stdarg.h>

#include "sim/daemon.h"
#include "sim/world.h"

#define ROUNDING_S 1e-6 /* of a reading, and of the arithmetic here */
#define RIGHT_S 10e-3   /* a daemon this far off is still settling */
#define LIES_HEARD 8    /* of one server: enough to tell it is lying */
#define DEEPEST 16      /* no chain of daemons is longer */

const char *oracle_name(enum oracle_id id)
{
	static const char *const names[] = {
#define ORACLE(id, name, words) [ORACLE_##id] = (name),
#include "sim/oracles.def"
#undef ORACLE
	};

	return names[id];
}

const char *oracle_words(enum oracle_id id)
{
	static const char *const all_words[] = {
#define ORACLE(id, name, words) [ORACLE_##id] = (words),
#include "sim/oracles.def"
#undef ORACLE
	};

	return all_words[id];
}

void oracle_break(struct world *w, enum oracle_id id, const struct node *n,
		  const char *format, ...)
{
	struct oracle *o = &w->oracle;
	va_list args;

	if (n && (n->watch.excused & 1u << id)) {
		return;
	}
	o->broken[id]++;
	if (o->any) {
		return;
	}
	o->any = true;
	o->first = id;
	o->at = w->now;
	o->node = n ? n->index : VNET_NODES;
	va_start(args, format);
	(void)vsnprintf(o->text, sizeof(o->text), format, args);
	va_end(args);
}

void oracle_excuse(struct node *n, enum oracle_id id)
{
	n->watch.excused |= 1u << id;
}

void oracle_expect(struct world *w, bool holds, const char *what)
{
	if (!holds) {
		oracle_break(w, ORACLE_EXPECTED, NULL, "%s", what);
	}
}

void oracle_limit(struct node *n, double limit_s)
{
	n->watch.limit_s = limit_s;
}

/* Everybody that a daemon has asked, as honest and as lying. */
struct electorate {
	unsigned honest, lying;
	double widest_s; /* half of what the longest honest exchange takes */
	double least_lie_s;
};

static double half_way_s(const struct node *n, const struct node *peer)
{
	struct vnet *net = &n->world->net;
	double sum_s = 0;

	for (unsigned back = 0; back < 2; back++) {
		const struct way *w =
			back ? vnet_way(net, peer->index, n->index)
			     : vnet_way(net, n->index, peer->index);

		sum_s += w->base_s + w->more_s + w->held_s +
			 8 * (w->jitter.scale + w->more_queue_s) +
			 (w->quiet_s > 0 ? 8 * w->busy_queue_s : 0);
	}
	return sum_s / 2 + peer->upstream.manner.root_disp_s +
	       peer->upstream.manner.root_delay_s / 2;
}

static struct electorate electorate_of(const struct node *n)
{
	const struct world *w = n->world;
	struct electorate e = { .least_lie_s = INFINITY };

	for (unsigned i = 0; i < w->count; i++) {
		const struct node *peer = w->nodes[i];
		double lie_s = upstream_lie_s(&peer->upstream, w->now);

		if (!n->watch.peers[i].asked) {
			continue;
		}
		if (!peer->daemon && lie_s != 0) {
			e.lying++;
			e.least_lie_s = fmin(e.least_lie_s, fabs(lie_s));
		} else if (peer->daemon ||
			   upstream_honest(&peer->upstream, w->now)) {
			e.honest++;
			e.widest_s = fmax(e.widest_s, half_way_s(n, peer));
		}
	}
	return e;
}

/*
 * Can anybody who knows no more than the daemon tell right from wrong? Not
 * when the liars are no minority, nor when a lie hides in the error bars.
 */
static bool truth_is_knowable(const struct node *n)
{
	struct electorate e = electorate_of(n);

	return e.lying == 0 ||
	       (e.honest > e.lying && e.least_lie_s > 3 * e.widest_s);
}

/* Its time comes, over however many daemons, from a clock that is a guess. */
static bool root_is_a_guess(const struct node *n)
{
	for (unsigned depth = 0; depth < DEEPEST; depth++) {
		const struct node *peer = daemon_system_peer(n);

		if (!truth_is_knowable(n) ||
		    (n->watch.excused & 1u << ORACLE_BOUND) ||
		    daemon_uses_local(n)) {
			return true;
		}
		if (!peer || !peer->daemon) {
			return false;
		}
		n = peer;
	}
	return true;
}

static void check_bound(struct node *n)
{
	double error_s = node_error_s(n);
	double bound_s = daemon_bound_s(n);

	if (n->watch.disturbed || fabs(error_s) <= bound_s + ROUNDING_S ||
	    world_is_leaping(n->world) || root_is_a_guess(n)) {
		return;
	}
	oracle_break(n->world, ORACLE_BOUND, n, "off by %.9f s, claimed %.9f s",
		     error_s, bound_s);
}

static void check_majority(struct node *n)
{
	const struct node *peer = daemon_system_peer(n);
	struct electorate e;

	/* One wild answer may be luck, and must not move anything. */
	if (!peer || peer->daemon ||
	    n->watch.peers[peer->index].lies < LIES_HEARD) {
		return;
	}
	e = electorate_of(n);
	if (e.honest > e.lying && e.least_lie_s > 3 * e.widest_s) {
		oracle_break(n->world, ORACLE_MAJORITY, n,
			     "follows node %u, which lies: %u honest, %u not",
			     peer->index, e.honest, e.lying);
	}
}

void oracle_started(struct node *n)
{
	struct watch *w = &n->watch;

	w->synchronised = w->was_synchronised = false;
	w->disturbed = w->may_step = false;
	w->served = false;
	w->sync_at = MOMENT_NEVER;
	for (unsigned i = 0; i < VNET_NODES; i++) {
		w->peers[i] = (struct peer_watch){ 0 };
	}
}

void oracle_daemon(struct node *n)
{
	struct watch *w = &n->watch;

	n->world->oracle.looked++;
	w->disturbed = false; /* it has had its chance to notice */
	w->synchronised = daemon_synchronised(n);
	if (!w->synchronised) {
		return;
	}
	if (!w->was_synchronised) {
		w->was_synchronised = true;
		w->sync_at = n->world->now;
	}
	if (w->within_since.v == MOMENT_NEVER.v &&
	    fabs(node_error_s(n)) < w->within_s) {
		w->within_since = n->world->now;
	}
	check_bound(n);
	check_majority(n);
}

static void measure(struct node *n)
{
	struct world *world = n->world;
	struct watch *w = &n->watch;
	double error_s = node_error_s(n);
	bool synchronised = daemon_synchronised(n);

	if (fabs(error_s) < 0.8 * daemon_step_threshold_s(n)) {
		w->off_since = MOMENT_NEVER;
	} else if (w->off_since.v == MOMENT_NEVER.v) {
		w->off_since = world->now;
	}
	if (synchronised) {
		check_bound(n);
	}
	if (w->limit_s > 0 && fabs(error_s) > w->limit_s) {
		oracle_break(world, ORACLE_ARRIVES, n,
			     "off by %.9f s, limit %.9f s", error_s,
			     w->limit_s);
	}
	gauge_look(n, error_s);
	meter_add(&n->meter, error_s,
		  synchronised && fabs(error_s) <= daemon_bound_s(n));
}

void oracle_measure(struct world *w)
{
	for (unsigned i = 0; i < w->count; i++) {
		struct node *n = w->nodes[i];

		if (n->daemon && n->daemon->running && !node_is_frozen(n) &&
		    !world_is_leaping(w)) {
			measure(n);
		}
	}
}

/* What a daemon tells while it is still slewing is no lie, nor the truth. */
static bool peers_are_right(const struct node *n)
{
	for (unsigned i = 0; i < n->world->count; i++) {
		struct node *peer = n->world->nodes[i];

		if (n->watch.peers[i].asked && peer->daemon &&
		    fabs(node_error_s(peer)) > RIGHT_S) {
			return false;
		}
	}
	return true;
}

static const char *step_against_rules(struct node *n, double step_s)
{
	const struct daemon *d = n->daemon;
	const struct watch *w = &n->watch;
	const struct tinker_config *tinker = &d->config.tinker;
	bool first = d->steps == 0 && !w->was_synchronised;
	double threshold_s = daemon_step_threshold_s(n);
	double after_s = node_error_s(n) + step_s;

	if (!(first && d->config.orders.step_once) &&
	    (threshold_s <= 0 || fabs(step_s) < threshold_s * 0.999)) {
		return "below the step threshold";
	}
	if (tinker->panic_s > 0 && fabs(step_s) > tinker->panic_s &&
	    !(first && d->config.orders.panic_once)) {
		return "past the panic threshold";
	}
	if (fabs(after_s) > fabs(node_error_s(n)) && truth_is_knowable(n) &&
	    peers_are_right(n)) {
		return "away from the truth";
	}
	if (!w->was_synchronised || w->may_step) {
		return NULL;
	}
	if (w->off_since.v == MOMENT_NEVER.v ||
	    span_to_seconds(moment_diff(n->world->now, w->off_since)) <
		    0.9 * tinker->stepout_s) {
		return "after the start, and nobody had set the clock";
	}
	return NULL;
}

void oracle_step(struct node *n, span step)
{
	double step_s = span_to_seconds(step);
	bool leaps = world_is_leaping(n->world);
	const char *why = leaps ? NULL : step_against_rules(n, step_s);

	if (why) {
		oracle_break(n->world, ORACLE_STEP, n, "%+.6f s: %s", step_s,
			     why);
	}
	n->watch.may_step = false;
	n->watch.served = false;
	n->watch.off_since = MOMENT_NEVER;
	if (!leaps) {
		oracle_may_burst(n);
	}
}

void oracle_control(struct node *n)
{
	if (n->daemon->config.orders.no_clock) {
		oracle_break(n->world, ORACLE_CONTROL, n, "%s",
			     "with --no-clock");
	}
}

void oracle_served(struct node *n, const struct datagram *g)
{
	struct watch *w = &n->watch;
	struct reader r = reader_over(g->data, g->len);
	tstamp truth = world_date(n->world, n->world->now);
	struct packet p;

	if (packet_parse(&p, &r) != PACKET_OK || p.stratum == 0 ||
	    p.leap == LEAP_UNSYNC) {
		return;
	}
	double error_s = span_to_seconds(tstamp_diff(p.transmit, truth));
	double bound_s = span_to_seconds(p.root_delay) / 2 +
			 span_to_seconds(p.root_disp);
	if (fabs(error_s) > bound_s + ROUNDING_S && !w->disturbed &&
	    !world_is_leaping(n->world) && !root_is_a_guess(n)) {
		oracle_break(n->world, ORACLE_SERVED, n,
			     "off by %.9f s, told %.9f s", error_s, bound_s);
	}
	if (moment_before(w->served_at, n->world->leap_at) &&
	    !moment_before(n->world->now, n->world->leap_at)) {
		w->served = false; /* the truth has gone back too */
	}
	if (w->served && tstamp_before(p.transmit, w->last_served)) {
		oracle_break(n->world, ORACLE_MONOTONIC, n, "by %.9f s",
			     span_to_seconds(
				     tstamp_diff(p.transmit, w->last_served)));
	}
	w->served = true;
	w->last_served = p.transmit;
	w->served_at = n->world->now;
}
