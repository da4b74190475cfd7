/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve.h"

#include <string.h>

#include "base/counter.h"
#include "host/sysclock.h"

void serve_init(struct serving *s, size_t most)
{
	memset(s, 0, sizeof(*s));
	s->loopback = interfaces_loopback();
	udp_batch_init(&s->batch, most);
	departures_init(&s->departures, most > 1);
}

void serve_end(struct serving *s)
{
	departures_end(&s->departures);
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

static void respond(struct serving *s, size_t i, const struct view *view)
{
	struct udp_answer *out = &s->batch.out[i];
	struct writer w = writer_over(out->data, sizeof(out->data));

	s->verdicts[i] = server_respond(view, s->shard, &s->requests[i],
					sysclock_wall(), &w);
	counter_up(&s->shard->verdicts[s->verdicts[i]]);
	out->len = (size_t)(w.at - out->data);
	departures_expect(&s->departures, out);
}

static bool is_dropped(const struct serve_socket *k, const struct datagram *d,
		       const struct view *view)
{
	return k->drop || !view ||
	       (k->ours && serversocks_find(k->ours, &d->from));
}

static void count_sent(struct serving *s, const struct serve_socket *k)
{
	struct udp_sent done = udp_send_batch(k->fd, &s->batch);

	counter_add(&k->counts->sent, done.sent);
	counter_add(&s->io->sent, done.sent);
	if (done.failed > 0) {
		counter_add(&k->counts->send_failed, done.failed);
		counter_add(&s->io->send_failed, done.failed);
	}
	departures_sent(&s->departures, k->fd);
}

size_t serve_batch(struct serving *s, const struct serve_socket *k,
		   const struct view *view)
{
	size_t count, dropped = 0;

	s->shard->held = s->departures.held;
	if (udp_receive_batch(k->fd, &s->batch) != 0) {
		departures_collect(&s->departures, k->fd); /* or poll() spins */
		return 0;
	}
	count = s->batch.count;
	counter_add(&k->counts->received, count);
	counter_add(&s->io->received, count);
	line_up(s, k, view);
	for (size_t i = 0; i < count; i++) {
		if (is_dropped(k, &s->batch.in[i], view)) {
			s->verdicts[i] = SERVER_VERDICTS; /* none */
			dropped++;
		} else {
			respond(s, i, view);
		}
	}
	counter_add(&k->counts->dropped, dropped);
	counter_add(&s->io->dropped, dropped);
	if (!k->group) {
		count_sent(s, k);
	}
	return count;
}
