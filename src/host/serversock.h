/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serversock.h - the sockets that others send their requests to.
 *
 * One for each address of this machine, so that an answer leaves from the
 * address that was asked (F14), and one for each wildcard address that only
 * reserves the port and drops what it gets. SO_REUSEADDR is off except during
 * a scan: ntpdate must find the port taken.
 */
#ifndef HOST_SERVERSOCK_H
#define HOST_SERVERSOCK_H

#include "host/interfaces.h"
#include "host/journal.h"

struct serversock {
	int fd;
	unsigned number; /* as the log counts them */
	netaddr addr;    /* with the port */
	char name[IF_NAMESIZE];
	bool wildcard;
	bool drop;     /* takes datagrams and throws them away */
	bool seen;     /* in the scan that runs */
	instant since; /* when it was opened */
	uint64_t received, sent, dropped;
};

struct serversocks {
	struct serversock *items;
	size_t count, room;
	unsigned numbered;
	unsigned loopback; /* its interface index */
	uint16_t port;
	struct listen_rules rules;
	struct journal *journal;
};

void serversocks_init(struct serversocks *ss, struct journal *j, uint16_t port,
		      const struct listen_rules *rules);

/*
 * Reserves the port on the wildcard addresses. -EADDRINUSE: another process
 * has it, and that has been said; what else fails is said and survived.
 */
MUST_USE int serversocks_reserve(struct serversocks *ss, instant now);

/* Opens sockets for new addresses, closes those of vanished ones; answers how
 * many are new. */
size_t serversocks_scan(struct serversocks *ss, instant now);

void serversocks_close(struct serversocks *ss);

#endif
