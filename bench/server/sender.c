/* SPDX-License-Identifier: BSD-2-Clause */
#include "sender.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define SETUP_US 60000 /* a run of live frames begins so late, at most */
#define NS 1000000000
#define MOST 64 /* messages in a batch of a packet socket */
#define NAP_NS 20000
#define AT_SOURCE 26
#define AT_CHECK 24
#define AT_TRANSMIT (LOAD_HEADERS + 40)

static void wake(int number)
{
	(void)number;
}

/* The kernel's loop ends by a signal alone. */
static int set_alarm(uint64_t us)
{
	const struct sigaction action = { .sa_handler = wake };
	const struct itimerval once = {
		.it_value = { .tv_sec = (time_t)(us / 1000000),
			      .tv_usec = (suseconds_t)(us % 1000000) }
	};

	if (sigaction(SIGALRM, &action, NULL) != 0 ||
	    setitimer(ITIMER_REAL, &once, NULL) != 0) {
		return -errno;
	}
	return 0;
}

int sender_frames(struct kernelhalf *k, uint32_t batch)
{
	uint8_t frame[LOAD_FRAME];
	struct xdp_md context = {
		.data_end = k->load->frame_len,
		.ingress_ifindex = (uint32_t)k->interface,
	};
	struct bpf_test_run_opts options = { .sz = sizeof(options),
					     .data_in = frame,
					     .data_size_in = k->load->frame_len,
					     .ctx_in = &context,
					     .ctx_size_in = sizeof(context),
					     .repeat = INT32_MAX,
					     .flags =
						     BPF_F_TEST_XDP_LIVE_FRAMES,
					     .batch_size = batch };
	int error =
		set_alarm((k->load->length >> LOAD_NS_LOG) / 1000 + SETUP_US);

	if (error) {
		return error;
	}
	memcpy(frame, k->load->frame, sizeof(frame));
	error = bpf_prog_test_run_opts(k->generate, &options);
	return error == -EINTR ? 0 : error;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

/* Until `due`, roughly: a nap takes longer than it should. */
static void sleep_until(uint64_t due)
{
	const struct timespec t = { .tv_sec = (time_t)(due / NS),
				    .tv_nsec = (long)(due % NS) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void put_source(uint8_t *frame, uint32_t addr)
{
	uint16_t check;
	uint32_t sum, wire = htonl(addr);

	memcpy(&check, frame + AT_CHECK, sizeof(check));
	sum = (uint16_t)~ntohs(check);
	sum += (addr >> 16) + (addr & 0xffff);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	check = htons((uint16_t)~sum);
	memcpy(frame + AT_CHECK, &check, sizeof(check));
	memcpy(frame + AT_SOURCE, &wire, sizeof(wire));
}

static void make(const struct load *l, uint64_t turn, uint8_t *frame)
{
	uint32_t addr = LOAD_FIRST + load_client(turn, l->sources);

	memcpy(frame, l->frame, LOAD_FRAME);
	put_source(frame, addr);
	if (l->kind != LOAD_SAME) {
		uint64_t stamp = load_stamp(now_ns(), addr, 0);

		memcpy(frame + AT_TRANSMIT, &stamp, sizeof(stamp));
	}
}

static int open_socket(int interface)
{
	const struct sockaddr_ll at = { .sll_family = AF_PACKET,
					.sll_ifindex = interface };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0) {
		return -errno;
	}
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

/* How many requests are due; what is too late is left out. */
static uint32_t count_due(struct load *l, uint64_t now, uint32_t most)
{
	uint64_t due;

	if (now - l->due > l->late && now > l->due) {
		uint64_t missed = (now - l->due) / l->step;

		l->left_out += missed;
		l->due += missed * l->step;
	}
	due = now < l->due ? 0 : (now - l->due) / l->step + 1;
	return due < most ? (uint32_t)due : most;
}

int sender_packets(struct kernelhalf *k, uint32_t batch)
{
	static uint8_t frames[MOST][LOAD_FRAME];
	static struct iovec parts[MOST];
	static struct mmsghdr messages[MOST];
	struct load *l = k->load;
	uint32_t most = batch < MOST ? batch : MOST;
	int fd = open_socket(k->interface), sent = 0;

	if (fd < 0) {
		return fd;
	}
	for (uint32_t i = 0; i < MOST; i++) {
		parts[i] = (struct iovec){ frames[i], l->frame_len };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i],
						       .msg_iovlen = 1 };
	}
	l->began = l->due = now_ns() << LOAD_NS_LOG;
	while (sent >= 0 && l->due - l->began < l->length) {
		uint64_t now = now_ns() << LOAD_NS_LOG;
		uint32_t due = count_due(l, now, most);

		if (due == 0) {
			sleep_until((l->due >> LOAD_NS_LOG) + NAP_NS);
			continue;
		}
		for (uint32_t i = 0; i < due; i++) {
			make(l, l->sent + i, frames[i]);
		}
		sent = sendmmsg(fd, messages, due, 0);
		if (sent > 0) {
			l->sent += (uint64_t)sent;
			l->due += (uint64_t)sent * l->step;
			l->last = now;
		}
	}
	int error = sent < 0 ? -errno : 0;

	close(fd);
	return error;
}
