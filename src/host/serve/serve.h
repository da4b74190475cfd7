/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve.h - a batch of requests from one socket, answered: by the loop's own
 * thread or by one that does nothing else. It knows neither.
 */
#ifndef HOST_SERVE_H
#define HOST_SERVE_H

#include "core/hostfacts.h"
#include "core/serve/pace.h"
#include "core/serve/server.h"
#include "host/serve/departures.h"
#include "host/serve/serversock.h"
#include "host/serve/udpbatch.h"

/* The socket that they came to, as who serves on it has it. */
struct serve_socket {
	int fd;
	netaddr addr;             /* with the port */
	bool group, heard, finds; /* as in struct serversock */
	bool drop;
	struct socket_counts *counts;
	struct serversocks *ours; /* of a group: they are not asked by it */
};

/* What one thread serves with. */
struct serving {
	struct udp_batch batch;
	_Alignas(CACHE_LINE) struct request requests[UDP_BATCH]; /* of .in[] */
	enum server_verdict verdicts[UDP_BATCH];
	struct server_shard *shard;
	struct io_counts *io;
	struct departures departures;
	struct pace pace;
	unsigned loopback; /* its interface index; 0: nobody knows */
};

/* The verdicts of what is not answered at once, but by who has the engine. */
static inline bool serve_is_for_loop(enum server_verdict v)
{
	return v == SERVER_CONTROL || v == SERVER_PEER || v == SERVER_SIGN;
}

/* `most` as udp_batch_init() has it; NULL: no memory. */
struct serving *serve_begin(size_t most);
/* Frees it; NULL is fine. */
void serve_end(struct serving *s);

/*
 * Takes what is queued on the socket, up to a batch, and sends what answers it;
 * answers how many there were. The verdicts and the datagrams stay: of those
 * that are for who has the engine, serve_is_for_loop(), nothing more was
 * done. What answers a group's cannot leave from its socket, and stays too.
 * `view` NULL: nothing is served yet.
 */
size_t serve_batch(struct serving *s, const struct serve_socket *k,
		   const struct view *view);

#endif
