/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock.h - a connected UDP socket, and addresses as the system has them.
 *
 * Connected, so that the kernel drops what others send and tells at once that
 * nobody listens. All calls return 0 or more, or a negative errno.
 */
#ifndef CLIENT_SOCK_H
#define CLIENT_SOCK_H

#include <sys/socket.h>

#include "base/netaddr.h"
#include "base/ntptime.h"

/* Fills `out`, returns its length. */
socklen_t sock_address(const netaddr *a, struct sockaddr_storage *out);
/* The value zero for a family that is not IP. */
netaddr sock_netaddr(const struct sockaddr *a);

/*
 * A non-blocking socket that talks to `peer` only; from `port`, or from one
 * that the kernel draws when it is 0.
 */
MUST_USE int sock_connect(const netaddr *peer, uint16_t port);

/*
 * Holds `port` of every local address of one family. -EADDRINUSE when
 * somebody has it; -EAFNOSUPPORT when this host has no such family.
 */
MUST_USE int sock_reserve(int family, uint16_t port);

/* The number of octets; *at is when the kernel saw them arrive. */
MUST_USE int sock_receive(int fd, uint8_t *data, size_t size, tstamp *at);
MUST_USE int sock_send(int fd, const uint8_t *data, size_t len);

#endif
