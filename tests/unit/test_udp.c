/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets, addresses and stamps, against the kernel that runs the test. */
#include "check.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "host/clock/sysclock.h"
#include "host/net/clientsock.h"
#include "host/net/stamps.h"
#include "host/net/udp.h"

static netaddr parse(const char *s)
{
	netaddr a;

	assert_true(netaddr_parse(&a, s, strlen(s)));
	return a;
}

static void addresses_survive_the_way_to_the_kernel_and_back(void **state)
{
	(void)state;
	FORALL(10000) {
		struct sockaddr_storage sa;
		netaddr back, a = netaddr_v4((uint32_t)check_rng(),
					     (uint16_t)check_rng());

		if (check_rng() & 1) {
			uint64_t bits[2] = { check_rng(), check_rng() };

			memcpy(a.ip, bits, sizeof(a.ip));
			a.ip[0] = 0x20; /* not IPv4 in disguise */
			a.scope = (uint32_t)check_rng();
		}
		assert_true(udp_sockaddr(&a, &sa) > 0);
		assert_true(udp_netaddr((struct sockaddr *)&sa, &back));
		assert_true(netaddr_equal(&a, &back));
	}
}

static void other_families_are_refused(void **state)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	netaddr a;

	(void)state;
	assert_false(udp_netaddr((struct sockaddr *)&sa, &a));
}

/* A bound socket on a loopback address; its address with the port. */
static int listen_on(const char *host, netaddr *a)
{
	struct sockaddr_storage sa;
	socklen_t size;
	int fd;

	*a = parse(host);
	fd = udp_open(a);
	if (fd < 0) {
		return fd;
	}
	size = udp_sockaddr(a, &sa);
	if (bind(fd, (struct sockaddr *)&sa, size) != 0) {
		close(fd);
		return -errno;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &size), 0);
	assert_true(udp_netaddr((struct sockaddr *)&sa, a));
	udp_want_destination(fd, a, true);
	assert_true(stamps_receive(fd));
	return fd;
}

static void wait_readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	assert_int_equal(poll(&p, 1, 2000), 1);
}

static void say_hello(const char *host)
{
	struct datagram d;
	netaddr to, mine = parse(host);
	int fd = listen_on(host, &to), sender = udp_open(&mine);
	tstamp before;

	if (fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT) {
		print_message("# no %s on this machine\n", host);
		return;
	}
	assert_true(fd >= 0 && sender >= 0);
	assert_int_equal(udp_receive(fd, &d), -EAGAIN);
	for (int i = 0; i < 20; i++) {
		/* The kernel may begin to stamp a moment after it was asked. */
		before = sysclock_wall();
		assert_int_equal(
			udp_send(sender, (const uint8_t *)"hello", 5, &to), 0);
		wait_readable(fd);
		assert_int_equal(udp_receive(fd, &d), 0);
		if (d.stamped) {
			break;
		}
		(void)poll(NULL, 0, 20);
	}
	assert_int_equal(d.len, 5);
	assert_memory_equal(d.data, "hello", 5);
	assert_true(netaddr_same_host(&d.to, &to));
	assert_true(netaddr_same_host(&d.from, &to));
	assert_true(d.interface > 0);
	assert_false(d.truncated || d.fragmented);
	assert_true(d.stamped);
	assert_false(tstamp_before(d.at, before));
	assert_false(tstamp_before(sysclock_wall(), d.at));
	close(fd);
	close(sender);
}

static void a_datagram_comes_with_stamp_and_destination(void **state)
{
	(void)state;
	say_hello("127.0.0.1");
	say_hello("::1");
}

/* F10: more than the buffer is cut, and known to be; nothing is fine too. */
static void a_long_datagram_is_known_to_be_cut(void **state)
{
	static const size_t lengths[] = { 0, 1, 47, 48, 2048, 2049, 9000 };
	static uint8_t data[9000];
	struct datagram d;
	netaddr to;
	int fd = listen_on("127.0.0.1", &to), sender = udp_open(&to);

	(void)state;
	assert_true(fd >= 0 && sender >= 0);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		assert_int_equal(udp_send(sender, data, lengths[i], &to), 0);
		wait_readable(fd);
		assert_int_equal(udp_receive(fd, &d), 0);
		assert_int_equal(d.truncated, lengths[i] > UDP_BUFFER);
		assert_int_equal(d.len, d.truncated ? UDP_BUFFER : lengths[i]);
	}
	close(fd);
	close(sender);
}

static const source_id source = { 7, 3 };

static struct clientsock *ask(struct clientsocks *cs, const netaddr *to,
			      uint16_t exchange)
{
	const struct clientsock request = { .source = source,
					    .exchange = exchange };
	uint8_t data[48] = { 0x23 };

	clientsocks_send(cs, &request, to, data, sizeof(data));
	assert_int_equal(cs->count, 1);
	return &cs->items[0];
}

static void a_request_is_stamped_by_the_kernel(void **state)
{
	struct clientsocks cs;
	struct event ev = { .kind = EVENT_TICK };
	netaddr to;
	int fd = listen_on("127.0.0.1", &to);
	struct clientsock *s;
	struct pollfd p;

	(void)state;
	clientsocks_init(&cs, 46);
	s = ask(&cs, &to, 42);
	p = (struct pollfd){ s->fd, POLLIN | STAMPS_POLL, 0 };
	assert_int_equal(poll(&p, 1, 2000), 1);
	assert_true(p.revents & (POLLERR | STAMPS_POLL));
	assert_true(clientsock_error(s, &ev));
	assert_int_equal(ev.kind, EVENT_SENT);
	assert_int_equal(ev.sent.exchange, 42);
	assert_int_equal(ev.sent.origin, STAMP_KERNEL);
	assert_false(tstamp_before(ev.sent.at, s->sent));
	/* Told once; not a second time by giving up. */
	assert_false(clientsock_give_up(s, &ev));
	clientsocks_free(&cs);
	close(fd);
}

static void without_a_stamp_our_own_reading_is_told_once(void **state)
{
	struct clientsocks cs;
	struct event ev = { .kind = EVENT_TICK };
	struct moment now;
	instant wake;
	netaddr to;
	int fd = listen_on("127.0.0.1", &to);
	struct clientsock *s;

	(void)state;
	clientsocks_init(&cs, 46);
	s = ask(&cs, &to, 43);
	now = sysclock_read();
	wake = instant_add(now.now, SPAN_S(60));
	s->limit = instant_add(now.now, SPAN_S(1));
	assert_false(clientsocks_due(&cs, now.now, &ev, &wake));
	assert_int_equal(instant_diff(wake, s->limit).v, 0);
	assert_true(clientsocks_due(&cs, s->limit, &ev, &wake));
	assert_int_equal(ev.kind, EVENT_SENT);
	assert_int_equal(ev.sent.origin, STAMP_DAEMON);
	assert_true(tstamp_equal(ev.sent.at, s->sent));
	assert_false(clientsocks_due(&cs, s->limit, &ev, &wake));
	clientsocks_free(&cs);
	close(fd);
}

static void what_is_sent_is_marked(void **state)
{
	struct clientsocks cs;
	netaddr to;
	int fd = listen_on("127.0.0.1", &to), value = 0;
	socklen_t size = sizeof(value);

	(void)state;
	clientsocks_init(&cs, 46);
	const struct clientsock *s = ask(&cs, &to, 1);

	assert_int_equal(getsockopt(s->fd, IPPROTO_IP, IP_TOS, &value, &size),
			 0);
	assert_int_equal(value, 46 << 2);
	clientsocks_free(&cs);
	close(fd);
}

/* A7: a fresh port for each request, and none of them ours to guess. */
static void each_request_has_a_port_of_its_own(void **state)
{
	static bool seen[65536];
	struct clientsocks cs;
	netaddr to;
	int fd = listen_on("127.0.0.1", &to), distinct = 0;

	(void)state;
	clientsocks_init(&cs, 46);
	for (uint16_t i = 0; i < 500; i++) {
		const struct clientsock *s = ask(&cs, &to, i);

		assert_true(s->local.port != NTP_PORT && s->local.port > 0);
		distinct += !seen[s->local.port];
		seen[s->local.port] = true;
	}
	assert_true(distinct >= 480);
	clientsocks_close(&cs, source);
	assert_int_equal(cs.count, 0);
	clientsocks_free(&cs);
	close(fd);
}

static void nobody_there_is_a_failed_request_and_the_socket_stays(void **state)
{
	struct clientsocks cs;
	struct event ev = { .kind = EVENT_TICK };
	netaddr to;
	struct clientsock *s;
	bool failed = false;

	(void)state;
	close(listen_on("127.0.0.1", &to));
	clientsocks_init(&cs, 46);
	s = ask(&cs, &to, 44);
	for (int i = 0; i < 4 && !failed; i++) {
		struct pollfd p = { s->fd, POLLIN | STAMPS_POLL, 0 };

		assert_int_equal(poll(&p, 1, 2000), 1);
		failed = clientsock_error(s, &ev) && ev.kind == EVENT_FAILED;
	}
	assert_true(failed);
	assert_int_equal(ev.failed.exchange, 44);
	/* A12: ICMP can be forged, so the true answer may still come. */
	assert_true(s->fd >= 0);
	clientsocks_free(&cs);
}

static void an_address_without_a_way_fails_at_once(void **state)
{
	struct clientsocks cs;
	struct event ev = { .kind = EVENT_TICK };
	instant wake = { INT64_MAX };
	netaddr to = parse("255.255.255.255");

	(void)state;
	to.port = NTP_PORT;
	clientsocks_init(&cs, 46);
	(void)ask(&cs, &to, 45); /* broadcast: never allowed without asking */
	assert_true(clientsocks_due(&cs, (instant){ 0 }, &ev, &wake));
	assert_int_equal(ev.kind, EVENT_FAILED);
	assert_int_equal(ev.failed.exchange, 45);
	assert_false(clientsocks_due(&cs, (instant){ 0 }, &ev, &wake));
	clientsocks_free(&cs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			addresses_survive_the_way_to_the_kernel_and_back),
		cmocka_unit_test(other_families_are_refused),
		cmocka_unit_test(a_datagram_comes_with_stamp_and_destination),
		cmocka_unit_test(a_long_datagram_is_known_to_be_cut),
		cmocka_unit_test(what_is_sent_is_marked),
		cmocka_unit_test(a_request_is_stamped_by_the_kernel),
		cmocka_unit_test(without_a_stamp_our_own_reading_is_told_once),
		cmocka_unit_test(each_request_has_a_port_of_its_own),
		cmocka_unit_test(
			nobody_there_is_a_failed_request_and_the_socket_stays),
		cmocka_unit_test(an_address_without_a_way_fails_at_once),
	};

	return cmocka_run_group_tests_name("udp", tests, check_seed, NULL);
}
