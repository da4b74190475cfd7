/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/serversock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/net/stamps.h"
#include "host/net/udp.h"
#include "host/serve/groups.h"
#include "host/serve/handon.h"
#include "host/serve/sharing.h"
#include "host/serve/workers.h"

#define FIRST_ROOM 16

void serversocks_init(struct serversocks *ss, struct journal *j, uint16_t port,
		      const struct listen_rules *rules)
{
	*ss = (struct serversocks){ .journal = j,
				    .port = port,
				    .rules = *rules,
				    .loopback = interfaces_loopback() };
}

void serversocks_hear(struct serversocks *ss, const struct config *config)
{
	const struct group_config *g = config->groups;

	ss->broadcasts = config->broadcast_client;
	ss->group_count = 0;
	for (; g && ss->group_count < SERVERSOCK_GROUPS; g = g->next) {
		ss->groups[ss->group_count++] =
			(struct group_wanted){ .addr = g->addr,
					       .finds = g->finds };
	}
}

static void set_reuse(const struct serversocks *ss, int on)
{
	for (size_t i = 0; i < ss->count; i++) {
		const struct serversock *s = &ss->items[i];
		const int *fds = s->shared ? s->shared : &s->fd;

		for (size_t j = 0; j < sharing_sockets(ss, s); j++) {
			(void)setsockopt(fds[j], SOL_SOCKET, SO_REUSEADDR, &on,
					 sizeof(on));
		}
	}
}

static void close_all(const struct serversocks *ss, struct serversock *s)
{
	const int *fds = s->shared ? s->shared : &s->fd;

	if (s->shared && ss->workers) {
		workers_remove(ss->workers, s->number);
	}
	for (size_t j = 0; j < sharing_sockets(ss, s); j++) {
		close(fds[j]);
	}
	free(s->shared);
	s->shared = NULL;
}

void serversocks_close(struct serversocks *ss)
{
	for (size_t i = 0; i < ss->count; i++) {
		close_all(ss, &ss->items[i]);
	}
	free(ss->items);
	ss->items = NULL;
	ss->count = ss->room = 0;
}

static struct serversock *append(struct serversocks *ss)
{
	if (ss->count == ss->room) {
		size_t room = ss->room ? ss->room * 2 : FIRST_ROOM;
		struct serversock *more =
			realloc(ss->items, room * sizeof(*more));

		if (!more) {
			return NULL;
		}
		ss->items = more;
		ss->room = room;
	}
	return &ss->items[ss->count];
}

static void set_up(int fd, const netaddr *addr, unsigned dscp)
{
	udp_serve(fd, addr);
	udp_mark(fd, addr, dscp);
	udp_want_destination(fd, addr, true);
	(void)stamps_receive(fd);
}

int serversock_bind(const netaddr *addr, unsigned dscp, enum bind_how how)
{
	struct sockaddr_storage sa;
	socklen_t size = udp_sockaddr(addr, &sa);
	int fd = udp_open(addr), on = 1;

	if (fd < 0) {
		return fd;
	}
	if (how != BIND_ALONE) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	}
	if (how == BIND_SHARED) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	}
	if (bind(fd, (struct sockaddr *)&sa, size) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	set_up(fd, addr, dscp);
	return fd;
}

static void print_addr(const netaddr *addr, char buf[NETADDR_TEXT])
{
	struct text t = text_over(buf, NETADDR_TEXT);

	netaddr_print(addr, &t);
}

static void print_addr_port(const netaddr *addr, char buf[NETADDR_TEXT])
{
	struct text t = text_over(buf, NETADDR_TEXT);

	netaddr_print_port(addr, &t);
}

/* Of the last life, or a new one; a negative errno: neither. */
static int open_socket(struct serversocks *ss, const struct serversock *wanted,
		       enum bind_how how)
{
	int fd = inherited_take(&ss->inherited, &wanted->addr);

	if (fd < 0) {
		return serversock_bind(&wanted->addr, ss->dscp, how);
	}
	if (ss->notify) { /* it is ours alone again */
		notify_forget(ss->notify, &wanted->addr);
	}
	set_up(fd, &wanted->addr, ss->dscp);
	return fd;
}

/* `s` says what is wanted; 0, or a negative errno. */
static int add(struct serversocks *ss, const struct serversock *wanted,
	       enum bind_how how)
{
	struct serversock *s = append(ss);
	char addr[NETADDR_TEXT];
	int fd = s ? open_socket(ss, wanted, how) : -ENOMEM;

	if (fd < 0) {
		return fd;
	}
	*s = *wanted;
	s->fd = fd;
	s->number = ss->numbered++;
	ss->count++;
	sharing_begin(ss, s);
	print_addr_port(&s->addr, addr);
	journal_say(ss->journal, NOTE_INFO, "Listen %s on %u %s %s",
		    s->drop ? "and drop" : "normally", s->number, s->name,
		    addr);
	return 0;
}

static int reserve_one(struct serversocks *ss, const netaddr *addr,
		       const char *name, instant now)
{
	struct serversock wanted = {
		.addr = *addr, .wildcard = true, .drop = true, .since = now
	};
	char text[NETADDR_TEXT];
	int error;

	wanted.addr.port = ss->port;
	memcpy(wanted.name, name, strlen(name) + 1);
	error = add(ss, &wanted,
		    ss->inherited.count > 0 ? BIND_BESIDE : BIND_ALONE);
	if (error == 0) {
		return 0;
	}
	print_addr(addr, text);
	if (error == -EADDRINUSE) {
		journal_say(ss->journal, NOTE_ERROR,
			    "unable to bind to wildcard address %s - another "
			    "process may be running - EXITING",
			    text);
		return error;
	}
	journal_say(ss->journal, NOTE_NOTICE,
		    "unable to bind to wildcard address %s: %s", text,
		    strerror(-error));
	return 0;
}

int serversocks_reserve(struct serversocks *ss, instant now)
{
	const netaddr v6 = { .port = 0 }, v4 = netaddr_v4(0, 0);
	int error = 0;

	if (listen_rules_wildcard(&ss->rules, FAMILY_V6)) {
		error = reserve_one(ss, &v6, "v6wildcard", now);
	}
	if (error == 0 && listen_rules_wildcard(&ss->rules, FAMILY_V4)) {
		error = reserve_one(ss, &v4, "v4wildcard", now);
	}
	return error;
}

struct serversock *serversocks_bound(struct serversocks *ss,
				     const netaddr *addr)
{
	for (size_t i = 0; ss->items && i < ss->count; i++) {
		if (netaddr_same_host(&ss->items[i].addr, addr) &&
		    ss->items[i].addr.port == addr->port &&
		    !ss->items[i].wildcard) {
			return &ss->items[i];
		}
	}
	return NULL;
}

struct serversock *serversocks_find(struct serversocks *ss, const netaddr *addr)
{
	netaddr usual = *addr;

	usual.port = ss->port;
	return serversocks_bound(ss, &usual);
}

/* The address that the system would send from, or a negative errno. */
static int source_of(const netaddr *to, netaddr *from)
{
	struct sockaddr_storage sa;
	socklen_t size = udp_sockaddr(to, &sa);
	int fd = udp_open(to), error = 0, on = 1;

	if (fd < 0) {
		return fd;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&sa, size) != 0) {
		error = -errno;
	} else {
		size = sizeof(sa);
		if (getsockname(fd, (struct sockaddr *)&sa, &size) != 0 ||
		    !udp_netaddr((struct sockaddr *)&sa, from)) {
			error = -EADDRNOTAVAIL;
		}
	}
	close(fd);
	return error;
}

int serversocks_send(struct serversocks *ss, const netaddr *to,
		     const uint8_t *data, size_t len, struct stamped *left)
{
	netaddr from;
	int error = source_of(to, &from);
	struct serversock *s = error ? NULL : serversocks_find(ss, &from);

	if (!s) {
		return error ? error : -EADDRNOTAVAIL;
	}
	error = left ? stamped_send(s->fd, data, len, to, ss->stamps, left)
		     : udp_send(s->fd, data, len, to);
	s->counts.sent += error == 0;
	return error;
}

struct serversock *serversocks_add(struct serversocks *ss,
				   const struct serversock *wanted)
{
	int error = add(ss, wanted, BIND_BESIDE);
	char text[NETADDR_TEXT];

	/* An IPv6 address that is still being probed comes with a later scan.
	 */
	if (error && error != -EADDRNOTAVAIL) {
		print_addr_port(&wanted->addr, text);
		journal_say(ss->journal, NOTE_ERROR,
			    "unable to create socket on %s for %s: %s",
			    wanted->name, text, strerror(-error));
	}
	return error ? NULL : &ss->items[ss->count - 1];
}

struct socket_counts serversocks_counts(const struct serversocks *ss,
					const struct serversock *s)
{
	struct socket_counts sum = s->counts;

	if (s->shared && ss->workers) {
		workers_socket_counts(ss->workers, s->number, &sum);
	}
	return sum;
}

struct serversock *serversocks_at(struct serversocks *ss, unsigned number)
{
	for (size_t i = 0; i < ss->count; i++) {
		if (ss->items[i].number == number) {
			return &ss->items[i];
		}
	}
	return NULL;
}

/* True: a socket was opened for this address and port. */
static bool visit_port(struct serversocks *ss, const struct local_address *a,
		       uint16_t port, instant now)
{
	enum nic_action action = listen_rules_apply(&ss->rules, a);
	struct serversock *known;
	struct serversock wanted = { .addr = a->addr,
				     .index = a->index,
				     .drop = action == NIC_DROP,
				     .seen = true,
				     .since = now };

	if (action == NIC_IGNORE) {
		return false;
	}
	wanted.addr.port = port;
	known = serversocks_bound(ss, &wanted.addr);
	if (known) {
		known->seen = true;
		return false;
	}
	wanted.broadcast = a->broadcast;
	wanted.prefix = a->prefix;
	wanted.flags = a->flags;
	memcpy(wanted.name, a->name, sizeof(wanted.name));
	return serversocks_add(ss, &wanted) != NULL;
}

/* True: a socket was opened for this address. */
static bool visit(struct serversocks *ss, const struct local_address *a,
		  instant now)
{
	bool opened = visit_port(ss, a, ss->port, now);

	if (ss->extra_port != 0 && ss->extra_port != ss->port) {
		(void)visit_port(ss, a, ss->extra_port, now);
	}
	return opened;
}

static void close_unseen(struct serversocks *ss, instant now)
{
	size_t kept = 0;

	for (size_t i = 0; i < ss->count; i++) {
		struct serversock *s = &ss->items[i];
		char addr[NETADDR_TEXT];

		if (s->wildcard || s->seen) {
			ss->items[kept++] = *s;
			continue;
		}
		struct socket_counts n = serversocks_counts(ss, s);

		print_addr(&s->addr, addr);
		journal_say(ss->journal, NOTE_INFO,
			    "Deleting interface #%u %s, %s#%u, interface "
			    "stats: received=%llu, sent=%llu, dropped=%llu, "
			    "active_time=%lld secs",
			    s->number, s->name, addr, s->addr.port,
			    (unsigned long long)n.received,
			    (unsigned long long)n.sent,
			    (unsigned long long)n.dropped,
			    (long long)(instant_diff(now, s->since).v >> 32));
		close_all(ss, s);
	}
	ss->count = kept;
}

size_t serversocks_scan(struct serversocks *ss, instant now)
{
	size_t count, opened = 0;
	struct local_address *all = interfaces_list(&count);

	if (!all) {
		return 0; /* keep what we have */
	}
	for (size_t i = 0; i < ss->count; i++) {
		ss->items[i].seen = false;
	}
	set_reuse(ss, 1);
	for (size_t i = 0; i < count; i++) {
		opened += visit(ss, &all[i], now);
	}
	groups_scan(ss, all, count, now);
	set_reuse(ss, 0);
	close_unseen(ss, now);
	free(all);
	return opened;
}

void serversock_send(struct serversock *s, const uint8_t *data, size_t len,
		     const netaddr *to, struct io_counts *io)
{
	if (udp_send(s->fd, data, len, to) == 0) {
		s->counts.sent++;
		io->sent++;
	} else {
		s->counts.send_failed++;
		io->send_failed++;
	}
}
