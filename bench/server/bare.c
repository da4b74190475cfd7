/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare.c - the yardstick: the least that a server has to do. It receives what
 * is queued with the kernel's stamps, exchanges a few fields and sends all of
 * it back in one go. No access list, no limit, no list of clients, and its
 * time is the system clock's, whatever that is worth.
 *
 *     bare ADDRESS [THREADS]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NTP_PORT 123
#define ERA 2208988800u /* 1970 in seconds since 1900 */
#define BATCH 32
#define ROOM 128
#define HEADER 48
#define REFERENCE 16
#define ORIGIN 24
#define RECEIVE 32
#define TRANSMIT 40
#define THREADS 64

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_in from[BATCH];
	uint8_t data[BATCH][ROOM];
	_Alignas(struct cmsghdr) char control[BATCH][ROOM];
};

static struct in_addr address;

static void put_stamp(uint8_t *at, const struct timespec *t)
{
	uint32_t words[2];

	words[0] = htonl((uint32_t)t->tv_sec + ERA);
	words[1] = htonl((uint32_t)(((uint64_t)t->tv_nsec << 32) / 1000000000));
	memcpy(at, words, sizeof(words));
}

static void put_answer(uint8_t *p, const struct timespec *received)
{
	struct timespec now;

	p[0] = (uint8_t)((p[0] & 0x38) | 4);
	p[1] = 1;
	p[3] = 0xe8;
	memset(p + 4, 0, 8);
	memset(p + 12, 'B', 4);
	memcpy(p + ORIGIN, p + TRANSMIT, 8);
	put_stamp(p + REFERENCE, received);
	put_stamp(p + RECEIVE, received);
	clock_gettime(CLOCK_REALTIME, &now);
	put_stamp(p + TRANSMIT, &now);
}

static struct timespec stamp_of(struct msghdr *m)
{
	struct timespec t = { .tv_sec = 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&t, CMSG_DATA(c), sizeof(t));
		}
	}
	return t;
}

static void prepare(struct batch *b, int i)
{
	b->parts[i] = (struct iovec){ b->data[i], ROOM };
	b->messages[i].msg_hdr = (struct msghdr){
		.msg_name = &b->from[i],
		.msg_namelen = sizeof(b->from[i]),
		.msg_iov = &b->parts[i],
		.msg_iovlen = 1,
		.msg_control = b->control[i],
		.msg_controllen = sizeof(b->control[i]),
	};
}

/* How many are to be sent; what is too short or no client's is left out. */
static unsigned answer_all(struct batch *b, int count)
{
	unsigned kept = 0;

	for (int i = 0; i < count; i++) {
		struct msghdr *m = &b->messages[i].msg_hdr;
		const struct timespec at = stamp_of(m);

		if (b->messages[i].msg_len < HEADER ||
		    (b->data[i][0] & 7) != 3) {
			prepare(b, i);
			continue;
		}
		put_answer(b->data[i], &at);
		b->parts[i].iov_len = HEADER;
		m->msg_control = NULL;
		m->msg_controllen = 0;
		if (kept != (unsigned)i) {
			b->messages[kept] = b->messages[i];
		}
		kept++;
	}
	return kept;
}

static int open_socket(void)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
					.sin_port = htons(NTP_PORT),
					.sin_addr = address };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	int probe = IP_PMTUDISC_PROBE, room = 1200000;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) != 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe,
		       sizeof(probe)) != 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		perror("bare");
		exit(1);
	}
	return fd;
}

static void *serve(void *nothing)
{
	struct batch *b = calloc(1, sizeof(*b));
	int fd = open_socket();

	(void)nothing;
	while (b) {
		int count, sent = 0;
		unsigned kept;

		for (int i = 0; i < BATCH; i++) {
			prepare(b, i);
		}
		count = recvmmsg(fd, b->messages, BATCH, MSG_WAITFORONE, NULL);
		kept = count > 0 ? answer_all(b, count) : 0;
		for (unsigned done = 0; done < kept && sent >= 0;
		     done += (unsigned)sent) {
			sent = sendmmsg(fd, b->messages + done, kept - done, 0);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc > 2 ? strtol(argv[2], NULL, 10) : 1;

	if (argc < 2 || inet_pton(AF_INET, argv[1], &address) != 1 ||
	    threads < 1 || threads > THREADS) {
		(void)fprintf(stderr, "usage: bare ADDRESS [THREADS]\n");
		return 2;
	}
	for (long i = 1; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, serve, NULL) != 0) {
			perror("bare");
			return 1;
		}
	}
	serve(NULL);
	return 1;
}
