/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/stamped.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "host/net/stamps.h"
#include "host/net/udp.h"

#define WISH_ROOM 64
#define MOST 64 /* of others', looked at for one stamp */

static int send_with_wish(int fd, const uint8_t *data, size_t len,
			  const netaddr *to)
{
	union {
		char room[WISH_ROOM];
		struct cmsghdr align;
	} wish;
	struct sockaddr_storage sa;
	socklen_t size = udp_sockaddr(to, &sa);
	struct iovec piece = { (void *)data, len };
	struct msghdr msg = {
		.msg_name = &sa,
		.msg_namelen = size,
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = wish.room,
		.msg_controllen = stamps_wish(wish.room, sizeof(wish.room)),
	};
	ssize_t sent;

	do {
		sent = sendmsg(fd, &msg, 0);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* It comes back behind headers, as the kernel has them. */
static bool find_stamp(int fd, const uint8_t *data, size_t len, tstamp *at)
{
	uint8_t back[STAMPS_ROOM];
	size_t size;

	for (unsigned i = 0; i < MOST; i++) {
		enum stamps_news news =
			stamps_take(fd, at, back, sizeof(back), &size);

		if (news == STAMPS_NONE) {
			return false;
		}
		if (news == STAMPS_SENT && size >= len &&
		    memcmp(back + (size - len), data, len) == 0) {
			return true;
		}
	}
	return false;
}

int stamped_send(int fd, const uint8_t *data, size_t len, const netaddr *to,
		 bool by_kernel, struct stamped *left)
{
	tstamp at;
	int error;

	*left = (struct stamped){ sysclock_read(), STAMP_DAEMON };
	error = by_kernel ? send_with_wish(fd, data, len, to)
			  : udp_send(fd, data, len, to);
	if (error == 0 && by_kernel && find_stamp(fd, data, len, &at)) {
		left->at.wall = at;
		left->origin = STAMP_KERNEL;
	}
	return error;
}
