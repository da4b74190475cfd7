/* SPDX-License-Identifier: BSD-2-Clause */
/* When one datagram left, by the kernel that runs the test, over loopback. */
#include "check.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/net/stamped.h"
#include "host/net/stamps.h"
#include "host/net/udp.h"
#include "opensock.h"

struct pair {
	int from, to;
	netaddr there;
};

static struct pair begin(bool v6)
{
	static const netaddr loopback6 = { .ip = { [15] = 1 } };
	netaddr here = v6 ? loopback6 : netaddr_v4(0x7f000001, 0);
	struct pair p = { .there = here };

	p.from = open_at(&here);
	p.to = open_at(&p.there);
	assert_true(stamps_receive(p.from));
	return p;
}

static void end(struct pair *p)
{
	close(p->from);
	close(p->to);
}

static void it_is_between_two_readings(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct pair p = begin(v6);
		struct stamped left;
		uint8_t bytes[72] = { 1 }, got[128];
		tstamp before = sysclock_wall();

		assert_int_equal(stamped_send(p.from, bytes, sizeof(bytes),
					      &p.there, true, &left),
				 0);
		tstamp after = sysclock_wall();

		assert_int_equal(left.origin, STAMP_KERNEL);
		assert_true(tstamp_diff(left.at.wall, before).v >= 0);
		assert_true(tstamp_diff(after, left.at.wall).v >= 0);
		assert_int_equal(recv(p.to, got, sizeof(got), 0),
				 sizeof(bytes));
		assert_memory_equal(got, bytes, sizeof(bytes));
		end(&p);
	}
}

/* What others sent before is in the queue too. */
static void a_stamp_of_another_is_not_taken(void **state)
{
	uint8_t bytes[2][72] = { { 1 }, { 2 } };
	struct stamped left[2];
	struct pair p = begin(false);
	union {
		char room[64];
		struct cmsghdr align;
	} wish;
	struct sockaddr_storage sa;
	socklen_t size = udp_sockaddr(&p.there, &sa);
	struct iovec piece = { bytes[0], sizeof(bytes[0]) };
	struct msghdr msg = { .msg_name = &sa,
			      .msg_namelen = size,
			      .msg_iov = &piece,
			      .msg_iovlen = 1,
			      .msg_control = wish.room,
			      .msg_controllen = stamps_wish(
				      wish.room, sizeof(wish.room)) };

	(void)state;
	assert_int_equal(sendmsg(p.from, &msg, 0), sizeof(bytes[0]));
	tstamp between = sysclock_wall();

	assert_int_equal(stamped_send(p.from, bytes[1], sizeof(bytes[1]),
				      &p.there, true, &left[1]),
			 0);
	assert_int_equal(left[1].origin, STAMP_KERNEL);
	assert_true(tstamp_diff(left[1].at.wall, between).v >= 0);
	/* None is left for who comes next. */
	assert_int_equal(stamps_take(p.from, &between, bytes[0],
				     sizeof(bytes[0]), &(size_t){ 0 }),
			 STAMPS_NONE);
	end(&p);
}

static void where_none_comes_it_is_our_own_clock(void **state)
{
	struct pair p = begin(false);
	struct stamped left;
	uint8_t bytes[48] = { 1 };
	tstamp before = sysclock_wall();

	(void)state;
	assert_int_equal(stamped_send(p.from, bytes, sizeof(bytes), &p.there,
				      false, &left),
			 0);
	assert_int_equal(left.origin, STAMP_DAEMON);
	assert_true(tstamp_diff(left.at.wall, before).v >= 0);
	end(&p);
	assert_true(stamped_send(p.from, bytes, sizeof(bytes), &p.there, true,
				 &left) < 0);
	assert_int_equal(left.origin, STAMP_DAEMON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_between_two_readings),
		cmocka_unit_test(a_stamp_of_another_is_not_taken),
		cmocka_unit_test(where_none_comes_it_is_our_own_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
