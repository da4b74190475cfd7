/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/inherited.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clock/sysclock.h"
#include "host/net/stamps.h"
#include "host/net/udp.h"

#define FIRST_FD 3
#define MOST 65536 /* descriptors, or somebody made the number up */
#define CONTROL_ROOM 512
#define WAITING 65536 /* datagrams, more than one can hold */

static bool number(const char *name, uint64_t *value)
{
	const char *text = getenv(name);

	return text && text_to_u64(text, strlen(text), value);
}

static int option(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value
								    : -1;
}

/* False: of its kind we have none. */
static bool look(int fd, netaddr *addr)
{
	struct sockaddr_storage sa;
	socklen_t size = sizeof(sa);

	if (option(fd, SO_TYPE) != SOCK_DGRAM ||
	    getpeername(fd, (struct sockaddr *)&sa, &size) == 0) {
		return false;
	}
	size = sizeof(sa);
	return getsockname(fd, (struct sockaddr *)&sa, &size) == 0 &&
	       udp_netaddr((struct sockaddr *)&sa, addr) && addr->port != 0;
}

/* When the first that waits came; false: none waits, or nobody knows. */
static bool first_at(int fd, bool *waits, tstamp *at)
{
	union {
		char room[CONTROL_ROOM];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	bool stamped = false;

	*waits = recvmsg(fd, &msg, MSG_PEEK | MSG_DONTWAIT) >= 0;
	for (struct cmsghdr *c = *waits ? CMSG_FIRSTHDR(&msg) : NULL; c;
	     c = CMSG_NXTHDR(&msg, c)) {
		stamped |= stamps_read(c, at);
	}
	return stamped;
}

/*
 * Throws away what cannot be answered well any more. What was not stamped when
 * it came never can.
 */
static void sift(int fd)
{
	const span patience = SPAN_S(INHERITED_PATIENCE_S);

	for (unsigned i = 0; i < WAITING; i++) {
		bool waits, stamped;
		tstamp at;

		stamped = first_at(fd, &waits, &at);
		if (stamped) {
			span age = tstamp_diff(sysclock_wall(), at);

			if (span_cmp(age, patience) <= 0 &&
			    span_cmp(age, SPAN_S(-1)) >= 0) {
				return;
			}
		}
		if (!waits || recv(fd, NULL, 0, MSG_DONTWAIT) < 0) {
			return;
		}
	}
}

static void keep(struct inherited *in, int fd, const char *name, size_t len)
{
	struct inherited_socket *s = &in->items[in->count++];
	const int on = 1, off = 0;

	*s = (struct inherited_socket){ .fd = fd };
	if (len < sizeof(s->name)) {
		memcpy(s->name, name, len);
	}
	fd_prepare(fd);
	/* As ours are while others are being bound: see serversock.h. Also of
	 * what we close: who keeps it may let go late. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &off, sizeof(off));
	if (!look(fd, &s->addr)) {
		s->addr = (netaddr){ .port = 0 };
		return;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off));
	(void)stamps_receive(fd);
	sift(fd);
}

void inherited_open(struct inherited *in)
{
	const char *names = getenv("LISTEN_FDNAMES");
	uint64_t pid, count;

	*in = (struct inherited){ .count = 0 };
	if (!number("LISTEN_PID", &pid) || pid != (uint64_t)getpid() ||
	    !number("LISTEN_FDS", &count) || count == 0 || count > MOST) {
		return;
	}
	in->items = calloc((size_t)count, sizeof(*in->items));
	for (int i = 0; i < (int)count; i++) {
		size_t len = names ? strcspn(names, ":") : 0;
		int fd = FIRST_FD + i;

		if (!in->items) {
			close(fd); /* at least nobody has the port */
		} else if (fcntl(fd, F_GETFD) >= 0) {
			keep(in, fd, names ? names : "", len);
		}
		if (names) {
			names += len + (names[len] == ':');
		}
	}
}

int inherited_take(struct inherited *in, const netaddr *addr)
{
	for (size_t i = 0; i < in->count; i++) {
		struct inherited_socket *s = &in->items[i];
		int fd = s->fd;

		if (fd >= 0 && s->addr.port != 0 &&
		    s->addr.port == addr->port &&
		    netaddr_same_host(&s->addr, addr)) {
			s->fd = -1;
			return fd;
		}
	}
	return -1;
}

static void discard(struct inherited_socket *s, struct notify *n,
		    struct journal *j)
{
	char line[NETADDR_TEXT + INHERITED_NAME];
	struct text t = text_over(line, sizeof(line));

	text_escaped(&t, s->name, strlen(s->name));
	if (s->addr.port != 0) {
		text_str(&t, " on ");
		netaddr_print_port(&s->addr, &t);
	}
	journal_say(j, NOTE_NOTICE,
		    "closing a socket that was handed to us and is of no use: "
		    "%s",
		    line);
	close(s->fd);
	s->fd = -1;
	notify_forget_name(n, s->name);
}

void inherited_sort(struct inherited *in, struct notify *n, struct journal *j)
{
	for (size_t i = 0; i < in->count; i++) {
		if (in->items[i].fd >= 0 && in->items[i].addr.port == 0) {
			discard(&in->items[i], n, j);
		}
	}
}

void inherited_close(struct inherited *in, struct notify *n, struct journal *j)
{
	for (size_t i = 0; i < in->count; i++) {
		if (in->items[i].fd >= 0) {
			discard(&in->items[i], n, j);
		}
	}
	free(in->items);
	*in = (struct inherited){ .count = 0 };
}
