/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/daemon.h"

#include <stdlib.h>
#include <string.h>

#include "core/report/filegen.h"
#include "core/serve/refid.h"
#include "sim/carry.h"
#include "sim/dice.h"
#include "sim/world.h"

#define PRECISION (-20) /* log2 s */
#define WAKE_S 20e-6    /* at least, between an arrival and its being seen */

/* NULL: it is not the one that is recorded. */
static struct tape *tape_of(const struct node *n)
{
	struct tape *t = n->world->tape;

	if (t && !t->of) {
		t->of = n;
	}
	return t && t->of == n ? t : NULL;
}

static void free_life(struct daemon *d)
{
	free(d->memory);
	free(d->arena);
	free(d->keyring);
	free(d->keys);
	d->memory = d->arena = d->keyring = d->keys = NULL;
	d->engine = NULL;
}

/* What config_parse() and the command line make of the orders. */
static void configure(struct daemon *d)
{
	const struct operator_orders *o = &d->orders;
	size_t len = strlen(o->config);
	struct arena arena;

	d->arena_size = config_arena_size(len);
	d->arena = malloc(d->arena_size);
	INVARIANT(d->arena != NULL);
	arena = arena_over(d->arena, d->arena_size);
	config_defaults(&d->config);
	struct config_result result = config_parse(
		&d->config, &arena, "ntp.conf", o->config, len, NULL);
	for (const struct complaint *c = result.complaints; c; c = c->next) {
		oracle_break(d->node->world, ORACLE_EXPECTED, d->node,
			     "ntp.conf:%u: %s", c->place.line, c->text);
	}
	d->config.orders = o->line;
}

/* What the host makes of a keys file. */
static void read_keys(struct daemon *d)
{
	const char *text = d->orders.keys ? d->orders.keys : "";
	size_t len = strlen(text), size = keysfile_arena_size(len);
	struct arena file_arena, ring_arena;

	d->keys = malloc(size);
	INVARIANT(d->keys != NULL);
	file_arena = arena_over(d->keys, size);
	struct keysfile file = keysfile_parse(&file_arena, "keys", text, len);

	INVARIANT(file.errors == 0 && !file.out_of_memory);
	size = keyring_size(&file);
	d->keyring = malloc(size);
	INVARIANT(d->keyring != NULL);
	ring_arena = arena_over(d->keyring, size);
	d->settings.keys = keyring_build(&ring_arena, &file, &d->config);
}

static void start_engine(struct daemon *d)
{
	struct mark mark = daemon_mark(d->node);
	struct node *n = d->node;
	struct engine_start start = {
		.now = vclock_mono(&n->clock, n->world->now),
		.wall = vclock_wall(&n->clock, n->world->now),
		.precision = PRECISION,
		.freq_known = d->drift_known,
		.freq_ppm =
			d->drift_known ? d->drift_ppm : 1e6 * n->clock.steer,
		.freq_age_s = span_to_seconds(
			moment_diff(n->world->now, d->drift_at)),
		.machine = mark.machine,
		.snapshot = d->state,
		.snapshot_len = d->state_len,
		.version = "ntpd truechimer-sim",
		.processor = "virtual",
		.system = "sim",
	};

	memcpy(start.boot, mark.boot, sizeof(start.boot));
	for (size_t i = 0; i < RNG_SEED; i++) {
		start.seed[i] = (uint8_t)rng_u64(&d->rng);
	}
	d->settings = (struct settings){ .config = &d->config };
	read_keys(d);
	if (d->orders.leaps) {
		d->settings.leaps = *d->orders.leaps;
	}
	d->memory = malloc(engine_size(&d->settings));
	INVARIANT(d->memory != NULL);
	d->engine = engine_init(d->memory, &d->settings, &start);
	if (tape_of(n)) {
		tape_start(tape_of(n), &d->settings, &start);
	}
}

static void begin_life(struct daemon *d)
{
	struct node *n = d->node;

	free_life(d);
	d->life++;
	d->timer++;
	d->running = true;
	d->started = n->world->now;
	d->view_known = false;
	memset(d->sockets, 0, sizeof(d->sockets));
	memset(d->last_note, 0, sizeof(d->last_note));
	configure(d);
	start_engine(d);
	oracle_started(n);
	gauge_start(n);
	daemon_event(n, &(struct event){ .kind = EVENT_TICK });
}

void daemon_start(struct node *n, const struct operator_orders *orders)
{
	struct daemon *d = calloc(1, sizeof(*d));

	INVARIANT(d != NULL && !n->daemon);
	n->daemon = d;
	d->node = n;
	d->orders = *orders;
	size_t size = strlen(orders->config) + 1;

	d->text = malloc(size);
	d->outbox = calloc(1, sizeof(*d->outbox));
	d->state = malloc(SNAPSHOT_MOST);
	INVARIANT(d->text != NULL && d->outbox != NULL && d->state != NULL);
	d->orders.config = memcpy(d->text, orders->config, size);
	rng_init_number(&d->rng, rng_u64(&n->world->rng));
	vclock_advance(&n->clock, n->world->now);
	begin_life(d);
}

void daemon_stop(struct node *n)
{
	n->daemon->running = false;
	n->daemon->view_known = false;
}

void daemon_restart(struct node *n)
{
	vclock_advance(&n->clock, n->world->now);
	begin_life(n->daemon);
}

void daemon_end(struct node *n)
{
	if (n->daemon) {
		free_life(n->daemon);
		free(n->daemon->text);
		free(n->daemon->outbox);
		free(n->daemon->state);
		free(n->daemon);
		n->daemon = NULL;
	}
}

void daemon_network(struct node *n)
{
	if (n->daemon && n->daemon->running) {
		vclock_advance(&n->clock, n->world->now);
		oracle_may_burst(n);
		daemon_event(n, &(struct event){ .kind = EVENT_NETWORK });
	}
}

void daemon_event(struct node *n, const struct event *what)
{
	struct daemon *d = n->daemon;
	struct world *w = n->world;
	struct event ev = *what;

	ev.now = vclock_mono(&n->clock, w->now);
	ev.wall = vclock_wall(&n->clock, w->now);
	ev.machine = daemon_mark(n).machine;
	outbox_empty(d->outbox);
	if (tape_of(n)) {
		tape_event(tape_of(n), &ev);
	}
	instant deadline = engine_handle(d->engine, &ev, d->outbox);
	if (tape_of(n)) {
		tape_effects(tape_of(n), d->outbox, deadline);
	}
	carry_out(n);
	d->timer++;
	/* Never in the same moment again: time must be able to go by. */
	moment at = vclock_when(&n->clock, deadline);
	moment soonest = moment_add(w->now, (span){ 1 });
	queue_put(&w->queue,
		  &(struct future){
			  .at = moment_before(at, soonest) ? soonest : at,
			  .kind = HAPPEN_TICK,
			  .node = n->index,
			  .generation = d->timer,
		  });
	oracle_daemon(n);
}

/* The socket of a source that this datagram may come in through. */
static bool find_socket(const struct daemon *d, const struct datagram *g,
			source_id *source)
{
	for (unsigned i = 0; i < DAEMON_SOCKETS; i++) {
		const struct socket *s = &d->sockets[i];

		if (s->open && s->port == g->to.port &&
		    netaddr_equal(&s->peer, &g->from)) {
			*source = (source_id){ (uint16_t)i, s->generation };
			return true;
		}
	}
	return false;
}

/* A datagram came in through a source's socket, some time ago. */
static void packet_seen(struct node *n, const struct future *f)
{
	const struct datagram *g = f->gram;
	struct event ev = { .kind = EVENT_PACKET };

	if (!find_socket(n->daemon, g, &ev.source)) {
		return;
	}
	ev.packet.at = f->stamp;
	ev.packet.origin = STAMP_KERNEL;
	ev.packet.local = g->to;
	ev.packet.data = g->data;
	ev.packet.len = g->len;
	oracle_answer(n, g);
	daemon_event(n, &ev);
}

/* The kernel stamps a datagram; the process gets to it a little later. */
static void arrived(struct node *n, struct future *f)
{
	struct world *w = n->world;
	double wakes_s = dice_between(&n->daemon->rng, WAKE_S, 2 * WAKE_S);
	struct future seen = {
		.at = moment_add(w->now, span_from_seconds(wakes_s)),
		.kind = HAPPEN_SEEN,
		.node = n->index,
		.stamp = vclock_read(&n->clock, w->now),
		.generation = n->daemon->life,
		.gram = f->gram,
	};

	f->gram = NULL;
	queue_put(&w->queue, &seen);
}

static void peer_seen(struct node *n, const struct future *f)
{
	struct event ev = { .kind = EVENT_PEER };

	ev.packet.at = f->stamp;
	ev.packet.origin = STAMP_KERNEL;
	ev.packet.local = f->gram->to;
	ev.packet.from = f->gram->from;
	ev.packet.data = f->gram->data;
	ev.packet.len = f->gram->len;
	daemon_event(n, &ev);
}

static void serve(struct node *n, const struct future *f)
{
	struct daemon *d = n->daemon;
	struct request request = {
		.data = f->gram->data,
		.len = f->gram->len,
		.from = f->gram->from,
		.to = f->gram->to,
		.received = f->stamp,
	};
	struct datagram g = { .from = f->gram->to, .to = f->gram->from };
	struct writer out = writer_over(g.data, sizeof(g.data));

	if (!d->view_known) {
		return;
	}
	tstamp now = vclock_read(&n->clock, n->world->now);
	enum server_verdict verdict =
		server_respond(&d->view, &d->shard, &request, now, &out);
	d->shard.verdicts[verdict]++;
	g.len = (uint16_t)(out.at - g.data);
	if (verdict == SERVER_PEER) {
		peer_seen(n, f);
	} else if (g.len > 0) {
		oracle_served(n, &g);
		world_send(n->world, n->index, n->world->now, &g);
	}
}

static void resolved(struct node *n, const struct future *f)
{
	struct world *w = n->world;
	struct event ev = { .kind = EVENT_RESOLVED, .source = f->source };
	netaddr addrs[NAME_ADDRS];

	if (f->index < w->name_count &&
	    !moment_before(w->now, w->names[f->index].from)) {
		ev.resolved.count =
			name_lookup(&w->names[f->index], &w->rng, addrs);
		ev.resolved.addrs = addrs;
	}
	daemon_event(n, &ev);
}

static void sent(struct node *n, const struct future *f)
{
	struct event ev = { .kind = EVENT_SENT, .source = f->source };

	ev.sent.exchange = f->exchange;
	ev.sent.at = f->stamp;
	ev.sent.origin = STAMP_KERNEL;
	daemon_event(n, &ev);
}

static void read_clock(struct node *n, const struct future *f)
{
	struct event ev = { .kind = EVENT_REFCLOCK, .source = f->source };

	receiver_read(n, &ev);
	daemon_event(n, &ev);
}

/* A deadline has come, if the clock ran on as it did when it was set. */
static void tick(struct node *n, const struct future *f)
{
	struct daemon *d = n->daemon;
	struct event ev = { .kind = EVENT_TICK };

	if (f->generation != d->timer) {
		return;
	}
	if (filegen_is_on(&d->config, STATS_SYS)) {
		ev.tick.shards = &d->shard;
		ev.tick.shard_count = 1;
	}
	daemon_event(n, &ev);
}

void daemon_handle(struct node *n, struct future *f)
{
	struct daemon *d = n->daemon;
	bool outdated = f->kind != HAPPEN_ARRIVAL && f->kind != HAPPEN_TICK &&
			f->generation != d->life;

	if (!d->running || outdated) {
		return;
	}
	switch (f->kind) {
	case HAPPEN_TICK:
		tick(n, f);
		break;
	case HAPPEN_ARRIVAL:
		arrived(n, f);
		break;
	case HAPPEN_SEEN:
		if (f->gram->to.port == NTP_PORT) {
			serve(n, f);
		} else {
			packet_seen(n, f);
		}
		break;
	case HAPPEN_SENT:
		sent(n, f);
		break;
	case HAPPEN_RESOLVED:
		resolved(n, f);
		break;
	case HAPPEN_REFUSED:
		daemon_event(n, &(struct event){
					.kind = EVENT_FAILED,
					.source = f->source,
					.failed.exchange = f->exchange,
				});
		break;
	case HAPPEN_READ:
		read_clock(n, f);
		break;
	case HAPPEN_PULSE:
	case HAPPEN_FAULT:
	case HAPPEN_MEASURE:
		break; /* not a daemon's business */
	}
}

bool daemon_synchronised(const struct node *n)
{
	const struct daemon *d = n->daemon;

	return d && d->running && d->view_known &&
	       d->view.leap != LEAP_UNSYNC && d->view.stratum > 0 &&
	       d->view.stratum < STRATUM_UNKNOWN;
}

static double view_age_s(const struct node *n)
{
	tstamp wall = vclock_wall(&n->clock, n->world->now);

	return span_to_seconds(tstamp_diff(wall, n->daemon->view.made));
}

double daemon_bound_s(const struct node *n)
{
	const struct view *v = &n->daemon->view;
	double age_s = view_age_s(n);

	return span_to_seconds(v->root_delay) / 2 +
	       span_to_seconds(v->root_disp) + 1e-6 * v->drift_ppm * age_s;
}

struct claim daemon_claim(const struct node *n)
{
	const struct view *v = &n->daemon->view;
	double bound_s =
		span_to_seconds(v->bound) + 1e-6 * v->bound_ppm * view_age_s(n);

	if (!v->bound_known) {
		bound_s = daemon_bound_s(n);
	}
	return (struct claim){ .earliest_s = -bound_s, .latest_s = bound_s };
}

double daemon_step_threshold_s(const struct node *n)
{
	const struct config *c = &n->daemon->config;

	return c->orders.slew_only ? 600 : c->tinker.step_fwd_s;
}

/* A daemon is known by its IPv4 address, which is its refid too. */
struct node *daemon_system_peer(const struct node *n)
{
	netaddr addr = netaddr_v4(n->daemon->view.refid, NTP_PORT);

	return daemon_synchronised(n) ? world_node(n->world, &addr) : NULL;
}

bool daemon_uses_local(const struct node *n)
{
	uint32_t refid = n->daemon->view.refid;

	return refid == REFID_LOCL || refid == REFID_LOOP ||
	       refid == REFID_LOOPBACK || refid >> 8 == UINT32_C(0x7f7f01);
}
