/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify.h - tells who supervises us how we are: lines in a datagram to the
 * unix socket that NOTIFY_SOCKET names, as systemd and others read them.
 *
 * Where nobody asked for it, all of this does nothing.
 */
#ifndef HOST_NOTIFY_H
#define HOST_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "core/serve/view.h"

#define NOTIFY_LINE 256

struct notify {
	int fd; /* connected; -1: nobody wants to know */
	struct sockaddr_un to;
	socklen_t to_len;
	bool serving; /* as long as we do, it is never waited for */
	bool stuck;   /* it does not read: nor is it until then */
	span life;    /* between two signs of life; 0: none are wanted */
	instant next; /* when the next is due */
	netaddr lead; /* whom the engine follows; none: it has not said */
	char status[NOTIFY_LINE]; /* as it was told last */
};

void notify_init(struct notify *n);
/* By the environment, while we may write to that socket. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

void notify_ready(struct notify *n);
/* Files are read again, from now until the next notify_ready(). */
void notify_reloading(struct notify *n);
void notify_stopping(struct notify *n);

/* The engine follows this host. */
void notify_lead(struct notify *n, const netaddr *addr);
/* What ntpstat would say of this view, if that is new. */
void notify_view(struct notify *n, const struct view *view);

/* A sign of life, when it is due; when the next is, or `wake` if earlier. */
instant notify_alive(struct notify *n, instant now, instant wake);

/*
 * Has a duplicate of the socket kept for our next life, under a name that its
 * address makes; and no longer.
 */
void notify_store(struct notify *n, int fd, const netaddr *addr);
void notify_forget(struct notify *n, const netaddr *addr);
/* Likewise, one that came to us under this name. */
void notify_forget_name(struct notify *n, const char *name);

#endif
