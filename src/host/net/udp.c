/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "host/net/stamps.h"

/* Linux's values, for a C library older than its kernel. */
#ifndef IP_PMTUDISC_INTERFACE
#define IP_PMTUDISC_INTERFACE 4
#endif
#ifndef IPV6_PMTUDISC_INTERFACE
#define IPV6_PMTUDISC_INTERFACE 4
#endif
#ifndef IP_RECVFRAGSIZE
#define IP_RECVFRAGSIZE 25
#endif
#ifndef IPV6_RECVFRAGSIZE
#define IPV6_RECVFRAGSIZE 77
#endif

#define RECEIVE_ROOM 1048576 /* half of what the kernel then allows: 1 ms */
#define CONTROL_ROOM 512     /* stamps, destination and fragment size, twice */

socklen_t udp_sockaddr(const netaddr *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (netaddr_is_v4(a)) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip + 12, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	in6->sin6_scope_id = a->scope;
	memcpy(&in6->sin6_addr, a->ip, 16);
	return sizeof(*in6);
}

bool udp_netaddr(const struct sockaddr *sa, netaddr *out)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		*out = netaddr_v4(ntohl(in->sin_addr.s_addr),
				  ntohs(in->sin_port));
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 =
			(const struct sockaddr_in6 *)sa;

		*out = (netaddr){ .scope = in6->sin6_scope_id,
				  .port = ntohs(in6->sin6_port) };
		memcpy(out->ip, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

void fd_prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0) {
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
}

/* What fails here is a nicety that an old kernel does not have. */
static void set_option(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

int udp_open(const netaddr *a)
{
	bool v4 = netaddr_is_v4(a);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0) {
		return -errno;
	}
	if (v4) {
		set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER,
			   IP_PMTUDISC_INTERFACE);
	} else {
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			   IPV6_PMTUDISC_INTERFACE);
	}
	fd_prepare(fd);
	return fd;
}

void udp_mark(int fd, const netaddr *a, unsigned dscp)
{
	int class = (int)(dscp << 2); /* the low bits are for congestion */

	if (netaddr_is_v4(a)) {
		set_option(fd, IPPROTO_IP, IP_TOS, class);
	} else {
		set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, class);
	}
}

void udp_serve(int fd, const netaddr *a)
{
	const int room = RECEIVE_ROOM;

	if (netaddr_is_v4(a)) {
		set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	} else {
		set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			   IPV6_PMTUDISC_PROBE);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) !=
	    0) {
		set_option(fd, SOL_SOCKET, SO_RCVBUF, room);
	}
}

void udp_want_destination(int fd, const netaddr *a, bool wanted)
{
	if (netaddr_is_v4(a)) {
		set_option(fd, IPPROTO_IP, IP_PKTINFO, wanted);
	} else {
		set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, wanted);
	}
}

void udp_want_fragments(int fd, const netaddr *a)
{
	if (netaddr_is_v4(a)) {
		set_option(fd, IPPROTO_IP, IP_RECVFRAGSIZE, 1);
	} else {
		set_option(fd, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 1);
	}
}

static void read_v4(struct datagram *d, struct cmsghdr *c)
{
	if (c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		d->to = netaddr_v4(ntohl(info.ipi_addr.s_addr), 0);
		d->interface = (unsigned)info.ipi_ifindex;
	}
	d->fragmented |= c->cmsg_type == IP_RECVFRAGSIZE;
}

static void read_v6(struct datagram *d, struct cmsghdr *c)
{
	if (c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		d->to = (netaddr){ .port = 0 };
		memcpy(d->to.ip, &info.ipi6_addr, 16);
		d->interface = (unsigned)info.ipi6_ifindex;
	}
	d->fragmented |= c->cmsg_type == IPV6_RECVFRAGSIZE;
}

static void read_control(struct datagram *d, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP) {
			read_v4(d, c);
		} else if (c->cmsg_level == IPPROTO_IPV6) {
			read_v6(d, c);
		} else if (stamps_read(c, &d->at)) {
			d->stamped = true;
		}
	}
}

bool udp_unpack(struct msghdr *msg, size_t len, struct datagram *d)
{
	d->len = len;
	d->to = (netaddr){ .port = 0 };
	d->from = d->to;
	d->interface = 0;
	d->stamped = d->fragmented = false;
	d->truncated = (msg->msg_flags & MSG_TRUNC) != 0;
	read_control(d, msg);
	return udp_netaddr(msg->msg_name, &d->from);
}

int udp_receive(int fd, struct datagram *d)
{
	union {
		char room[CONTROL_ROOM];
		struct cmsghdr align;
	} control;
	struct sockaddr_storage from;
	struct iovec piece = { d->data, sizeof(d->data) };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t len;

	from.ss_family = AF_UNSPEC;
	do {
		len = recvmsg(fd, &msg, 0);
	} while (len < 0 && errno == EINTR);
	if (len < 0) {
		return -errno;
	}
	return udp_unpack(&msg, (size_t)len, d) ? 0 : -EAFNOSUPPORT;
}

int udp_send(int fd, const uint8_t *data, size_t len, const netaddr *to)
{
	struct sockaddr_storage sa;
	socklen_t size = udp_sockaddr(to, &sa);
	ssize_t sent;

	do {
		sent = sendto(fd, data, len, 0, (struct sockaddr *)&sa, size);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}
