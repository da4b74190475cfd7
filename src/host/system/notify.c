/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 1 /* for a supervisor that is busy */
#define US_PER_S 1000000

void notify_init(struct notify *n)
{
	*n = (struct notify){ .fd = -1 };
}

/* "/path", or "@name" of the abstract ones. */
static bool take_path(struct notify *n, const char *path)
{
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len < 2 ||
	    len >= sizeof(n->to.sun_path)) {
		return false;
	}
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, path, len);
	if (path[0] == '@') {
		n->to.sun_path[0] = '\0';
	}
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
				(path[0] == '/')); /* the NUL */
	return true;
}

static bool number(const char *name, uint64_t *value)
{
	const char *text = getenv(name);

	return text && text_to_u64(text, strlen(text), value);
}

static void take_watchdog(struct notify *n)
{
	uint64_t us, pid;

	if (!number("WATCHDOG_USEC", &us) || us == 0 ||
	    us > (uint64_t)INT32_MAX * US_PER_S) {
		return;
	}
	if (getenv("WATCHDOG_PID") &&
	    (!number("WATCHDOG_PID", &pid) || pid != (uint64_t)getpid())) {
		return; /* it is meant for another */
	}
	n->life = span_from_ns((int64_t)us * 500);
}

static bool reach(const struct notify *n)
{
	return connect(n->fd, (const struct sockaddr *)&n->to, n->to_len) == 0;
}

void notify_open(struct notify *n)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const char *path = getenv("NOTIFY_SOCKET");

	notify_init(n);
	if (!path || !take_path(n, path)) {
		return;
	}
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0) {
		return;
	}
	(void)setsockopt(n->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			 sizeof(patience));
	(void)reach(n); /* now; in a jail it has no path */
	take_watchdog(n);
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0) {
		close(n->fd);
	}
	n->fd = -1;
}

/* One message, with a descriptor or -1; false: it was not taken. */
static bool transmit(const struct notify *n, const char *lines, int passed,
		     bool patient)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct iovec piece = { (char *)lines, strlen(lines) };
	struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };
	int flags = MSG_NOSIGNAL | (patient ? 0 : MSG_DONTWAIT);
	ssize_t sent;

	if (passed >= 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(passed));
		memcpy(CMSG_DATA(c), &passed, sizeof(passed));
	}
	do {
		sent = sendmsg(n->fd, &msg, flags);
	} while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

static bool say_with(struct notify *n, const char *lines, int passed,
		     bool patient)
{
	if (n->fd < 0) {
		return false;
	}
	if (transmit(n, lines, passed, patient)) {
		return true;
	}
	/* Another sits there now, if any. */
	if (errno == ECONNREFUSED || errno == ENOTCONN || errno == ECONNRESET) {
		return reach(n) && transmit(n, lines, passed, patient);
	}
	n->stuck |= errno == EAGAIN;
	return false;
}

static void say(struct notify *n, const char *lines, bool patient)
{
	(void)say_with(n, lines, -1, patient);
}

void notify_ready(struct notify *n)
{
	say(n, "READY=1", true);
	n->serving = true;
}

void notify_reloading(struct notify *n)
{
	struct timespec now;
	char lines[NOTIFY_LINE];
	struct text t = text_over(lines, sizeof(lines));

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	text_str(&t, "RELOADING=1\nMONOTONIC_USEC=");
	text_u64(&t, (uint64_t)now.tv_sec * US_PER_S +
			     (uint64_t)now.tv_nsec / 1000);
	say(n, lines, false);
}

void notify_stopping(struct notify *n)
{
	say(n, "STOPPING=1", false);
	n->serving = false;
}

/* --- in words --- */

void notify_lead(struct notify *n, const netaddr *addr)
{
	n->lead = *addr;
}

static void print_server(const struct notify *n, const struct view *view,
			 struct text *out)
{
	netaddr by_refid = netaddr_v4(view->refid, 0);

	if (netaddr_is_refclock(&by_refid)) {
		text_str(out, "this host's own clock");
		return;
	}
	text_str(out, "NTP server (");
	/* The reference id of an IPv6 address is a hash that nobody can read.
	 */
	netaddr_print(netaddr_is_none(&n->lead) || netaddr_is_v4(&n->lead)
			      ? &by_refid
			      : &n->lead,
		      out);
	text_char(out, ')');
}

static void print_view(const struct notify *n, const struct view *view,
		       struct text *out)
{
	if (view->leap == LEAP_UNSYNC) {
		text_str(out, "unsynchronised");
		return;
	}
	text_str(out, "synchronised to ");
	if (view->stratum <= 1) {
		text_str(out, "a reference clock");
	} else {
		print_server(n, view, out);
	}
	text_str(out, " at stratum ");
	text_u64(out, view->stratum);
}

void notify_view(struct notify *n, const struct view *view)
{
	char lines[NOTIFY_LINE];
	struct text t = text_over(lines, sizeof(lines));

	if (n->fd < 0) {
		return;
	}
	text_str(&t, "STATUS=");
	print_view(n, view, &t);
	if (strcmp(lines, n->status) != 0 && say_with(n, lines, -1, false)) {
		memcpy(n->status, lines, t.len + 1);
	}
}

instant notify_alive(struct notify *n, instant now, instant wake)
{
	if (n->fd < 0 || n->life.v == 0) {
		return wake;
	}
	if (instant_diff(n->next, now).v <= 0) {
		say(n, "WATCHDOG=1", false);
		n->next = instant_add(now, n->life);
	}
	return instant_earlier(wake, n->next);
}

/* --- sockets --- */

/* "fe80__1%2_123": no colon may stand in a name. */
static void print_name(const netaddr *addr, struct text *out)
{
	char *at = out->start + out->len;

	netaddr_print(addr, out);
	if (addr->scope != 0) {
		text_char(out, '%');
		text_u64(out, addr->scope);
	}
	text_char(out, '_');
	text_u64(out, addr->port);
	for (; *at; at++) {
		if (*at == ':') {
			*at = '_';
		}
	}
}

/* That systemd does not wait for errors on it: it would give it up, and each
 * answer would wake it. */
void notify_store(struct notify *n, int fd, const netaddr *addr)
{
	char lines[NOTIFY_LINE];
	struct text t = text_over(lines, sizeof(lines));

	text_str(&t, "FDSTORE=1\nFDPOLL=0\nFDNAME=");
	print_name(addr, &t);
	(void)say_with(n, lines, fd, !n->serving && !n->stuck);
}

void notify_forget_name(struct notify *n, const char *name)
{
	char lines[NOTIFY_LINE + NOTIFY_LINE];
	struct text t = text_over(lines, sizeof(lines));

	text_str(&t, "FDSTOREREMOVE=1\nFDNAME=");
	text_str(&t, name);
	if (!t.cut) {
		say(n, lines, !n->serving && !n->stuck);
	}
}

void notify_forget(struct notify *n, const netaddr *addr)
{
	char name[NOTIFY_LINE];
	struct text t = text_over(name, sizeof(name));

	print_name(addr, &t);
	notify_forget_name(n, name);
}
