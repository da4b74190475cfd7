/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/serve.h"

#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "host/clock/sysclock.h"

/*
 * Answers of a batch that are made and sent together: an interruption makes the
 * transmit timestamps of so many wrong at most. Who cannot keep up sends more
 * at once, at 1 % less for each.
 */
#define STRETCH 8
#define STRETCH_BEHIND 16

struct stretch {
	size_t from, to; /* before `to` */
	struct pace_each *pace;
	tstamp begun;
};

struct serving *serve_begin(size_t most)
{
	struct serving *s = aligned_alloc(CACHE_LINE, sizeof(*s));

	if (!s) {
		return NULL;
	}
	memset(s, 0, sizeof(*s));
	s->loopback = interfaces_loopback();
	udp_batch_init(&s->batch, most);
	departures_init(&s->departures, most > 1);
	return s;
}

void serve_end(struct serving *s)
{
	if (s) {
		departures_end(&s->departures);
	}
	free(s);
}

static struct request request_of(const struct serving *s,
				 const struct serve_socket *k,
				 const struct datagram *d)
{
	struct request req = { .heard = k->heard,
			       .called = k->finds,
			       .group = k->group,
			       .data = d->data,
			       .len = d->len,
			       .from = d->from,
			       .to = k->addr,
			       .truncated = d->truncated,
			       .received = d->at };

	/* Who cannot say over which interface it came has no loopback spoofs:
	 * the socket is bound to the address. */
	req.by_loopback = d->interface == 0 || s->loopback == 0
				  ? netaddr_is_loopback(&k->addr)
				  : d->interface == s->loopback;
	return req;
}

/* Everybody's, before the first is answered: see server_expect(). */
static void line_up(struct serving *s, const struct serve_socket *k,
		    const struct view *view)
{
	for (size_t i = 0; i < s->batch.count; i++) {
		struct datagram *d = &s->batch.in[i];

		if (!d->stamped) {
			d->at = sysclock_wall();
		}
		s->requests[i] = request_of(s, k, d);
	}
	server_expect(view, s->shard, s->requests, s->batch.count);
}

/* `leaves`: when its answer does. True: it has one. */
static bool respond(struct serving *s, size_t i, const struct view *view,
		    tstamp leaves)
{
	struct udp_answer *out = &s->batch.out[i];
	struct writer w = writer_over(out->data, sizeof(out->data));

	s->verdicts[i] =
		server_respond(view, s->shard, &s->requests[i], leaves, &w);
	counter_up(&s->shard->verdicts[s->verdicts[i]]);
	out->len = (size_t)(w.at - out->data);
	departures_expect(&s->departures, out);
	return out->len > 0;
}

static bool is_dropped(const struct serve_socket *k, const struct datagram *d,
		       const struct view *view)
{
	return k->drop || !view ||
	       (k->ours && serversocks_find(k->ours, &d->from));
}

static void make_answers(struct serving *s, const struct serve_socket *k,
			 const struct view *view, const struct stretch *x)
{
	size_t made = 0, dropped = 0;

	for (size_t i = x->from; i < x->to; i++) {
		if (is_dropped(k, &s->batch.in[i], view)) {
			s->verdicts[i] = SERVER_VERDICTS; /* none */
			dropped++;
			continue;
		}
		made += respond(s, i, view,
				pace_departure(x->pace, x->begun,
					       x->to - x->from, made));
	}
	counter_add(&k->counts->dropped, dropped);
	counter_add(&s->io->dropped, dropped);
}

static tstamp send_answers(struct serving *s, const struct serve_socket *k,
			   const struct stretch *x)
{
	tstamp made = sysclock_wall();
	struct udp_sent done =
		udp_send_answers(k->fd, &s->batch, x->from, x->to);
	tstamp sent = sysclock_wall();

	if (done.sent > 0) {
		pace_learn(x->pace, x->to - x->from,
			   tstamp_diff(made, x->begun), done.sent,
			   tstamp_diff(sent, made));
	}
	counter_add(&k->counts->sent, done.sent);
	counter_add(&s->io->sent, done.sent);
	if (done.failed > 0) {
		counter_add(&k->counts->send_failed, done.failed);
		counter_add(&s->io->send_failed, done.failed);
	}
	return sent;
}

size_t serve_batch(struct serving *s, const struct serve_socket *k,
		   const struct view *view)
{
	struct stretch x = { .to = 0 };
	size_t most;

	s->shard->held = s->departures.held;
	if (udp_receive_batch(k->fd, &s->batch) != 0) {
		departures_collect(&s->departures, k->fd); /* or poll() spins */
		return 0;
	}
	counter_add(&k->counts->received, s->batch.count);
	counter_add(&s->io->received, s->batch.count);
	line_up(s, k, view);
	most = s->batch.count < UDP_BATCH ? STRETCH : STRETCH_BEHIND;
	x.begun = sysclock_wall();
	while (x.to < s->batch.count) {
		x.from = x.to;
		x.to = x.from + most < s->batch.count ? x.from + most
						      : s->batch.count;
		x.pace = pace_each(&s->pace, x.to - x.from);
		make_answers(s, k, view, &x);
		if (!k->group) {
			x.begun = send_answers(s, k, &x);
		}
	}
	if (!k->group) {
		departures_sent(&s->departures, k->fd);
	}
	return s->batch.count;
}
