/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that serve, with sockets of this test's: who is kept from serving
 * answers nobody, and nothing that came meanwhile is lost. Run under
 * ThreadSanitizer too.
 */
#include "host/serve/workers.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

#define THREADS 2
#define SOCKETS ((size_t)THREADS * SPREAD_SOCKETS)
#define ADDRESSES 40 /* more than a worker has seats for at first */
#define PATIENCE_MS 20000
#define SILENCE_MS 100

/* One address of ours: as many sockets as it would have, each with a port. */
struct spot {
	int fds[SOCKETS];
	struct sockaddr_in at[SOCKETS];
	struct serversock socket;
};

static struct server_shard shards[THREADS];
static struct workers *workers;
static struct spot spots[ADDRESSES];
static int client;

static int open_one(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static void open_spot(unsigned number)
{
	struct spot *p = &spots[number];

	for (size_t i = 0; i < SOCKETS; i++) {
		p->fds[i] = open_one(&p->at[i]);
	}
	p->socket =
		(struct serversock){ .fd = p->fds[0],
				     .shared = p->fds,
				     .number = number,
				     .addr = netaddr_v4(INADDR_LOOPBACK, 123) };
}

static void tell(void)
{
	const struct view view = { .leap = LEAP_NONE, .stratum = 3 };

	while (!workers_publish(workers, &view)) {
		usleep(1000);
	}
}

static int start(void **state)
{
	struct sockaddr_in any;

	(void)state;
	memset(shards, 0, sizeof(shards));
	workers = workers_start(THREADS, shards);
	if (!workers || workers_count(workers) != THREADS) {
		return -1;
	}
	for (unsigned i = 0; i < ADDRESSES; i++) {
		open_spot(i);
		if (!workers_add(workers, &spots[i].socket, THREADS)) {
			return -1;
		}
	}
	client = open_one(&any);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	workers_end(workers);
	workers = NULL;
	for (unsigned i = 0; i < ADDRESSES; i++) {
		for (size_t j = 0; j < SOCKETS; j++) {
			close(spots[i].fds[j]);
		}
	}
	close(client);
	return 0;
}

/* All sockets of all spots, once. */
static void ask_all(void)
{
	const uint8_t request[48] = { 0x23, [47] = 1 };

	for (unsigned i = 0; i < ADDRESSES; i++) {
		for (size_t j = 0; j < SOCKETS; j++) {
			const struct sockaddr_in *to = &spots[i].at[j];

			assert_int_equal(sendto(client, request,
						sizeof(request), 0,
						(const struct sockaddr *)to,
						sizeof(*to)),
					 sizeof(request));
		}
	}
}

/* How many answers came until there were so many, or it was silent. */
static size_t heard(size_t most, int silence_ms)
{
	struct pollfd p = { .fd = client, .events = POLLIN };
	uint8_t answer[100];
	size_t count = 0;

	while (count < most && poll(&p, 1, silence_ms) > 0) {
		count += recv(client, answer, sizeof(answer), 0) == 48;
	}
	return count;
}

static uint64_t served(void)
{
	struct io_counts sum = { 0 };

	workers_io(workers, &sum);
	return sum.sent;
}

static void each_socket_is_served_by_its_thread(void **state)
{
	(void)state;
	tell();
	ask_all();
	assert_int_equal(heard(ADDRESSES * SOCKETS, PATIENCE_MS),
			 ADDRESSES * SOCKETS);
	assert_int_equal(served(), ADDRESSES * SOCKETS);
}

static void who_is_held_answers_afterwards(void **state)
{
	(void)state;
	tell();
	for (int i = 0; i < 20; i++) {
		uint64_t before;

		workers_hold(workers);
		workers_hold(workers); /* may be nested */
		before = served();
		ask_all();
		workers_release(workers);
		usleep(1000);
		assert_int_equal(served(), before);
		tell(); /* never refused while they are held */
		workers_release(workers);
		assert_int_equal(heard(ADDRESSES * SOCKETS, PATIENCE_MS),
				 ADDRESSES * SOCKETS);
	}
}

static void who_is_taken_from_them_is_silent(void **state)
{
	const size_t wanted = (ADDRESSES - 1) * SOCKETS;

	(void)state;
	tell();
	workers_remove(workers, 7);
	ask_all();
	assert_int_equal(heard(wanted, PATIENCE_MS), wanted);
	assert_int_equal(heard(1, SILENCE_MS), 0);
	/* And answered when it is theirs again. */
	assert_true(workers_add(workers, &spots[7].socket, THREADS));
	assert_int_equal(heard(SOCKETS, PATIENCE_MS), SOCKETS);
}

/* The view that they have may be of settings that are no more. */
static void who_is_held_at_the_end_answers_no_more(void **state)
{
	(void)state;
	tell();
	workers_hold(workers);
	ask_all();
	usleep(SILENCE_MS * 1000); /* they have come as far as the gate */
	workers_end(workers);
	workers = NULL;
	assert_int_equal(heard(1, SILENCE_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_socket_is_served_by_its_thread, start, stop),
		cmocka_unit_test_setup_teardown(who_is_held_answers_afterwards,
						start, stop),
		cmocka_unit_test_setup_teardown(
			who_is_taken_from_them_is_silent, start, stop),
		cmocka_unit_test_setup_teardown(
			who_is_held_at_the_end_answers_no_more, start, stop),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
