/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * caller.h - who sent a control request, and what he may (F4, F17, I1).
 *
 * Whoever cannot read is not here: `noquery` was looked at before. Whether he
 * is who he says is known of the unix socket, by a signature, or by a nonce
 * that came back; of all others it is only likely.
 */
#ifndef CORE_CALLER_H
#define CORE_CALLER_H

#include "core/serve/access.h"

/* Where a request came from, as far as the host knows. */
struct caller_origin {
	netaddr from;  /* none: by the unix socket */
	bool owner;    /* of the unix socket: root, or one of its group */
	bool attached; /* from a network that this machine is on */
};

struct caller {
	bool local;        /* the unix socket, or loopback: no budget */
	bool authentic;    /* signed with the control key, or an owner */
	bool known;        /* gets more octets than he sent (F4) */
	bool sees_clients; /* may read who asked (F17) */
	bool sees_guards;  /* may read sockets and restrict lines */
	bool modifies;     /* may change something ... */
	bool forbidden;    /* ... but for `restrict nomodify` */
};

/* `access` NULL: no restrict lines. */
struct caller caller_of(const struct caller_origin *origin,
			const struct access *access, bool authentic);

#endif
