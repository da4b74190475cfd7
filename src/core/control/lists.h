/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lists.h - the lists of mode 6: who asked (READ_MRU), the sockets and the
 * restrict lines (READ_ORDLIST).
 *
 * The engine decides who may read them, and says so with EFFECT_LIST. What
 * they list is not its own but lies with the serving threads, and changes with
 * every request: so the answer is written where the effect is carried out.
 */
#ifndef CORE_LISTS_H
#define CORE_LISTS_H

#include "core/control/pieces.h"
#include "core/effect.h"
#include "core/serve/access.h"
#include "core/serve/server.h"

/* A socket that others send their requests to. */
struct socket_report {
	const char *name; /* of the interface */
	netaddr addr, broadcast;
	bool enabled;   /* not one that drops what comes */
	uint32_t flags; /* of enum socket_flag */
	uint64_t received, sent, send_failed, uptime_s;
	uint64_t peers; /* associations that use its address */
};

/* As classic ntpq prints them, in hex. */
enum socket_flag {
	SOCKET_UP = 0x1,
	SOCKET_POINT_TO_POINT = 0x2,
	SOCKET_LOOPBACK = 0x4,
	SOCKET_BROADCAST = 0x8,
	SOCKET_MULTICAST = 0x10,
	SOCKET_WILDCARD = 0x80,
};

/* What there is to list. */
struct listables {
	struct pieces_signer signer; /* of the answer */
	tstamp now;
	const struct access *access;       /* NULL: no restrict lines */
	const struct server_shard *shards; /* hits and clients */
	size_t shard_count;
	const struct socket_report *sockets;
	size_t socket_count;
};

/* Carries out an EFFECT_LIST of `out`: by one EFFECT_ANSWER per datagram. */
void lists_answer(const struct effect *e, const struct listables *l,
		  struct outbox *out);

/* mrulist.c: the same, of clients alone. */
void mrulist_answer(const struct effect *e, const struct listables *l,
		    struct pieces *r);

#endif
