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

/* False: the kernel has no stamps for this socket. */
bool stamps_receive(int fd);
/* As above, and asks for transmit stamps; false: none will ever come. */
MUST_USE bool stamps_both(int fd);

/* True, and the stamp, when this control message is one. */
MUST_USE bool stamps_read(struct cmsghdr *c, tstamp *at);

/*
 * Takes one message off the error queue; only after poll() said that there is
 * something. True, and the stamp, when it was a transmit stamp; false when it
 * was anything else, such as a forged or honest ICMP message.
 */
MUST_USE bool stamps_sent(int fd, tstamp *at);

#endif
