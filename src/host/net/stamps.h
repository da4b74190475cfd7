/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stamps.h - when datagrams really came and went, by the kernel's clock.
 *
 * A transmit stamp comes back through the socket's error queue, usually
 * before send() has returned; sometimes never.
 */
#ifndef HOST_STAMPS_H
#define HOST_STAMPS_H

#include <sys/socket.h>

#include "base/ntptime.h"

/* What poll() is to wait for on a socket that owes a transmit stamp. */
#define STAMPS_POLL POLLPRI

/* In the form that is cheapest to read. False: the kernel has no stamps for
 * this socket. */
bool stamps_receive(int fd);
/* As above, and asks for transmit stamps; false: none will ever come. */
MUST_USE bool stamps_both(int fd);

/* True, and the stamp, when this control message is one. */
MUST_USE bool stamps_read(struct cmsghdr *c, tstamp *at);

#define STAMPS_ROOM 2048 /* for a datagram that comes back with its stamp */
enum stamps_news {
	STAMPS_NONE,  /* the error queue is empty */
	STAMPS_SENT,  /* a transmit stamp, */
	STAMPS_OTHER, /* or anything else, such as ICMP, forged or honest */
};

/*
 * Takes one message off the error queue. SENT: when it left, and the end of
 * what was sent, behind headers as the kernel has them.
 */
MUST_USE enum stamps_news stamps_take(int fd, tstamp *at, void *data,
				      size_t room, size_t *len);
/*
 * The word that goes with a datagram whose transmit stamp is wanted, though
 * the socket's others are not; its length.
 */
size_t stamps_wish(void *control, size_t room);

/*
 * Takes one message off the error queue; only after poll() said that there is
 * something. True, and the stamp, when it was a transmit stamp; false when it
 * was anything else, such as a forged or honest ICMP message.
 */
MUST_USE bool stamps_sent(int fd, tstamp *at);

#endif
