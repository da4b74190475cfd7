/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/inquiry.h"

#include <stdlib.h>

#include "core/control/lists.h"
#include "core/hostfacts.h"
#include "core/serve/clients.h"
#include "host/reload.h"

#define LINK_LOCAL_BITS 10
#define COUNT_MS 20

/*
 * From a network that the asked interface is on. Who is routed to us with such
 * a source came in over another interface, and is not.
 */
static bool is_attached(const struct loop *l, const struct asker *asker)
{
	const netaddr *from = &asker->from;
	static const netaddr link_local = { .ip = { 0xfe, 0x80 } };

	if (netaddr_in_prefix(from, &link_local, LINK_LOCAL_BITS)) {
		return true;
	}
	for (size_t i = 0; i < l->servers.count; i++) {
		const struct serversock *s = &l->servers.items[i];

		if (!s->wildcard && !s->group && s->prefix > 0 &&
		    (asker->interface == 0 || s->index == 0 ||
		     s->index == asker->interface) &&
		    netaddr_in_prefix(from, &s->addr, s->prefix)) {
			return true;
		}
	}
	return false;
}

/*
 * Their numbers change with every request, so who serves is stopped for a
 * moment; but not for every question of a storm.
 */
static struct mru_counts count_clients(struct loop *l)
{
	struct moment m = sysclock_read();
	span since = instant_diff(m.now, l->clients_counted_at);

	if (!l->workers) {
		return clients_counts(l->limits.shards, l->limits.count,
				      m.wall);
	}
	if (span_cmp(since, SPAN_MS(COUNT_MS)) >= 0) {
		workers_hold(l->workers);
		l->clients_counted = clients_counts(l->limits.shards,
						    l->limits.count, m.wall);
		workers_release(l->workers);
		l->clients_counted_at = m.now;
	}
	return l->clients_counted;
}

/* A client is in the list of the thread that would have answered him. */
void inquiry_samples(struct loop *l)
{
	size_t first = l->workers ? 1 : 0;

	if (l->workers) {
		workers_hold(l->workers);
	}
	xdp_remember(&l->xdp, &l->servers.spread, &l->limits.shards[first]);
	if (l->workers) {
		workers_release(l->workers);
	}
}

void inquiry_deliver(struct loop *l, const struct asker *asker,
		     const uint8_t *data, size_t len)
{
	struct event ev = { .kind = EVENT_CONTROL };
	struct host_facts facts = { .io = l->io, .fast = xdp_counts(&l->xdp) };
	struct server_shard sum;

	sysclock_kernel(&facts.kernel);
	facts.lists_clients = l->limits.memory.clients != NULL;
	facts.clients = count_clients(l);
	/* What the threads have on top of it only evens out chance. */
	facts.clients.room = l->limits.room;
	if (l->workers) {
		workers_io(l->workers, &facts.io);
	}
	limits_sum(&l->limits, &sum);
	if (asker->connection) {
		ev.control.may_modify = asker->connection->owner;
	} else {
		ev.control.from = asker->from;
		ev.control.attached = is_attached(l, asker);
	}
	ev.control.data = data;
	ev.control.len = len;
	xdp_count(&l->xdp, &sum);
	ev.control.shards = &sum;
	ev.control.shard_count = 1;
	ev.control.facts = &facts;
	l->asker = *asker;
	loop_deliver(l, &ev);
	reload_wished(l);
	l->asker = (struct asker){ .socket = NULL };
}

static struct socket_report report(const struct loop *l,
				   const struct serversock *s, instant now)
{
	struct socket_counts n = serversocks_counts(&l->servers, s);
	struct socket_report r = {
		.name = s->name,
		.addr = s->addr,
		.broadcast = s->broadcast,
		.enabled = !s->drop,
		.flags = s->flags | (s->wildcard ? SOCKET_WILDCARD : 0),
		.received = n.received,
		.sent = n.sent,
		.send_failed = n.send_failed,
	};
	span up = instant_diff(now, s->since);

	r.uptime_s = up.v > 0 ? (uint64_t)up.v >> 32 : 0;
	if (!netaddr_is_none(&s->broadcast)) {
		r.broadcast.port = s->addr.port;
	}
	if (!s->wildcard) {
		r.peers = engine_peers_at(l->engine, &s->addr);
	}
	return r;
}

void inquiry_list(struct loop *l, const struct effect *e)
{
	struct moment m = sysclock_read();
	size_t count = e->list.kind == LIST_SOCKETS ? l->servers.count : 0;
	struct socket_report *all = calloc(count + 1, sizeof(*all));
	struct listables have = {
		.now = m.wall,
		.access = l->view.access,
		.shards = l->limits.shards,
		.shard_count = l->limits.count,
		.sockets = all,
		.socket_count = all ? count : 0,
	};

	have.signer.word = e->list.word;
	have.signer.counts = &l->limits.shards[0].keys;
	have.signer.key =
		keyring_find(l->view.keys, e->list.key, KEY_FOR_CONTROL,
			     &l->asker.from, &l->limits.shards[0].keys);
	for (size_t i = 0; i < have.socket_count; i++) {
		all[i] = report(l, &l->servers.items[i], m.now);
	}
	if (l->workers) {
		workers_hold(l->workers);
	}
	inquiry_samples(l);
	xdp_hits(&l->xdp, &l->limits.shards[0]);
	lists_answer(e, &have, l->outbox);
	if (l->workers) {
		workers_release(l->workers);
	}
	free(all);
}
