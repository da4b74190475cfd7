/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * groups.h - sockets for what is sent to many: broadcasts and calls that we
 * hear, and those that we send.
 *
 * One socket for each group and each interface's broadcast address, so that
 * nothing that is sent to a group comes in where single hosts are served.
 */
#ifndef HOST_GROUPS_H
#define HOST_GROUPS_H

#include "host/serve/serversock.h"

/* Opens what is wanted and not open; joins groups on every interface. */
void groups_scan(struct serversocks *ss, const struct local_address *all,
		 size_t count, instant now);
/*
 * Sends from the server's port: to a group over every interface, to a broadcast
 * address over the one that it is of. 0, or a negative errno. When it left by
 * the first of them.
 */
MUST_USE int groups_send(struct serversocks *ss, const netaddr *to, uint8_t ttl,
			 const uint8_t *data, size_t len, struct stamped *left);
/* The same to a group, from a socket that is not bound to one address. */
MUST_USE int groups_send_by(const struct serversocks *ss, int fd,
			    const netaddr *to, uint8_t ttl, const uint8_t *data,
			    size_t len);

#endif
