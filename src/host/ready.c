/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/ready.h"

#include <poll.h>
#include <stdlib.h>

#include "host/inquiry.h"
#include "host/net/netwatch.h"
#include "host/net/resolvwatch.h"
#include "host/net/stamps.h"
#include "host/net/udp.h"
#include "host/reload.h"
#include "host/serve/serve.h"
#include "host/system/signals.h"

#define NO_MEMORY_MS 1000
#define SETTLE_MS 100 /* news about addresses come in flocks */

void ready_free(struct ready *r)
{
	free(r->fds);
	free(r->serials);
	*r = (struct ready){ .room = 0 };
}

static void deliver_packet(struct loop *l, struct clientsock *s)
{
	struct datagram d;
	struct event ev = { .kind = EVENT_PACKET, .source = s->source };
	struct event sent = { .kind = EVENT_SENT };
	uint64_t serial = s->serial;

	ev.packet.local = s->local;
	if (udp_receive(s->fd, &d) != 0) {
		return;
	}
	l->io.received++;
	if (d.truncated || d.fragmented) {
		return;
	}
	/* The answer outran the stamp of its request. */
	if (clientsock_give_up(s, &sent)) {
		loop_deliver(l, &sent);
		if (!clientsocks_find(&l->clients, serial)) {
			return;
		}
	}
	ev.packet.from = d.from;
	ev.packet.at = d.stamped ? d.at : sysclock_wall();
	ev.packet.origin = d.stamped ? STAMP_KERNEL : STAMP_DAEMON;
	ev.packet.data = d.data;
	ev.packet.len = d.len;
	loop_deliver(l, &ev);
}

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

static void pass_control(struct loop *l, struct serversock *s,
			 const struct datagram *d)
{
	const struct asker asker = { .socket = s,
				     .from = d->from,
				     .interface = d->interface };

	inquiry_deliver(l, &asker, d->data, d->len);
}

static void pass_to_samba(struct loop *l, const struct serversock *s,
			  const struct datagram *d)
{
	const struct request req = { .data = d->data,
				     .len = d->len,
				     .from = d->from,
				     .to = s->addr,
				     .received = d->at };
	uint8_t answer[PACKET_LEN];
	struct writer w = writer_over(answer, sizeof(answer));
	struct moment m = sysclock_read();

	server_put_unsigned(&l->view, &req, m.wall, &w);
	signd_ask(&l->signd, &req, answer, m.now);
}

static void pass(struct loop *l, struct serversock *s,
		 enum server_verdict verdict, const struct datagram *d)
{
	if (verdict == SERVER_CONTROL) {
		pass_control(l, s, d);
	} else if (verdict == SERVER_PEER) {
		pass_peer(l, s, d);
	} else if (verdict == SERVER_SIGN) {
		pass_to_samba(l, s, d);
	}
}

static void samba_ready(struct loop *l)
{
	uint8_t packet[SIGND_SIGNED];
	struct signd_job job;

	while (signd_take(&l->signd, sysclock_read().now, &job, packet)) {
		struct serversock *s = serversocks_bound(&l->servers, &job.to);

		if (s) {
			serversock_send(s, packet, sizeof(packet), &job.from,
					&l->io);
		}
	}
}

/* From an address of ours (F14); a group is none. */
static void answer_call(struct loop *l, struct serversock *s,
			const struct udp_answer *a, const netaddr *to)
{
	if (serversocks_send(&l->servers, to, a->data, a->len, NULL) != 0) {
		s->counts.send_failed++;
		l->io.send_failed++;
	} else {
		s->counts.sent++;
		l->io.sent++;
	}
}

static void server_ready(struct loop *l, struct serversock *s)
{
	const struct serve_socket k = { .fd = s->fd,
					.addr = s->addr,
					.group = s->group,
					.heard = s->heard,
					.finds = s->finds,
					.drop = s->drop,
					.counts = &s->counts,
					.ours = s->group ? &l->servers : NULL };
	struct serving *serving = l->serving;
	size_t count =
		serve_batch(serving, &k, l->view_known ? &l->view : NULL);

	for (size_t i = 0; i < count; i++) {
		const struct datagram *d = &serving->batch.in[i];

		if (serve_is_for_loop(serving->verdicts[i])) {
			pass(l, s, serving->verdicts[i], d);
		} else if (s->group && serving->batch.out[i].len > 0) {
			answer_call(l, s, &serving->batch.out[i], &d->from);
		}
	}
}

static void client_ready(struct loop *l, uint64_t serial, short revents)
{
	struct clientsock *s = clientsocks_find(&l->clients, serial);
	struct event ev = { .kind = EVENT_SENT };

	if (s && s->fd >= 0 && (revents & (POLLERR | STAMPS_POLL)) &&
	    clientsock_error(s, &ev)) {
		loop_deliver(l, &ev);
		s = clientsocks_find(&l->clients, serial);
	}
	if (s && s->fd >= 0 && (revents & POLLIN)) {
		deliver_packet(l, s);
	}
}

static void connection_ready(struct loop *l, int fd)
{
	uint8_t data[CTLSOCK_REQUEST];
	struct ctl_connection *k = ctlsock_find(&l->control, fd);
	ssize_t len = k ? ctlsock_read(&l->control, k, data) : -1;
	if (len >= 0) {
		const struct asker asker = { .connection = k };

		inquiry_deliver(l, &asker, data, (size_t)len);
	}
}

static void network_ready(struct loop *l, bool worth)
{
	if (worth) {
		l->network_changed = true;
		loop_plan_rescan(l, instant_add(sysclock_read().now,
						SPAN_MS(SETTLE_MS)));
	}
}

/* What workers had for us. */
static void handed_ready(struct loop *l)
{
	const struct handed *h;

	while ((h = workers_next(l->workers))) {
		struct serversock *s = serversocks_at(&l->servers, h->socket);

		if (s) {
			pass(l, s, h->verdict, &h->datagram);
		}
		workers_done(l->workers);
	}
}

/* How the list for poll() is laid out, in this order. */
struct layout {
	size_t clients, servers, helpers, control, total;
};

static bool make_room(struct loop *l)
{
	struct ready *r = &l->ready;
	size_t room = l->clients.count + l->servers.count + RESOLVER_HELPERS +
		      CTLSOCK_FDS + 6;
	struct pollfd *fds;
	uint64_t *serials;

	if (room <= r->room) {
		return true;
	}
	fds = realloc(r->fds, room * sizeof(*fds));
	if (fds) {
		r->fds = fds;
	}
	serials = realloc(r->serials, room * sizeof(*serials));
	if (serials) {
		r->serials = serials;
	}
	if (!fds || !serials) {
		return false;
	}
	r->room = room;
	return true;
}

static struct layout list_fds(struct loop *l)
{
	struct layout at = { .clients = l->clients.count };
	struct pollfd *p = l->ready.fds;

	for (size_t i = 0; i < l->clients.count; i++) {
		l->ready.serials[i] = l->clients.items[i].serial;
		*p++ = (struct pollfd){ l->clients.items[i].fd,
					POLLIN | STAMPS_POLL, 0 };
	}
	at.servers = l->servers.count;
	for (size_t i = 0; i < l->servers.count; i++) {
		const struct serversock *s = &l->servers.items[i];

		/* What workers serve is passed over: it stays in its place. */
		*p++ = (struct pollfd){ s->shared ? -1 : s->fd, POLLIN, 0 };
	}
	at.helpers = resolver_poll(&l->resolver, p);
	p += at.helpers;
	at.control = ctlsock_poll(&l->control, p);
	p += at.control;
	if (l->wake_fd >= 0) {
		*p++ = (struct pollfd){ l->wake_fd, POLLIN, 0 };
	}
	if (l->network_fd >= 0) {
		*p++ = (struct pollfd){ l->network_fd, POLLIN, 0 };
	}
	if (l->resolv_fd >= 0) {
		*p++ = (struct pollfd){ l->resolv_fd, POLLIN, 0 };
	}
	if (l->signd.fd >= 0) {
		*p++ = (struct pollfd){ l->signd.fd, POLLIN, 0 };
	}
	if (xdp_fd(&l->xdp) >= 0) {
		*p++ = (struct pollfd){ xdp_fd(&l->xdp), POLLIN, 0 };
	}
	if (l->workers) {
		*p++ = (struct pollfd){ workers_handed_fd(l->workers), POLLIN,
					0 };
	}
	at.total = (size_t)(p - l->ready.fds);
	return at;
}

static void handle_ready(struct loop *l, const struct layout *at)
{
	const struct pollfd *p = l->ready.fds, *end = p + at->total;

	for (size_t i = 0; i < at->clients; i++, p++) {
		if (p->revents) {
			client_ready(l, l->ready.serials[i], p->revents);
		}
	}
	for (size_t i = 0; i < at->servers; i++, p++) {
		if (p->revents) {
			server_ready(l, &l->servers.items[i]);
		}
	}
	p += at->helpers; /* their answers are taken in with the deadlines */
	for (size_t i = 0; i < at->control; i++, p++) {
		if (p->revents && p->fd == l->control.fd) {
			ctlsock_accept(&l->control);
		} else if (p->revents) {
			connection_ready(l, p->fd);
		}
	}
	for (; p < end; p++) {
		if (p->revents && p->fd == l->wake_fd) {
			signals_drain(l->wake_fd);
		} else if (p->revents && l->workers &&
			   p->fd == workers_handed_fd(l->workers)) {
			handed_ready(l);
		} else if (p->revents && p->fd == l->network_fd) {
			network_ready(l, netwatch_read(p->fd));
		} else if (p->revents && p->fd == l->resolv_fd) {
			network_ready(
				l, resolvwatch_read(p->fd, RESOLVWATCH_PATH));
		} else if (p->revents && p->fd == xdp_fd(&l->xdp)) {
			inquiry_samples(l);
		} else if (p->revents && p->fd == l->signd.fd) {
			samba_ready(l);
		}
	}
}

/* Whole milliseconds, never early: an early poll() would spin. */
static int timeout_ms(instant wake)
{
	span left = instant_diff(wake, sysclock_read().now);

	return left.v <= 0 ? 0 : (int)((span_to_ns(left) + 999999) / 1000000);
}

void ready_wait(struct loop *l, instant wake)
{
	struct layout at;

	if (!make_room(l)) {
		(void)poll(NULL, 0, NO_MEMORY_MS); /* it may come back */
		return;
	}
	at = list_fds(l);
	int ready = poll(l->ready.fds, at.total, timeout_ms(wake));

	l->io.wakeups++;
	if (ready > 0) {
		l->io.good_wakeups++;
		handle_ready(l, &at);
	}
}
