/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve.h"

#include "host/inquiry.h"
#include "host/udp.h"

/* It is of an association of ours. */
static void pass_peer(struct loop *l, const struct serversock *s,
		      const struct datagram *d)
{
	struct event ev = { .kind = EVENT_PEER };

	ev.packet.at = d->at;
	ev.packet.origin = d->stamped ? STAMP_KERNEL : STAMP_DAEMON;
	ev.packet.local = s->addr;
	ev.packet.from = d->from;
	ev.packet.data = d->data;
	ev.packet.len = d->len;
	loop_deliver(l, &ev);
}

/* From the address that was asked (F14); a group is none. */
static void reply(struct loop *l, struct serversock *s, const uint8_t *answer,
		  size_t len, const netaddr *to)
{
	struct moment sent;

	if (s->group &&
	    serversocks_send(&l->servers, to, answer, len, &sent) != 0) {
		s->send_failed++;
		l->io.send_failed++;
	} else if (s->group) {
		s->sent++;
		l->io.sent++;
	} else {
		serversock_send(s, answer, len, to, &l->io);
	}
}

static void serve_one(struct loop *l, struct serversock *s,
		      const struct datagram *d)
{
	uint8_t answer[UDP_BUFFER];
	struct writer w = writer_over(answer, sizeof(answer));
	struct request req = { .heard = s->heard,
			       .called = s->finds,
			       .group = s->group,
			       .data = d->data,
			       .len = d->len,
			       .from = d->from,
			       .to = s->addr,
			       .truncated = d->truncated,
			       .received = d->at };
	enum server_verdict verdict;
	size_t len;

	/* Who cannot say over which interface it came has no loopback spoofs:
	 * the socket is bound to the address. */
	req.by_loopback = d->interface == 0 || l->servers.loopback == 0
				  ? netaddr_is_loopback(&s->addr)
				  : d->interface == l->servers.loopback;
	verdict =
		server_respond(&l->view, &l->shard, &req, sysclock_wall(), &w);
	l->shard.verdicts[verdict]++;
	len = (size_t)(w.at - answer);
	if (verdict == SERVER_CONTROL) {
		const struct asker asker = { .socket = s,
					     .from = d->from,
					     .interface = d->interface };

		inquiry_deliver(l, &asker, d->data, d->len);
	} else if (verdict == SERVER_PEER) {
		pass_peer(l, s, d);
	} else if (len > 0) {
		reply(l, s, answer, len, &d->from);
	}
}

void serve_ready(struct loop *l, struct serversock *s, unsigned most)
{
	struct datagram d;

	for (unsigned i = 0; i < most; i++) {
		if (udp_receive(s->fd, &d) != 0) {
			return;
		}
		s->received++;
		l->io.received++;
		if (s->drop || !l->view_known ||
		    (s->group && serversocks_find(&l->servers, &d.from))) {
			s->dropped++;
			l->io.dropped++;
			continue;
		}
		if (!d.stamped) {
			d.at = sysclock_wall();
		}
		serve_one(l, s, &d);
	}
}
