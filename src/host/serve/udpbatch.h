/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udpbatch.h - what waits on a UDP socket, taken at once, and the answers to
 * it, sent at once: a system call each way, in memory that is used again.
 */
#ifndef HOST_UDPBATCH_H
#define HOST_UDPBATCH_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "host/net/udp.h"

#define UDP_BATCH 32 /* datagrams; more gain nothing (docs/server.md) */
#define UDP_CONTROL 256

struct udp_answer {
	_Alignas(CACHE_LINE) size_t len; /* 0: none */
	bool stamped; /* the kernel is to say when it leaves */
	uint8_t data[UDP_BUFFER];
};

struct udp_batch {
	struct datagram in[UDP_BATCH];
	struct udp_answer out[UDP_BATCH]; /* to who sent in[] of that number */
	size_t most;  /* 1 to UDP_BATCH, as udp_batch_init() had it */
	size_t count; /* of what was received */

	/* As the kernel has it. */
	size_t wish_len;
	_Alignas(struct cmsghdr) char wish[UDP_CONTROL]; /* of stamps_wish() */
	struct iovec pieces[UDP_BATCH], answer_pieces[UDP_BATCH];
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} from[UDP_BATCH];
	_Alignas(CACHE_LINE) struct mmsghdr heads[UDP_BATCH];
	_Alignas(CACHE_LINE) struct mmsghdr answers[UDP_BATCH];
	_Alignas(CACHE_LINE) char control[UDP_BATCH][UDP_CONTROL];
};

/* With `most` 1 it asks no more of the system than recvmsg() and sendmsg(). */
void udp_batch_init(struct udp_batch *b, size_t most);

/*
 * Takes what is queued, up to `most`, and empties all answers. 0, or a negative
 * errno and a count of 0; -EAGAIN when there is nothing.
 */
MUST_USE int udp_receive_batch(int fd, struct udp_batch *b);

struct udp_sent {
	size_t sent, failed;
};

/*
 * Sends every answer from `from` to before `to` that has a length. One that the
 * system refuses is counted and keeps no other back; when it has no room for
 * more, the rest is too.
 */
struct udp_sent udp_send_answers(int fd, struct udp_batch *b, size_t from,
				 size_t to);

#endif
