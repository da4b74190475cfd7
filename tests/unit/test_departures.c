/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When answers left, by the kernel that runs the test: whole batches over
 * loopback, to clients of both modes.
 */
#include "check.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clock/sysclock.h"
#include "host/net/stamps.h"
#include "host/serve/serve.h"
#include "opensock.h"

#define CLIENTS 8
#define PATIENCE_MS 10000

struct client {
	int fd;
	struct packet q, a;
	tstamp origin, asked, answered;
};

struct fixture {
	struct serving *serving;
	struct server_shard shard;
	struct io_counts io;
	struct socket_counts counts;
	struct serve_socket socket;
	struct view view;
	struct client clients[CLIENTS];
};

static struct fixture *begin(size_t most)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->serving = serve_begin(most);
	assert_non_null(f->serving);
	assert_non_null(f->serving->departures.held);
	f->serving->shard = &f->shard;
	f->serving->io = &f->io;
	f->view = (struct view){ .stratum = 2, .precision = -25 };
	f->socket.counts = &f->counts;
	f->socket.addr = netaddr_v4(0x7f000001, 0);
	f->socket.fd = open_at(&f->socket.addr);
	(void)stamps_receive(f->socket.fd);
	for (size_t i = 0; i < CLIENTS; i++) {
		netaddr mine = netaddr_v4(0x7f000002 + (uint32_t)i, 0);

		f->clients[i].fd = open_at(&mine);
	}
	return f;
}

static void end(struct fixture *f)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		close(f->clients[i].fd);
	}
	close(f->socket.fd);
	serve_end(f->serving);
	free(f);
}

static void ask(const struct fixture *f, struct client *c, bool follows)
{
	uint8_t bytes[PACKET_LEN];
	struct writer w = writer_over(bytes, sizeof(bytes));

	c->q = (struct packet){ .version = 4,
				.mode = MODE_CLIENT,
				.transmit = { check_rng() } };
	if (follows) {
		c->q.origin = c->origin;
		c->q.receive.v = check_rng();
	}
	packet_write(&c->q, &w);
	c->asked = sysclock_wall();
	assert_int_equal(udp_send(c->fd, bytes, sizeof(bytes), &f->socket.addr),
			 0);
}

static void wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

static void hear(struct client *c)
{
	struct datagram d;

	wait_for(c->fd);
	assert_int_equal(udp_receive(c->fd, &d), 0);
	c->answered = sysclock_wall();
	assert_int_equal(d.len, PACKET_LEN);
	struct reader r = reader_over(d.data, d.len);

	assert_int_equal(packet_parse(&c->a, &r), PACKET_OK);
	c->origin = c->a.receive;
}

/* All ask at once; every other one in the interleaved mode. */
static void round_of(struct fixture *f)
{
	size_t served = 0;

	for (size_t i = 0; i < CLIENTS; i++) {
		ask(f, &f->clients[i], i % 2 == 0);
	}
	while (served < CLIENTS) {
		wait_for(f->socket.fd);
		served += serve_batch(f->serving, &f->socket, &f->view);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		hear(&f->clients[i]);
	}
}

/* Between the transmit stamp that was written and its arrival. */
static void check_stamps(struct fixture *f)
{
	tstamp asked[CLIENTS], answered[CLIENTS];

	round_of(f); /* its stamps are not held: nobody had asked for that */
	round_of(f);
	for (unsigned n = 0; n < 50; n++) {
		for (size_t i = 0; i < CLIENTS; i++) {
			asked[i] = f->clients[i].asked;
			answered[i] = f->clients[i].answered;
		}
		round_of(f);
		for (size_t i = 0; i < CLIENTS; i++) {
			const struct client *c = &f->clients[i];

			if (i % 2) {
				assert_true(tstamp_equal(c->a.origin,
							 c->q.transmit));
				continue;
			}
			assert_true(tstamp_equal(c->a.origin, c->q.receive));
			assert_true(tstamp_before(asked[i], c->a.transmit));
			assert_true(tstamp_before(c->a.transmit, answered[i]));
		}
	}
	assert_int_equal(f->shard.interleaved, 50 * CLIENTS / 2);
}

static void the_kernel_says_when_each_of_a_batch_left(void **state)
{
	(void)state;
	struct fixture *f = begin(UDP_BATCH);

	check_stamps(f);
	/* Nothing is left that would wake who waits for the socket. */
	struct pollfd p = { .fd = f->socket.fd, .events = POLLIN };

	(void)serve_batch(f->serving, &f->socket, &f->view);
	assert_int_equal(poll(&p, 1, 0), 0);
	end(f);
}

static void our_own_clock_will_do_where_the_kernel_is_not_asked(void **state)
{
	(void)state;
	struct fixture *f = begin(1);

	check_stamps(f);
	end(f);
}

/* A stamp of what nobody awaits, and no memory: answers go on. */
static void without_memory_there_is_the_basic_mode(void **state)
{
	(void)state;
	struct fixture *f = begin(UDP_BATCH);

	departures_end(&f->serving->departures);
	for (unsigned n = 0; n < 5; n++) {
		round_of(f);
		for (size_t i = 0; i < CLIENTS; i++) {
			assert_true(tstamp_equal(f->clients[i].a.origin,
						 f->clients[i].q.transmit));
		}
	}
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_says_when_each_of_a_batch_left),
		cmocka_unit_test(
			our_own_clock_will_do_where_the_kernel_is_not_asked),
		cmocka_unit_test(without_memory_there_is_the_basic_mode),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
