/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/netwatch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/net/udp.h"

#define MESSAGES_ROOM 8192
#define READS_AT_ONCE 16

int netwatch_open(void)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0) {
		return -errno;
	}
	sa.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
		       RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	fd_prepare(fd);
	return fd;
}

/* A route matters when it is the default one: others come by hundreds. */
static bool matters(const struct nlmsghdr *m)
{
	if (m->nlmsg_type != RTM_NEWROUTE) {
		return m->nlmsg_type == RTM_NEWADDR ||
		       m->nlmsg_type == RTM_DELADDR ||
		       m->nlmsg_type == RTM_NEWLINK;
	}
	const struct rtmsg *route = NLMSG_DATA(m);

	return m->nlmsg_len >= NLMSG_LENGTH(sizeof(*route)) &&
	       route->rtm_dst_len == 0 && route->rtm_type == RTN_UNICAST;
}

bool netwatch_read(int fd)
{
	union {
		char room[MESSAGES_ROOM];
		struct nlmsghdr align;
	} buf;
	bool worth = false;

	for (int i = 0; i < READS_AT_ONCE; i++) {
		ssize_t len = recv(fd, buf.room, sizeof(buf.room), 0);

		if (len <= 0) {
			/* ENOBUFS: some were lost, so look. */
			return worth || (len < 0 && errno == ENOBUFS);
		}
		unsigned left = (unsigned)len;

		for (const struct nlmsghdr *m = &buf.align; NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left)) {
			worth |= matters(m);
		}
	}
	return worth;
}
