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

#include "core/hostfacts.h"
#include "host/net/interfaces.h"
#include "host/net/stamped.h"
#include "host/serve/inherited.h"
#include "host/serve/spread.h"
#include "host/system/journal.h"

struct socket_counts {
	uint64_t received; /* datagrams */
	uint64_t sent, send_failed;
	uint64_t dropped; /* received, and thrown away unread */
};

struct workers;

struct serversock {
	int fd;      /* what is sent from the address leaves by it */
	int *shared; /* of the workers, that one among them: see spread.h; NULL:
			none, the loop serves it */
	unsigned number;   /* as the log counts them */
	netaddr addr;      /* with the port */
	netaddr broadcast; /* of its network; none: there is none */
	unsigned prefix;   /* of that, of 128 bits; 0: nobody knows */
	uint32_t flags;    /* of enum socket_flag */
	char name[IF_NAMESIZE];
	unsigned index; /* of the interface; 0: of none */
	bool wildcard;
	bool group;    /* for what is sent to many: */
	bool heard;    /* broadcasts that we want to hear */
	bool finds;    /* calls that we answer */
	bool drop;     /* takes datagrams and throws them away */
	bool seen;     /* in the scan that runs */
	instant since; /* when it was opened */
	struct socket_counts counts;
};

/* A group that the configuration names. */
struct group_wanted {
	netaddr addr;
	bool finds;
};

#define SERVERSOCK_GROUPS 16 /* more are not joined */

struct serversocks {
	struct serversock *items;
	size_t count, room;
	unsigned numbered;
	unsigned loopback;         /* its interface index */
	uint16_t port, extra_port; /* the second one 0: there is none */
	unsigned dscp;             /* of what is sent */
	bool stamps;               /* the kernel is asked when it left */
	struct spread spread;
	struct workers *workers;    /* NULL: they do not run */
	struct inherited inherited; /* until the first scan is over */
	struct notify *notify; /* who keeps them for our next life; or NULL */
	struct listen_rules rules;
	bool broadcasts; /* are heard */
	struct group_wanted groups[SERVERSOCK_GROUPS];
	size_t group_count;
	struct journal *journal;
};

void serversocks_init(struct serversocks *ss, struct journal *j, uint16_t port,
		      const struct listen_rules *rules);

/* Which sockets may have the same port. */
enum bind_how {
	BIND_ALONE,
	BIND_BESIDE, /* those that allow it, while a scan runs */
	BIND_SHARED, /* and of the same address: see spread.h */
};

/* A bound socket, or a negative errno. */
MUST_USE int serversock_bind(const netaddr *addr, unsigned dscp,
			     enum bind_how how);

/* Which broadcasts and groups are to be heard. */
void serversocks_hear(struct serversocks *ss, const struct config *config);

/* The one of this address and port that is no wildcard, or NULL. */
struct serversock *serversocks_bound(struct serversocks *ss,
				     const netaddr *addr);
/* Likewise, of the usual port. */
struct serversock *serversocks_find(struct serversocks *ss,
				    const netaddr *addr);
/* Opens one more while a scan runs; NULL: it could not, and that was said. */
struct serversock *serversocks_add(struct serversocks *ss,
				   const struct serversock *wanted);

/*
 * Reserves the port on the wildcard addresses. -EADDRINUSE: another process
 * has it, and that has been said; what else fails is said and survived.
 */
MUST_USE int serversocks_reserve(struct serversocks *ss, instant now);

/* Opens sockets for new addresses, closes those of vanished ones; answers how
 * many are new. */
size_t serversocks_scan(struct serversocks *ss, instant now);

/* What came and went, by all its sockets. */
struct socket_counts serversocks_counts(const struct serversocks *ss,
					const struct serversock *s);
/* The one that has this number, or NULL. */
struct serversock *serversocks_at(struct serversocks *ss, unsigned number);

/*
 * From the socket of the address that the system would speak to `to` from;
 * 0, or a negative errno. When it left, unless `left` is NULL.
 */
MUST_USE int serversocks_send(struct serversocks *ss, const netaddr *to,
			      const uint8_t *data, size_t len,
			      struct stamped *left);
/* Counted in the socket and in `io`, whether it could be sent or not. */
void serversock_send(struct serversock *s, const uint8_t *data, size_t len,
		     const netaddr *to, struct io_counts *io);

void serversocks_close(struct serversocks *ss);

#endif
