/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp.h - UDP sockets, and what the kernel knows of a datagram beside its
 * bytes: when it came, to which address, over which interface.
 *
 * Every socket never blocks, never fragments and ignores a forged
 * "fragmentation needed" (A11). Flags are set by fcntl and not in the type:
 * outside simulators know no other way.
 */
#ifndef HOST_UDP_H
#define HOST_UDP_H

#include <sys/socket.h>

#include "base/netaddr.h"
#include "base/ntptime.h"

#define UDP_BUFFER 2048 /* no NTP packet is larger; more is cut (F10) */

struct datagram {
	_Alignas(CACHE_LINE) netaddr from; /* so that few lines are touched */
	netaddr to;                        /* none: the kernel did not say */
	unsigned interface; /* its index; 0: the kernel did not say */
	bool stamped;       /* `at` is the kernel's */
	bool truncated;     /* it was longer than the buffer */
	bool fragmented;    /* it came in pieces (A11) */
	tstamp at;          /* of arrival */
	size_t len;
	uint8_t data[UDP_BUFFER];
};

/* The length of what was filled in. */
socklen_t udp_sockaddr(const netaddr *a, struct sockaddr_storage *out);
/* False for anything but IPv4 and IPv6. */
MUST_USE bool udp_netaddr(const struct sockaddr *sa, netaddr *out);

/* A socket of the family of `a`, or a negative errno. */
MUST_USE int udp_open(const netaddr *a);
/* What routers may see of how urgent it is (RFC 2474); 0 to 63. */
void udp_mark(int fd, const netaddr *a, unsigned dscp);
/*
 * As a server wants it: room for what comes in a millisecond, and no number on
 * an answer, which nobody may cut into pieces and needs none (RFC 6864). A
 * path's MTU is not learned from anybody.
 */
void udp_serve(int fd, const netaddr *a);
/* Asks for the destination address and the interface of each datagram, or no
 * longer. */
void udp_want_destination(int fd, const netaddr *a, bool wanted);
/* Asks to be told about datagrams that came in pieces. */
void udp_want_fragments(int fd, const netaddr *a);

/*
 * What the kernel said of one datagram of `len` octets; the bytes are in `d`
 * already. False: of another family than IPv4 and IPv6; then it is from nobody.
 */
MUST_USE bool udp_unpack(struct msghdr *msg, size_t len, struct datagram *d);

/* Both: 0, or a negative errno; -EAGAIN when there is nothing. */
MUST_USE int udp_receive(int fd, struct datagram *d);
MUST_USE int udp_send(int fd, const uint8_t *data, size_t len,
		      const netaddr *to);

/*
 * Non-blocking, and not inherited by other programs. On a descriptor that is
 * open this cannot fail; simulated ones know no flags and never block.
 */
void fd_prepare(int fd);

#endif
