/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers that Samba signs: what it is asked, and that nothing it does or does
 * not do is waited for, or sent when it is not ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "host/serve/signd.h"
#include "scratch.h"

#define ASKED 68 /* the length of a frame of ours */

static const char *path, *log_path;
static struct journal journal;
static struct signd signd;
static int listener, samba;
static uint8_t request[SIGND_SIGNED], answer[PACKET_LEN];
static struct signd_job job;
static uint8_t packet[SIGND_SIGNED];

static instant at(double s)
{
	return instant_add((instant){ INT64_C(1) << 40 }, span_from_seconds(s));
}

static void listen_at(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	(void)unlink(sa.sun_path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(listener, 4), 0);
}

static int begin(void **state)
{
	(void)state;
	if (scratch_make() != 0) {
		return -1;
	}
	path = scratch_file("socket");
	log_path = scratch_file("log");
	if (!journal_into(&journal, log_path)) {
		return -1;
	}
	signd_init(&signd, scratch, &journal);
	for (size_t i = 0; i < sizeof(request); i++) {
		request[i] = (uint8_t)(i < PACKET_LEN + 4 ? i : 0);
	}
	for (size_t i = 0; i < sizeof(answer); i++) {
		answer[i] = (uint8_t)(0x80 + i);
	}
	listen_at();
	samba = -1;
	return 0;
}

static int end(void **state)
{
	signd_close(&signd);
	journal_close(&journal);
	(void)close(listener);
	if (samba >= 0) {
		(void)close(samba);
	}
	return scratch_remove(state);
}

static void ask(double s)
{
	const struct request req = { .data = request,
				     .len = sizeof(request),
				     .from = netaddr_v4(0xc0000201, 4711),
				     .to = netaddr_v4(0xc0000202, 123) };

	signd_ask(&signd, &req, answer, at(s));
}

/* What Samba reads of it; accepted first, if need be. */
static void read_frame(uint8_t frame[ASKED])
{
	if (samba < 0) {
		samba = accept(listener, NULL, NULL);
	}
	assert_true(samba >= 0);
	assert_int_equal(recv(samba, frame, ASKED, MSG_WAITALL), ASKED);
}

/* To the question `frame`. */
static size_t make_reply(uint8_t reply[SIGND_FRAME], const uint8_t *frame,
			 uint32_t op)
{
	struct writer w = writer_over(reply, SIGND_FRAME);

	write_u32(&w, 12 + SIGND_SIGNED);
	write_u32(&w, 0);
	write_u32(&w, op);
	write_u32(&w, (uint32_t)(frame[12] << 8 | frame[13]));
	memcpy(reply + 16, frame + 20, PACKET_LEN);
	memcpy(reply + 16 + PACKET_LEN, frame + 16, 4);
	memset(reply + 16 + PACKET_LEN + 4, 0x5a, SERVER_SAMBA_MAC);
	return SIGND_FRAME;
}

static void say(const uint8_t *reply, size_t len)
{
	assert_int_equal(send(samba, reply, len, MSG_NOSIGNAL), (ssize_t)len);
}

static bool take(double s)
{
	return signd_take(&signd, at(s), &job, packet);
}

/* The bytes, as Samba's ntp_signd.idl has them. */
static void it_is_asked_in_its_own_words(void **state)
{
	static const uint8_t head[20] = {
		0, 0, 0, 64, 0, 0, 0,  0,  0,  0,
		0, 0, 0, 1,  0, 0, 48, 49, 50, 51 /* the key as it came */
	};
	uint8_t frame[ASKED], reply[SIGND_FRAME];

	(void)state;
	ask(0);
	read_frame(frame);
	assert_memory_equal(frame, head, sizeof(head));
	assert_memory_equal(frame + 20, answer, PACKET_LEN);
	assert_false(take(0.1));
	say(reply, make_reply(reply, frame, 3));
	assert_true(take(0.2));
	assert_memory_equal(packet, answer, PACKET_LEN);
	assert_memory_equal(packet + PACKET_LEN, request + PACKET_LEN, 4);
	assert_int_equal(packet[SIGND_SIGNED - 1], 0x5a);
	assert_true(job.from.port == 4711 && job.to.port == 123);
	assert_false(take(0.3));
	assert_int_equal(signd.granted, 1);
}

/* Several at once, answered in any order and in any pieces. */
static void replies_are_told_apart(void **state)
{
	uint8_t frames[3][ASKED], reply[SIGND_FRAME];
	unsigned got = 0;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		answer[40] = (uint8_t)i;
		ask(0);
		read_frame(frames[i]);
	}
	for (unsigned i = 3; i-- > 0;) {
		make_reply(reply, frames[i], 3);
		for (size_t n = 0; n < sizeof(reply); n++) {
			say(reply + n, 1);
			if (take(0.1)) {
				assert_int_equal(n, sizeof(reply) - 1);
				assert_int_equal(packet[40], i);
				got++;
			}
		}
	}
	assert_int_equal(got, 3);
}

static void what_is_not_ours_is_not_sent(void **state)
{
	uint8_t frame[ASKED], reply[SIGND_FRAME];

	(void)state;
	/* Every octet of the packet and of the key's number counts. */
	for (size_t i = 16; i < 16 + PACKET_LEN + 4; i++) {
		ask(0);
		read_frame(frame);
		make_reply(reply, frame, 3);
		reply[i] ^= 1;
		say(reply, sizeof(reply));
		assert_false(take(0.1));
	}
	/* Refused; of another version; of a number that nobody has. */
	for (unsigned way = 0; way < 3; way++) {
		ask(0);
		read_frame(frame);
		make_reply(reply, frame, way == 0 ? 4 : 3);
		reply[7] = way == 1;
		reply[13] ^= way == 2 ? 0x80 : 0;
		say(reply, sizeof(reply));
		assert_false(take(0.1));
	}
	/* A reply without a packet. */
	ask(0);
	read_frame(frame);
	make_reply(reply, frame, 4);
	reply[3] = 12;
	say(reply, 16);
	assert_false(take(0.1));
	assert_int_equal(signd.granted, 0);
	assert_true(signd.fd >= 0);
	/* The same again is nothing. */
	ask(0);
	read_frame(frame);
	make_reply(reply, frame, 3);
	say(reply, sizeof(reply));
	say(reply, sizeof(reply));
	assert_true(take(0.1));
	assert_false(take(0.1));
}

static void a_frame_of_no_length_ends_the_connection(void **state)
{
	static const uint32_t lens[] = { 0, 11, SIGND_FRAME - 3, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		uint8_t frame[ASKED], reply[SIGND_FRAME] = { 0 };
		struct writer w = writer_over(reply, sizeof(reply));

		ask(10 * (double)i);
		read_frame(frame);
		write_u32(&w, lens[i]);
		say(reply, sizeof(reply));
		assert_false(take(10 * (double)i));
		assert_int_equal(signd.fd, -1);
		(void)close(samba);
		samba = -1;
	}
}

/* It is tried again, but not for each request. */
static void who_is_not_there_costs_nothing(void **state)
{
	uint8_t frame[ASKED];

	(void)state;
	(void)close(listener);
	for (unsigned i = 0; i < 100; i++) {
		ask(0);
		assert_int_equal(signd.fd, -1);
	}
	assert_int_equal(signd.lost, 100);
	assert_int_equal(lines_with(log_path, "are not answered"), 1);
	listen_at();
	ask(1);
	assert_int_equal(signd.fd, -1);
	ask(3);
	assert_true(signd.fd >= 0);
	read_frame(frame);
	/* It goes away in the middle. */
	(void)close(samba);
	samba = -1;
	assert_false(take(3.1));
	assert_int_equal(signd.fd, -1);
	assert_int_equal(signd.lost, 102);
}

/* Whoever takes and never answers is given up, and his places are free. */
static void who_hangs_is_given_up(void **state)
{
	uint8_t frame[ASKED];

	(void)state;
	for (unsigned i = 0; i < SIGND_JOBS + 10; i++) {
		ask(0);
	}
	assert_int_equal(signd.lost, 10);
	ask(1.9);
	assert_int_equal(signd.lost, 11);
	ask(2.1);
	assert_int_equal(signd.fd, -1);
	ask(5);
	assert_true(signd.fd >= 0);
	samba = accept(listener, NULL, NULL); /* the old one */
	(void)close(samba);
	samba = -1;
	read_frame(frame);
	assert_memory_equal(frame + 20, answer, PACKET_LEN);
}

/* Whoever does not even read fills his own buffer only. */
static void who_does_not_read_does_not_block(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		ask(i * 3.0); /* each finds that the one before has hung */
		(void)take(i * 3.0);
		if (signd.fd < 0 && i > 10) {
			return;
		}
	}
	fail();
}

static void a_path_that_is_too_long_is_said_and_survived(void **state)
{
	char dir[200];

	(void)state;
	memset(dir, 'a', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	signd_init(&signd, dir, &journal);
	assert_false(signd.usable);
	ask(0);
	assert_int_equal(signd.lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(it_is_asked_in_its_own_words),
		TEST(replies_are_told_apart),
		TEST(what_is_not_ours_is_not_sent),
		TEST(a_frame_of_no_length_ends_the_connection),
		TEST(who_is_not_there_costs_nothing),
		TEST(who_hangs_is_given_up),
		TEST(who_does_not_read_does_not_block),
		TEST(a_path_that_is_too_long_is_said_and_survived),
#undef TEST
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
