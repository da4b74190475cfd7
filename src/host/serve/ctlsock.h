/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctlsock.h - control requests (mode 6) over a unix socket: the kernel says
 * who asks (I1).
 *
 * One request or answer is one message. A few connections at most, each small
 * and none ever waited for: who does not read his answers is cut off (I5).
 */
#ifndef HOST_CTLSOCK_H
#define HOST_CTLSOCK_H

#include <poll.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/compiler.h"

#define CTLSOCK_PATH "/run/truechimer/ctl"
#define CTLSOCK_CONNECTIONS 16
#define CTLSOCK_REQUEST 4096
#define CTLSOCK_DIR sizeof(((struct sockaddr_un *)0)->sun_path)
#define CTLSOCK_QUEUE (256 << 10) /* answers that wait for a slow reader */

struct ctl_connection {
	int fd;        /* -1: free */
	uint64_t used; /* orders them by their last request */
	uid_t uid;     /* for the log */
	bool owner;    /* root, or of the socket's group: may modify */
};

struct ctlsock {
	int fd, dir; /* -1: none; `dir` is where the socket is */
	char name[CTLSOCK_DIR];
	gid_t gid; /* whose the socket is */
	uint64_t requests;
	struct ctl_connection connections[CTLSOCK_CONNECTIONS];
};

void ctlsock_init(struct ctlsock *c);
/*
 * Makes the socket, and its directory when that is missing, for root and the
 * group `gid`. Negative errno: there is none, and that is survived.
 */
MUST_USE int ctlsock_open(struct ctlsock *c, const char *path, gid_t gid);
void ctlsock_close(struct ctlsock *c);

#define CTLSOCK_FDS (CTLSOCK_CONNECTIONS + 1)
/* Fills one entry for the listener and one per connection. */
size_t ctlsock_poll(const struct ctlsock *c, struct pollfd fds[CTLSOCK_FDS]);

void ctlsock_accept(struct ctlsock *c);
/* The connection that has this descriptor, or NULL. */
struct ctl_connection *ctlsock_find(struct ctlsock *c, int fd);
/* The length of one request; -1: there is none (and perhaps nobody more). */
MUST_USE ssize_t ctlsock_read(struct ctlsock *c, struct ctl_connection *from,
			      uint8_t data[CTLSOCK_REQUEST]);
void ctlsock_answer(struct ctl_connection *to, const uint8_t *data, size_t len);

#endif
