/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/moment.h"

socklen_t sock_address(const netaddr *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (netaddr_is_v4(a)) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		in->sin_addr.s_addr = htonl(netaddr_v4_bits(a));
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	in6->sin6_scope_id = a->scope;
	memcpy(&in6->sin6_addr, a->ip, sizeof(a->ip));
	return sizeof(*in6);
}

netaddr sock_netaddr(const struct sockaddr *a)
{
	netaddr out = { .port = 0 };

	if (a->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, a, sizeof(in));
		return netaddr_v4(ntohl(in.sin_addr.s_addr),
				  ntohs(in.sin_port));
	}
	if (a->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, a, sizeof(in6));
		memcpy(out.ip, &in6.sin6_addr, sizeof(out.ip));
		out.port = ntohs(in6.sin6_port);
		out.scope = in6.sin6_scope_id;
	}
	return out;
}

static int open_udp(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

static int set_flag(int fd, int level, int option)
{
	int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on)) == 0 ? 0 : -errno;
}

/* All addresses of the family, this port; shared with our own sockets only. */
static int bind_port(int fd, int family, uint16_t port)
{
	netaddr any = family == AF_INET ? netaddr_v4(0, port)
					: (netaddr){ .port = port };
	struct sockaddr_storage ss;
	socklen_t len = sock_address(&any, &ss);
	int err = set_flag(fd, SOL_SOCKET, SO_REUSEADDR);

	if (err == 0 && family == AF_INET6) {
		err = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	}
	if (err == 0 && bind(fd, (struct sockaddr *)&ss, len) != 0) {
		err = -errno;
	}
	return err;
}

static int closed(int fd, int err)
{
	close(fd);
	return err;
}

int sock_reserve(int family, uint16_t port)
{
	int fd = open_udp(family);

	if (fd < 0) {
		return fd;
	}
	int err = bind_port(fd, family, port);

	return err < 0 ? closed(fd, err) : fd;
}

int sock_connect(const netaddr *peer, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_address(peer, &ss);
	int family = ss.ss_family;
	int fd = port != 0 ? sock_reserve(family, port) : open_udp(family);

	if (fd < 0) {
		return fd;
	}
	if (connect(fd, (struct sockaddr *)&ss, len) != 0) {
		return closed(fd, -errno);
	}
	int err = set_flag(fd, SOL_SOCKET, SO_TIMESTAMPNS);

	return err < 0 ? closed(fd, err) : fd;
}

int sock_receive(int fd, uint8_t *data, size_t size, tstamp *at)
{
	struct iovec iov = { .iov_len = size };
	union {
		char bytes[256];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };

	iov.iov_base = data;
	ssize_t len = recvmsg(fd, &msg, 0);

	if (len < 0) {
		return -errno;
	}
	*at = moment_wall();
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c)) {
		struct timespec t;

		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&t, CMSG_DATA(c), sizeof(t));
			*at = tstamp_from_unix(t.tv_sec, (uint32_t)t.tv_nsec);
		}
	}
	return (int)len;
}

int sock_send(int fd, const uint8_t *data, size_t len)
{
	return send(fd, data, len, 0) < 0 ? -errno : 0;
}
