/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clientsock.h - the sockets of our own requests.
 *
 * Each request has a fresh socket, connected to the server that it asks, with
 * a port that the kernel draws (A7). The socket is closed when the engine says
 * so or when the source asks again. A transmit stamp from the kernel is waited
 * for, but only as long as nothing else is lost by it.
 */
#ifndef HOST_CLIENTSOCK_H
#define HOST_CLIENTSOCK_H

#include "core/event.h"
#include "host/net/stamped.h"

struct clientsock {
	source_id source;
	int fd;
	uint64_t serial; /* tells sockets apart whose fd is the same */
	uint16_t exchange;
	netaddr local;
	tstamp sent; /* by our own reading, or what is better: */
	enum stamp_origin origin;
	instant limit;  /* when to stop waiting for the kernel's stamp */
	bool owes_sent; /* EVENT_SENT has not been told */
	bool failed;    /* EVENT_FAILED has not been told; there is no socket */
};

struct clientsocks {
	struct clientsock *items;
	size_t count, room;
	uint64_t serial;
	unsigned dscp; /* of what is sent */
};

void clientsocks_init(struct clientsocks *cs, unsigned dscp);
void clientsocks_free(struct clientsocks *cs);

/* Never fails outright: a request that could not be sent becomes `failed`. */
void clientsocks_send(struct clientsocks *cs, const struct clientsock *request,
		      const netaddr *to, const uint8_t *data, size_t len);
/* A socket for a request to many, connected to none; or a negative errno. */
MUST_USE int clientsocks_open(struct clientsocks *cs,
			      const struct clientsock *request,
			      const netaddr *to);
/* A request left by another socket, at `sent`; or it could not. */
void clientsocks_note(struct clientsocks *cs, const struct clientsock *request,
		      bool left, const struct stamped *sent);
void clientsocks_close(struct clientsocks *cs, source_id source);
/* NULL when that socket has been closed meanwhile. */
struct clientsock *clientsocks_find(struct clientsocks *cs, uint64_t serial);

/* The next event that needs no poll(): a failure, or a stamp given up. */
MUST_USE bool clientsocks_due(struct clientsocks *cs, instant now,
			      struct event *ev, instant *wake);
/* poll() said that the error queue has something. True: it is an event. */
MUST_USE bool clientsock_error(struct clientsock *s, struct event *ev);
/* Gives up waiting for the kernel's stamp. True: it is an event. */
MUST_USE bool clientsock_give_up(struct clientsock *s, struct event *ev);

#endif
