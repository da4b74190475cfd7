/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/stamps.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#define ERROR_ROOM 512 /* stamps and extended error, with their addresses */

static bool want(int fd, int flags)
{
	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags,
			  sizeof(flags)) == 0;
}

bool stamps_receive(int fd)
{
	int on = 1;

	/* 16 octets against 48; those of transmission come in it, too. */
	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ==
		       0 ||
	       want(fd,
		    SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
}

bool stamps_both(int fd)
{
	int on = 1;

	if (!want(fd, SOF_TIMESTAMPING_RX_SOFTWARE |
			      SOF_TIMESTAMPING_TX_SOFTWARE |
			      SOF_TIMESTAMPING_SOFTWARE |
			      SOF_TIMESTAMPING_OPT_TSONLY)) {
		stamps_receive(fd);
		return false;
	}
	/* Makes the error queue show as POLLPRI, not as an error alone. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, &on, sizeof(on));
	return true;
}

bool stamps_read(struct cmsghdr *c, tstamp *at)
{
	struct timespec ts;

	/* SCM_TIMESTAMPING carries three; the first is the kernel's. */
	if (c->cmsg_level != SOL_SOCKET ||
	    (c->cmsg_type != SO_TIMESTAMPING &&
	     c->cmsg_type != SO_TIMESTAMPNS) ||
	    c->cmsg_len < CMSG_LEN(sizeof(ts))) {
		return false;
	}
	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	if (ts.tv_sec == 0 && ts.tv_nsec == 0) {
		return false;
	}
	*at = tstamp_from_unix(ts.tv_sec, (uint32_t)ts.tv_nsec);
	return true;
}

static bool is_stamp_error(struct cmsghdr *c)
{
	struct sock_extended_err error;

	if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
	    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
		return false;
	}
	memcpy(&error, CMSG_DATA(c), sizeof(error));
	return error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING &&
	       error.ee_info == SCM_TSTAMP_SND;
}

enum stamps_news stamps_take(int fd, tstamp *at, void *data, size_t room,
			     size_t *len)
{
	union {
		char room[ERROR_ROOM];
		struct cmsghdr align;
	} control;
	struct iovec piece = { data, room };
	struct msghdr msg = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	bool stamped = false, by_stamping = false;
	ssize_t got = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);

	if (got < 0) {
		return STAMPS_NONE;
	}
	*len = (size_t)got;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c)) {
		stamped |= stamps_read(c, at);
		by_stamping |= is_stamp_error(c);
	}
	return stamped && by_stamping ? STAMPS_SENT : STAMPS_OTHER;
}

bool stamps_sent(int fd, tstamp *at)
{
	uint8_t data[STAMPS_ROOM];
	size_t len;

	return stamps_take(fd, at, data, sizeof(data), &len) == STAMPS_SENT;
}

size_t stamps_wish(void *control, size_t room)
{
	uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;
	struct cmsghdr *c = control;

	INVARIANT(room >= CMSG_SPACE(sizeof(flags)));
	memset(control, 0, CMSG_SPACE(sizeof(flags)));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SO_TIMESTAMPING;
	c->cmsg_len = CMSG_LEN(sizeof(flags));
	memcpy(CMSG_DATA(c), &flags, sizeof(flags));
	return CMSG_SPACE(sizeof(flags));
}
