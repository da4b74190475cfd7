/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/ctlsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/net/udp.h"

#define GROUPS 256 /* of one user */
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* Linux 4.13 */
#endif

void ctlsock_init(struct ctlsock *c)
{
	*c = (struct ctlsock){ .fd = -1, .dir = -1 };
	for (size_t i = 0; i < CTLSOCK_CONNECTIONS; i++) {
		c->connections[i].fd = -1;
	}
}

/* The directory of `path`, and what the socket is called in it. */
static const char *split_path(char dir[CTLSOCK_DIR], const char *path)
{
	char *slash;

	(void)snprintf(dir, CTLSOCK_DIR, "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir || slash[1] == '\0') {
		return NULL;
	}
	*slash = '\0';
	return path + (slash - dir) + 1;
}

/*
 * Only a directory in which nobody else can plant anything will do (I7): a
 * descriptor of it, which stays that of what was looked at.
 */
static int open_directory(const char *dir, gid_t gid)
{
	bool made = mkdir(dir, 0750) == 0;
	int error = made || errno == EEXIST ? 0 : -errno, fd;
	struct stat st;

	if (error) {
		return error;
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
	}
	if (fstat(fd, &st) != 0 || (made && fchown(fd, (uid_t)-1, gid) != 0)) {
		error = -errno;
	} else if (st.st_uid != geteuid() ||
		   (st.st_mode & (S_IWGRP | S_IWOTH))) {
		error = -EPERM;
	}
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

/* A socket that nobody answers on is what an earlier run left. */
static int remove_stale(int dir, const struct sockaddr_un *sa)
{
	struct stat st;
	int fd, alive;

	if (fstatat(dir, sa->sun_path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		return errno == ENOENT ? 0 : -errno;
	}
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid()) {
		return -EEXIST;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	alive = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0;
	close(fd);
	if (alive) {
		return -EADDRINUSE;
	}
	return unlinkat(dir, sa->sun_path, 0) == 0 ? 0 : -errno;
}

/* The mode comes from the umask: there is no moment with a wider one. */
static int bind_for_group(int fd, int dir, const struct sockaddr_un *sa,
			  gid_t gid)
{
	mode_t mask = umask(0117);
	int failed = bind(fd, (const struct sockaddr *)sa, sizeof(*sa));
	int error = errno;

	(void)umask(mask);
	if (failed) {
		return -error;
	}
	if (fchownat(dir, sa->sun_path, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) !=
		    0 ||
	    listen(fd, CTLSOCK_CONNECTIONS) != 0) {
		return -errno;
	}
	return 0;
}

/* `name` in the directory that is the working one now: no path to change. */
static int open_in(int dir, const char *name, gid_t gid)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int error, fd;

	memcpy(sa.sun_path, name, strlen(name) + 1);
	error = remove_stale(dir, &sa);
	if (error) {
		return error;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (fd < 0) {
		return -errno;
	}
	fd_prepare(fd);
	error = bind_for_group(fd, dir, &sa, gid);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

int ctlsock_open(struct ctlsock *c, const char *path, gid_t gid)
{
	char dir[CTLSOCK_DIR];
	const char *name = split_path(dir, path);
	int fd, here;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		return -ENAMETOOLONG;
	}
	if (!name) {
		return -EINVAL;
	}
	c->dir = open_directory(dir, gid);
	if (c->dir < 0) {
		return c->dir;
	}
	here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = here < 0 || fchdir(c->dir) != 0 ? -errno
					     : open_in(c->dir, name, gid);
	if (here >= 0) {
		(void)!fchdir(here);
		close(here);
	}
	if (fd < 0) {
		close(c->dir);
		c->dir = -1;
		return fd;
	}
	c->fd = fd;
	c->gid = gid;
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	return 0;
}

static void hang_up(struct ctl_connection *k)
{
	close(k->fd);
	k->fd = -1;
}

void ctlsock_close(struct ctlsock *c)
{
	for (size_t i = 0; i < CTLSOCK_CONNECTIONS; i++) {
		if (c->connections[i].fd >= 0) {
			hang_up(&c->connections[i]);
		}
	}
	if (c->fd >= 0) {
		close(c->fd);
		/* With a lost privilege it stays. */
		(void)unlinkat(c->dir, c->name, 0);
		close(c->dir);
	}
	c->fd = c->dir = -1;
}

size_t ctlsock_poll(const struct ctlsock *c, struct pollfd fds[CTLSOCK_FDS])
{
	size_t count = 0;

	for (size_t i = 0; i < CTLSOCK_CONNECTIONS; i++) {
		if (c->connections[i].fd >= 0) {
			fds[count++] = (struct pollfd){ c->connections[i].fd,
							POLLIN, 0 };
		}
	}
	if (c->fd >= 0) {
		fds[count++] = (struct pollfd){ c->fd, POLLIN, 0 };
	}
	return count;
}

/* A free place, if need be that of whoever has been silent longest. */
static struct ctl_connection *make_place(struct ctlsock *c)
{
	struct ctl_connection *oldest = &c->connections[0];

	for (size_t i = 0; i < CTLSOCK_CONNECTIONS; i++) {
		struct ctl_connection *k = &c->connections[i];

		if (k->fd < 0) {
			return k;
		}
		if (k->used < oldest->used) {
			oldest = k;
		}
	}
	hang_up(oldest);
	return oldest;
}

/* Which groups it had when it connected: the kernel's word, not its own. */
static bool is_in_group(int fd, gid_t gid)
{
	gid_t groups[GROUPS];
	socklen_t size = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0) {
		return false; /* an old kernel, or more groups than we read */
	}
	for (size_t i = 0; i < size / sizeof(groups[0]); i++) {
		if (groups[i] == gid) {
			return true;
		}
	}
	return false;
}

void ctlsock_accept(struct ctlsock *c)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	const int queue = CTLSOCK_QUEUE;
	int fd = accept(c->fd, NULL, NULL);
	struct ctl_connection *k;

	if (fd < 0) {
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
		close(fd);
		return;
	}
	fd_prepare(fd);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &queue, sizeof(queue));
	k = make_place(c);
	*k = (struct ctl_connection){
		.fd = fd,
		.used = ++c->requests,
		.uid = peer.uid,
		.owner = peer.uid == 0 || peer.gid == c->gid ||
			 is_in_group(fd, c->gid),
	};
}

struct ctl_connection *ctlsock_find(struct ctlsock *c, int fd)
{
	for (size_t i = 0; i < CTLSOCK_CONNECTIONS; i++) {
		if (c->connections[i].fd == fd) {
			return &c->connections[i];
		}
	}
	return NULL;
}

ssize_t ctlsock_read(struct ctlsock *c, struct ctl_connection *from,
		     uint8_t data[CTLSOCK_REQUEST])
{
	ssize_t len = recv(from->fd, data, CTLSOCK_REQUEST, MSG_TRUNC);

	if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
		return -1;
	}
	/* Gone, or a message that is longer than any request. */
	if (len <= 0 || len > CTLSOCK_REQUEST) {
		hang_up(from);
		return -1;
	}
	from->used = ++c->requests;
	return len;
}

void ctlsock_answer(struct ctl_connection *to, const uint8_t *data, size_t len)
{
	if (to->fd >= 0 &&
	    send(to->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		hang_up(to);
	}
}
