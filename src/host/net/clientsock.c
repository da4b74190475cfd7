/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/clientsock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clock/sysclock.h"
#include "host/net/stamps.h"
#include "host/net/udp.h"

#define STAMP_PATIENCE_MS 5 /* a stamp that takes longer does not come */
#define FIRST_ROOM 16

void clientsocks_init(struct clientsocks *cs, unsigned dscp)
{
	*cs = (struct clientsocks){ .dscp = dscp };
}

static void release(struct clientsock *s)
{
	if (s->fd >= 0) {
		close(s->fd);
	}
	s->fd = -1;
}

void clientsocks_free(struct clientsocks *cs)
{
	for (size_t i = 0; i < cs->count; i++) {
		release(&cs->items[i]);
	}
	free(cs->items);
	clientsocks_init(cs, cs->dscp);
}

static bool same_source(source_id a, source_id b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

void clientsocks_close(struct clientsocks *cs, source_id source)
{
	for (size_t i = 0; i < cs->count; i++) {
		if (same_source(cs->items[i].source, source)) {
			release(&cs->items[i]);
			cs->items[i] = cs->items[--cs->count];
			return;
		}
	}
}

struct clientsock *clientsocks_find(struct clientsocks *cs, uint64_t serial)
{
	for (size_t i = 0; i < cs->count; i++) {
		if (cs->items[i].serial == serial) {
			return &cs->items[i];
		}
	}
	return NULL;
}

static struct clientsock *append(struct clientsocks *cs)
{
	if (cs->count == cs->room) {
		size_t room = cs->room ? cs->room * 2 : FIRST_ROOM;
		struct clientsock *more =
			realloc(cs->items, room * sizeof(*more));

		if (!more) {
			return NULL;
		}
		cs->items = more;
		cs->room = room;
	}
	return &cs->items[cs->count++];
}

/* A new socket to `to`, or a negative errno; *stamps: will one come? */
static int open_to(const netaddr *to, unsigned dscp, bool *stamps)
{
	struct sockaddr_storage sa;
	socklen_t size = udp_sockaddr(to, &sa);
	int fd = udp_open(to);

	if (fd < 0) {
		return fd;
	}
	udp_mark(fd, to, dscp);
	udp_want_fragments(fd, to);
	*stamps = stamps_both(fd);
	if (connect(fd, (struct sockaddr *)&sa, size) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static void note_local(struct clientsock *s)
{
	struct sockaddr_storage sa;
	socklen_t size = sizeof(sa);

	if (getsockname(s->fd, (struct sockaddr *)&sa, &size) != 0 ||
	    !udp_netaddr((struct sockaddr *)&sa, &s->local)) {
		s->local = (netaddr){ .port = 0 };
	}
}

/* False: nothing left this machine. */
static bool ask(struct clientsock *s, unsigned dscp, const netaddr *to,
		const uint8_t *data, size_t len)
{
	bool stamps = false;

	s->fd = open_to(to, dscp, &stamps);
	if (s->fd < 0) {
		return false;
	}
	note_local(s);
	struct moment before = sysclock_read();

	s->sent = before.wall;
	s->limit = instant_add(before.now,
			       stamps ? SPAN_MS(STAMP_PATIENCE_MS) : SPAN_ZERO);
	return send(s->fd, data, len, 0) == (ssize_t)len;
}

/* NULL without memory: the engine hears nothing, and a poll is missed. */
static struct clientsock *begin(struct clientsocks *cs,
				const struct clientsock *request)
{
	struct clientsock *s;

	clientsocks_close(cs, request->source);
	s = append(cs);
	if (s) {
		*s = (struct clientsock){ .source = request->source,
					  .exchange = request->exchange,
					  .fd = -1,
					  .serial = ++cs->serial };
	}
	return s;
}

void clientsocks_note(struct clientsocks *cs, const struct clientsock *request,
		      bool left, const struct stamped *sent)
{
	struct clientsock *s = begin(cs, request);

	if (s) {
		s->sent = sent->at.wall;
		s->origin = sent->origin;
		s->limit = sent->at.now;
		s->owes_sent = left;
		s->failed = !left;
	}
}

int clientsocks_open(struct clientsocks *cs, const struct clientsock *request,
		     const netaddr *to)
{
	struct clientsock *s = begin(cs, request);

	if (!s) {
		return -ENOMEM;
	}
	s->fd = udp_open(to);
	if (s->fd >= 0) {
		udp_mark(s->fd, to, cs->dscp);
		udp_want_fragments(s->fd, to);
		(void)stamps_receive(s->fd);
	}
	return s->fd;
}

void clientsocks_send(struct clientsocks *cs, const struct clientsock *request,
		      const netaddr *to, const uint8_t *data, size_t len)
{
	struct clientsock *s = begin(cs, request);

	if (!s) {
		return;
	}
	if (ask(s, cs->dscp, to, data, len)) {
		s->owes_sent = true;
	} else {
		release(s);
		s->failed = true;
	}
}

static bool told_sent(struct clientsock *s, struct event *ev, tstamp at,
		      enum stamp_origin origin)
{
	s->owes_sent = false;
	ev->kind = EVENT_SENT;
	ev->source = s->source;
	ev->sent.exchange = s->exchange;
	ev->sent.at = at;
	ev->sent.origin = origin;
	return true;
}

static bool told_failed(struct clientsock *s, struct event *ev)
{
	s->failed = false;
	ev->kind = EVENT_FAILED;
	ev->source = s->source;
	ev->failed.exchange = s->exchange;
	return true;
}

bool clientsock_give_up(struct clientsock *s, struct event *ev)
{
	return s->owes_sent && told_sent(s, ev, s->sent, s->origin);
}

bool clientsock_error(struct clientsock *s, struct event *ev)
{
	tstamp at;
	int error = 0;
	socklen_t size = sizeof(error);

	if (stamps_sent(s->fd, &at)) {
		return s->owes_sent && told_sent(s, ev, at, STAMP_KERNEL);
	}
	/* Not a stamp: ICMP, perhaps forged. Read it, or poll() never rests. */
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
	    error == 0 || error == ENOMSG) {
		return false;
	}
	return told_failed(s, ev);
}

bool clientsocks_due(struct clientsocks *cs, instant now, struct event *ev,
		     instant *wake)
{
	for (size_t i = 0; i < cs->count; i++) {
		struct clientsock *s = &cs->items[i];

		if (s->failed) {
			return told_failed(s, ev);
		}
		if (!s->owes_sent) {
			continue;
		}
		if (instant_diff(s->limit, now).v <= 0) {
			return clientsock_give_up(s, ev);
		}
		if (instant_diff(*wake, s->limit).v > 0) {
			*wake = s->limit;
		}
	}
	return false;
}
