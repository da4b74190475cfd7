/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/carry.h"

#include <string.h>

#include "sim/dice.h"
#include "sim/world.h"

#define STAMP_READY_S 30e-6 /* until the transmit stamp is known */
#define STAMP_LATE_S 5e-3   /* sometimes as much: the answer may overtake it */
#define STAMP_LATE 0.02     /* how often */
#define READ_S 5e-6         /* until a reference clock is read */
#define FIRST_PORT 1024

static void put(struct node *n, double after_s, struct future *f)
{
	f->at = moment_add(n->world->now, span_from_seconds(after_s));
	f->node = n->index;
	f->generation = n->daemon->life;
	queue_put(&n->world->queue, f);
}

static uint16_t fresh_port(struct rng *r)
{
	return (uint16_t)(FIRST_PORT + rng_below(r, 65536 - FIRST_PORT));
}

/* A peer's packet: no oracle minds it. */
static void send_from_server(struct node *n, const struct effect *e,
			     struct future *f)
{
	struct daemon *d = n->daemon;
	span late = node_late(n);
	moment leaves = moment_add(n->world->now, late);
	struct datagram g = { .from = n->addr,
			      .to = e->send.to,
			      .len = (uint16_t)e->send.len };

	memcpy(g.data, d->outbox->bytes + e->send.at, e->send.len);
	d->sent++;
	world_send(n->world, n->index, leaves, &g);
	f->stamp = vclock_read(&n->clock, leaves);
	put(n, span_to_seconds(late) + STAMP_READY_S, f);
}

static void carry_send(struct node *n, const struct effect *e)
{
	struct daemon *d = n->daemon;
	struct world *w = n->world;
	struct socket *s = &d->sockets[e->source.slot % DAEMON_SOCKETS];
	struct datagram g = { .from = n->addr, .to = e->send.to };
	struct future f = {
		.kind = HAPPEN_SENT,
		.source = e->source,
		.exchange = e->send.exchange,
		.stamp = vclock_read(&n->clock, w->now),
	};

	INVARIANT(e->source.slot < DAEMON_SOCKETS && e->send.len > 0 &&
		  e->send.len <= DATAGRAM_MAX);
	if (e->send.way == SEND_SERVER) {
		send_from_server(n, e, &f);
		return;
	}
	*s = (struct socket){
		.open = true,
		.port = fresh_port(&d->rng),
		.generation = e->source.generation,
		.peer = e->send.to,
	};
	g.from.port = s->port;
	g.len = (uint16_t)e->send.len;
	memcpy(g.data, d->outbox->bytes + e->send.at, e->send.len);
	d->sent++;
	oracle_request(n, &g);
	span late = vclock_stamp_delay(&n->clock);
	world_send(w, n->index, moment_add(w->now, late), &g);
	put(n, dice_chance(&d->rng, STAMP_LATE) ? STAMP_LATE_S : STAMP_READY_S,
	    &f);
}

static void carry_resolve(struct node *n, const struct effect *e)
{
	const struct world *w = n->world;
	const char *name =
		(const char *)n->daemon->outbox->bytes + e->resolve.at;
	struct future f = {
		.kind = HAPPEN_RESOLVED,
		.source = e->source,
		.index = WORLD_NAMES,
	};
	double takes_s = 0.05;

	for (unsigned i = 0; i < w->name_count; i++) {
		if (text_equal(w->names[i].name, name, e->resolve.len)) {
			f.index = i;
			takes_s = w->names[i].delay_s;
		}
	}
	put(n, takes_s, &f);
}

static void carry_note(struct node *n, const struct note *note)
{
	struct daemon *d = n->daemon;
	char line[256];
	struct text text = text_over(line, sizeof(line));

	d->notes[note->id]++;
	d->last_note[note->id] = n->world->now;
	if (n->world->trace) {
		note_print(note, &text);
		(void)fprintf(n->world->trace, "%12.3f node %u: %s\n",
			      moment_to_s(n->world->now), n->index, line);
	}
}

/* Kept: how many there were, and what the last one said. */
static void carry_stats(struct daemon *d, const struct effect *e)
{
	struct text last = text_over(d->last_stats[e->stats.kind],
				     sizeof(d->last_stats[e->stats.kind]));
	const char *lines = (const char *)d->outbox->bytes + e->stats.at;

	for (uint32_t i = 0; i < e->stats.len; i++) {
		d->stats[e->stats.kind] += lines[i] == '\n';
	}
	text_bytes(&last, lines, e->stats.len);
}

static void carry_step(struct node *n, span step)
{
	oracle_step(n, step);
	vclock_step(&n->clock, step);
	n->daemon->steps++;
}

static void carry_exit(struct node *n, int code)
{
	n->daemon->running = false;
	n->daemon->view_known = false;
	n->daemon->exit_code = code;
}

static void carry_clock(struct node *n, const struct effect *e)
{
	moment now = n->world->now;

	oracle_control(n);
	if (e->kind == EFFECT_STEER) {
		n->daemon->base = e->steer.base;
		vclock_steer(&n->clock, now, e->steer.freq);
	} else if (e->kind == EFFECT_SLEW) {
		vclock_slew(&n->clock, now, e->slew);
	} else {
		carry_step(n, e->step);
	}
}

static void carry_one(struct node *n, const struct effect *e)
{
	struct daemon *d = n->daemon;

	switch (e->kind) {
	case EFFECT_SEND:
		carry_send(n, e);
		break;
	case EFFECT_CLOSE:
		d->sockets[e->source.slot % DAEMON_SOCKETS].open = false;
		break;
	case EFFECT_RESOLVE:
		carry_resolve(n, e);
		break;
	case EFFECT_STEER:
	case EFFECT_STEP:
	case EFFECT_SLEW:
		carry_clock(n, e);
		break;
	case EFFECT_STATUS:
		d->status = *e;
		vclock_arm(&n->clock, n->world->now, e->status.leap);
		break;
	case EFFECT_VIEW:
		d->view = e->view;
		d->view_known = true;
		break;
	case EFFECT_NOTE:
		carry_note(n, &e->note);
		break;
	case EFFECT_SAVE:
		d->drift_known = true;
		d->drift_ppm = e->save.freq_ppm;
		d->drift_at = n->world->now;
		break;
	case EFFECT_SNAPSHOT:
		daemon_snapshot(n);
		break;
	case EFFECT_READ:
		put(n, READ_S,
		    &(struct future){ .kind = HAPPEN_READ,
				      .source = e->source });
		break;
	case EFFECT_STATS:
		carry_stats(d, e);
		break;
	case EFFECT_EXIT:
		carry_exit(n, e->exit.code);
		break;
	case EFFECT_CONFIGURE:
	case EFFECT_ANSWER:
	case EFFECT_LIST:
		break; /* nobody asks mode 6 in these worlds */
	}
}

void carry_out(struct node *n)
{
	struct world *w = n->world;
	const struct outbox *out = n->daemon->outbox;

	if (out->lost > n->daemon->lost) {
		oracle_break(w, ORACLE_CAPACITY, n, "%u effects lost",
			     out->lost);
		n->daemon->lost = out->lost;
	}
	trail_number(&w->trail, n->index);
	trail_number(&w->trail, (uint64_t)w->now.v);
	for (uint32_t i = 0; i < out->count; i++) {
		trail_effect(&w->trail, out, &out->effects[i]);
		carry_one(n, &out->effects[i]);
	}
}
