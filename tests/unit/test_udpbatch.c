/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches of datagrams over loopback: none lost, none mixed up, and one that
 * cannot be sent keeps no other back.
 */
#include "host/serve/udpbatch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "host/net/stamps.h"

static struct udp_batch batch; /* too large for a stack */

static int bound(const char *host, netaddr *a)
{
	struct sockaddr_storage sa;
	socklen_t size;
	int fd;

	assert_true(netaddr_parse(a, host, strlen(host)));
	fd = udp_open(a);
	assert_true(fd >= 0);
	size = udp_sockaddr(a, &sa);
	if (bind(fd, (struct sockaddr *)&sa, size) != 0) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &size), 0);
	assert_true(udp_netaddr((struct sockaddr *)&sa, a));
	assert_true(stamps_receive(fd));
	return fd;
}

static bool readable(int fd, int wait_ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, wait_ms) == 1;
}

/* Datagram i has i + 1 octets, all of them i. */
static void send_numbered(int fd, const netaddr *to, size_t first, size_t count)
{
	uint8_t data[256];

	for (size_t i = first; i < first + count; i++) {
		memset(data, (int)i, i + 1);
		assert_int_equal(udp_send(fd, data, i + 1, to), 0);
	}
}

static void answer_all(struct udp_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		b->out[i].len = b->in[i].len;
		memcpy(b->out[i].data, b->in[i].data, b->in[i].len);
	}
}

static void expect_numbered(int fd, const netaddr *from, size_t i)
{
	struct datagram d;

	assert_true(readable(fd, 2000));
	assert_int_equal(udp_receive(fd, &d), 0);
	assert_int_equal(d.len, i + 1);
	assert_int_equal(d.data[i], i);
	assert_true(netaddr_equal(&d.from, from));
}

/* All of a burst, in order, in as few calls as there are batches. */
static void play(const char *host, size_t most, size_t total)
{
	netaddr server, client;
	int fd = bound(host, &server), asker = bound(host, &client);
	size_t seen = 0;

	if (fd < 0 || asker < 0) {
		print_message("# no %s on this machine\n", host);
		return;
	}
	udp_batch_init(&batch, most);
	assert_int_equal(udp_receive_batch(fd, &batch), -EAGAIN);
	assert_int_equal(batch.count, 0);
	send_numbered(asker, &server, 0, total);
	while (seen < total) {
		size_t wanted = total - seen < most ? total - seen : most;
		struct udp_sent done;

		assert_true(readable(fd, 2000));
		assert_int_equal(udp_receive_batch(fd, &batch), 0);
		assert_int_equal(batch.count, wanted);
		for (size_t i = 0; i < batch.count; i++) {
			assert_int_equal(batch.in[i].len, seen + i + 1);
			assert_int_equal(batch.in[i].data[0], seen + i);
			assert_true(netaddr_equal(&batch.in[i].from, &client));
			assert_int_equal(batch.out[i].len, 0);
		}
		answer_all(&batch);
		done = udp_send_answers(fd, &batch, 0, batch.count);
		assert_int_equal(done.sent, wanted);
		assert_int_equal(done.failed, 0);
		seen += batch.count;
	}
	for (size_t i = 0; i < total; i++) {
		expect_numbered(asker, &server, i);
	}
	assert_false(readable(asker, 0));
	close(fd);
	close(asker);
}

static void a_burst_comes_in_batches_and_in_order(void **state)
{
	(void)state;
	play("127.0.0.1", UDP_BATCH, 70);
	play("127.0.0.1", 8, 20);
	play("::1", UDP_BATCH, 40);
}

static void a_batch_of_one_is_the_same_one_by_one(void **state)
{
	(void)state;
	play("127.0.0.1", 1, 5);
	play("::1", 1, 5);
}

static void only_what_has_an_answer_is_sent(void **state)
{
	netaddr server, client;
	int fd = bound("127.0.0.1", &server);
	int asker = bound("127.0.0.1", &client);

	(void)state;
	udp_batch_init(&batch, UDP_BATCH);
	send_numbered(asker, &server, 0, 6);
	assert_int_equal(udp_receive_batch(fd, &batch), 0);
	answer_all(&batch);
	batch.out[0].len = batch.out[2].len = batch.out[5].len = 0;
	assert_int_equal(udp_send_answers(fd, &batch, 0, batch.count).sent, 3);
	expect_numbered(asker, &server, 1);
	expect_numbered(asker, &server, 3);
	expect_numbered(asker, &server, 4);
	assert_false(readable(asker, 0));
	close(fd);
	close(asker);
}

/* Nobody has port 0: the kernel sends what is before, and refuses that one. */
static void one_that_is_refused_keeps_no_other_back(void **state)
{
	static const size_t bad[][3] = {
		{ 0, 0, 0 }, { 3, 3, 3 }, { 7, 7, 7 }, { 0, 1, 7 }, { 2, 4, 5 }
	};
	netaddr server, client;
	int fd = bound("127.0.0.1", &server);
	int asker = bound("127.0.0.1", &client);

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(bad); c++) {
		bool refused[8] = { false };
		size_t failed = 0;

		udp_batch_init(&batch, UDP_BATCH);
		send_numbered(asker, &server, 0, 8);
		assert_int_equal(udp_receive_batch(fd, &batch), 0);
		assert_int_equal(batch.count, 8);
		answer_all(&batch);
		for (size_t i = 0; i < 3; i++) {
			batch.from[bad[c][i]].v4.sin_port = 0;
			failed += !refused[bad[c][i]];
			refused[bad[c][i]] = true;
		}
		struct udp_sent done =
			udp_send_answers(fd, &batch, 0, batch.count);

		assert_int_equal(done.failed, failed);
		assert_int_equal(done.sent, 8 - failed);
		for (size_t i = 0; i < 8; i++) {
			if (!refused[i]) {
				expect_numbered(asker, &server, i);
			}
		}
	}
	close(fd);
	close(asker);
}

/* A pair of local sockets has room for a few only. */
static void without_room_the_rest_is_counted(void **state)
{
	int ends[2];
	size_t sent = 0, failed = 0;

	(void)state;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
	udp_batch_init(&batch, UDP_BATCH);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(send(ends[1], "12345", 5, 0), 5);
	}
	assert_int_equal(udp_receive_batch(ends[0], &batch), 0);
	assert_int_equal(batch.count, 8);
	for (int round = 0; failed == 0 && round < 1000; round++) {
		struct udp_sent done;

		for (size_t i = 0; i < batch.count; i++) {
			assert_int_equal(batch.in[i].len, 0); /* from nobody */
			batch.out[i].len = 1000;
		}
		done = udp_send_answers(ends[0], &batch, 0, batch.count);
		assert_int_equal(done.sent + done.failed, 8);
		sent += done.sent;
		failed += done.failed;
	}
	assert_true(failed > 0 && sent > 0);
	for (char data[1000]; sent > 0; sent--) {
		assert_int_equal(recv(ends[1], data, sizeof(data), 0), 1000);
	}
	assert_int_equal(recv(ends[1], &sent, sizeof(sent), 0), -1);
	close(ends[0]);
	close(ends[1]);
}

/* F10, in a batch: what was cut is known, and its neighbours are whole. */
static void what_is_cut_is_known_among_others(void **state)
{
	static const size_t lengths[] = { 48, 0, 2048, 2049, 9000, 48 };
	static uint8_t data[9000];
	netaddr server, client;
	int fd = bound("127.0.0.1", &server);
	int asker = bound("127.0.0.1", &client);

	(void)state;
	udp_batch_init(&batch, UDP_BATCH);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		assert_int_equal(udp_send(asker, data, lengths[i], &server), 0);
	}
	assert_int_equal(udp_receive_batch(fd, &batch), 0);
	assert_int_equal(batch.count, ARRAY_LEN(lengths));
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		bool cut = lengths[i] > UDP_BUFFER;

		assert_int_equal(batch.in[i].truncated, cut);
		assert_int_equal(batch.in[i].len,
				 cut ? UDP_BUFFER : lengths[i]);
	}
	close(fd);
	close(asker);
}

/* A11: the kernel tells of the size of pieces only when there were some. */
static void what_came_in_pieces_is_known(void **state)
{
	static const struct {
		int level, type;
	} told[] = {
		{ IPPROTO_IP, 25 /* IP_RECVFRAGSIZE */ },
		{ IPPROTO_IPV6, 77 /* IPV6_RECVFRAGSIZE */ },
		{ IPPROTO_IP, IP_TTL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {
			0
		};
		struct sockaddr_in from = { .sin_family = AF_INET };
		struct msghdr msg = { .msg_name = &from,
				      .msg_control = room,
				      .msg_controllen = sizeof(room) };
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		struct datagram d;

		c->cmsg_level = told[i].level;
		c->cmsg_type = told[i].type;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		assert_true(udp_unpack(&msg, 48, &d));
		assert_int_equal(d.fragmented, i < 2);
		assert_int_equal(d.len, 48);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_comes_in_batches_and_in_order),
		cmocka_unit_test(a_batch_of_one_is_the_same_one_by_one),
		cmocka_unit_test(only_what_has_an_answer_is_sent),
		cmocka_unit_test(one_that_is_refused_keeps_no_other_back),
		cmocka_unit_test(without_room_the_rest_is_counted),
		cmocka_unit_test(what_is_cut_is_known_among_others),
		cmocka_unit_test(what_came_in_pieces_is_known),
	};

	return cmocka_run_group_tests_name("udpbatch", tests, check_seed, NULL);
}
