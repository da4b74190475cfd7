/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket as the host opens it, at an address; the port is told back. */
#ifndef TESTS_UNIT_OPENSOCK_H
#define TESTS_UNIT_OPENSOCK_H

#include <sys/socket.h>

#include "check.h"
#include "host/net/udp.h"

static inline int open_at(netaddr *addr)
{
	struct sockaddr_storage sa;
	socklen_t size = udp_sockaddr(addr, &sa);
	int fd = udp_open(addr);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, size), 0);
	size = sizeof(sa);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &size), 0);
	assert_true(udp_netaddr((struct sockaddr *)&sa, addr));
	return fd;
}

#endif
