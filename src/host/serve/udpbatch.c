/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/udpbatch.h"

#include <errno.h>
#include <string.h>

#include "host/net/stamps.h"

void udp_batch_init(struct udp_batch *b, size_t most)
{
	INVARIANT(most > 0 && most <= UDP_BATCH);
	b->most = most;
	b->count = 0;
	b->wish_len = stamps_wish(b->wish, sizeof(b->wish));
	for (size_t i = 0; i < most; i++) {
		b->pieces[i] = (struct iovec){ b->in[i].data, UDP_BUFFER };
		b->heads[i].msg_hdr = (struct msghdr){
			.msg_name = &b->from[i],
			.msg_iov = &b->pieces[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i],
		};
	}
}

/* Takes one without recvmmsg(); as that answers. */
static int receive_one(int fd, struct mmsghdr *head)
{
	ssize_t len = recvmsg(fd, &head->msg_hdr, 0);

	if (len < 0) {
		return -1;
	}
	head->msg_len = (unsigned)len;
	return 1;
}

int udp_receive_batch(int fd, struct udp_batch *b)
{
	int count;

	for (size_t i = 0; i < b->most; i++) {
		struct msghdr *head = &b->heads[i].msg_hdr;

		head->msg_namelen = sizeof(b->from[i]);
		head->msg_controllen = sizeof(b->control[i]);
		b->from[i].any.sa_family = AF_UNSPEC;
	}
	b->count = 0;
	do {
		count = b->most == 1 ? receive_one(fd, b->heads)
				     : recvmmsg(fd, b->heads, (unsigned)b->most,
						0, NULL);
	} while (count < 0 && errno == EINTR);
	if (count < 0) {
		return -errno;
	}
	b->count = (size_t)count;
	for (size_t i = 0; i < b->count; i++) {
		if (!udp_unpack(&b->heads[i].msg_hdr, b->heads[i].msg_len,
				&b->in[i])) {
			b->in[i].len = 0; /* which is no request */
		}
		b->out[i].len = 0;
		b->out[i].stamped = false;
	}
	return 0;
}

/* Lines up what there is to send; how much. */
static size_t pack(struct udp_batch *b, size_t from, size_t to)
{
	size_t count = 0;

	for (size_t i = from; i < to; i++) {
		if (b->out[i].len == 0) {
			continue;
		}
		b->answer_pieces[count] =
			(struct iovec){ b->out[i].data, b->out[i].len };
		b->answers[count].msg_hdr = (struct msghdr){
			.msg_name = &b->from[i],
			.msg_namelen = b->heads[i].msg_hdr.msg_namelen,
			.msg_iov = &b->answer_pieces[count],
			.msg_iovlen = 1,
			.msg_control = b->out[i].stamped ? b->wish : NULL,
			.msg_controllen = b->out[i].stamped ? b->wish_len : 0,
		};
		count++;
	}
	return count;
}

/* As sendmmsg(): how many are gone, or -1. */
static int send_some(int fd, struct udp_batch *b, size_t at, size_t count)
{
	int n;

	do {
		n = b->most == 1 ? (int)sendmsg(fd, &b->answers[at].msg_hdr, 0)
				 : sendmmsg(fd, b->answers + at,
					    (unsigned)(count - at), 0);
	} while (n < 0 && errno == EINTR);
	return n > 0 && b->most == 1 ? 1 : n;
}

struct udp_sent udp_send_answers(int fd, struct udp_batch *b, size_t from,
				 size_t to)
{
	size_t count = pack(b, from, to), at = 0;
	struct udp_sent result = { 0 };

	while (at < count) {
		int n = send_some(fd, b, at, count);

		if (n > 0) {
			result.sent += (size_t)n;
			at += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			result.failed += count - at;
			break;
		} else {
			result.failed++; /* nobody to be told; the next */
			at++;
		}
	}
	return result;
}
