/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a supervisor is told, to the letter, and that nobody waits for one who
 * does not listen.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"
#include "host/clock/sysclock.h"
#include "host/system/notify.h"
#include "scratch.h"

static char path[96];
static int listener;
static struct notify n;

static void listen_there(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 5 };

	memcpy(at.sun_path, path, strlen(path) + 1);
	listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_return_code(
		bind(listener, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_return_code(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO,
				      &patience, sizeof(patience)),
			   0);
}

static int begin(void **state)
{
	(void)state;
	if (scratch_make() != 0) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s/notify", scratch);
	listen_there();
	(void)setenv("NOTIFY_SOCKET", path, 1);
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	notify_init(&n);
	return 0;
}

static int end(void **state)
{
	notify_close(&n);
	close(listener);
	(void)unlink(path);
	return scratch_remove(state);
}

/* The next message; empty: there is none. */
static const char *heard(int flags)
{
	static char lines[1024];
	ssize_t len = recv(listener, lines, sizeof(lines) - 1, flags);

	lines[len > 0 ? len : 0] = '\0';
	return lines;
}

#define assert_heard(words) assert_string_equal(heard(0), words)
#define assert_silence() assert_string_equal(heard(MSG_DONTWAIT), "")

static void test_says_nothing_where_nobody_asked(void **state)
{
	static const char *const names[] = { "", "/", "@", "x", "a/b" };

	(void)state;
	(void)unsetenv("NOTIFY_SOCKET");
	notify_open(&n);
	assert_int_equal(n.fd, -1);
	notify_ready(&n);
	notify_store(&n, 0, &(netaddr){ .port = 123 });
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)setenv("NOTIFY_SOCKET", names[i], 1);
		notify_open(&n);
		assert_int_equal(n.fd, -1);
	}
	assert_silence();
}

static void test_a_name_may_fill_its_room_and_no_more(void **state)
{
	char name[sizeof(n.to.sun_path) + 1];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	(void)setenv("NOTIFY_SOCKET", name, 1);
	notify_open(&n);
	assert_int_equal(n.fd, -1);
	name[sizeof(name) - 2] = '\0';
	(void)setenv("NOTIFY_SOCKET", name, 1);
	notify_open(&n);
	assert_return_code(n.fd, 0);
	notify_ready(&n); /* nobody is there */
	assert_silence();
}

static void test_a_life_in_words(void **state)
{
	char *end_of;

	(void)state;
	notify_open(&n);
	notify_ready(&n);
	assert_heard("READY=1");
	notify_reloading(&n);
	const char *lines = heard(0);
	const char first[] = "RELOADING=1\nMONOTONIC_USEC=";

	assert_memory_equal(lines, first, strlen(first));
	assert_true(strtoull(lines + strlen(first), &end_of, 10) > 0);
	assert_int_equal(*end_of, '\0');
	notify_stopping(&n);
	assert_heard("STOPPING=1");
	assert_silence();
}

static void test_the_status_is_told_when_it_is_new(void **state)
{
	struct view v = { .leap = LEAP_UNSYNC, .stratum = 16 };
	const netaddr six = { .ip = { 0x20, 1, 0xd, 0xb8, [15] = 9 } };

	(void)state;
	notify_open(&n);
	for (int i = 0; i < 3; i++) {
		notify_view(&n, &v);
	}
	assert_heard("STATUS=unsynchronised");
	assert_silence();
	v = (struct view){ .stratum = 3, .refid = 0xc0000201 };
	notify_view(&n, &v);
	v.root_disp = SPAN_S(1);
	notify_view(&n, &v);
	assert_heard("STATUS=synchronised to NTP server (192.0.2.1) at "
		     "stratum 3");
	assert_silence();
	notify_lead(&n, &six);
	notify_view(&n, &v);
	assert_heard("STATUS=synchronised to NTP server (2001:db8::9) at "
		     "stratum 3");
	v.stratum = 1;
	notify_view(&n, &v);
	assert_heard("STATUS=synchronised to a reference clock at stratum 1");
	v.stratum = 6;
	v.refid = 0x7f7f0100;
	notify_view(&n, &v);
	assert_heard("STATUS=synchronised to this host's own clock at "
		     "stratum 6");
}

static void test_signs_of_life(void **state)
{
	instant now = sysclock_read().now, far = instant_add(now, SPAN_S(99));
	char pid[32];

	(void)state;
	notify_open(&n);
	assert_int_equal(instant_diff(notify_alive(&n, now, far), far).v, 0);
	assert_silence();
	(void)setenv("WATCHDOG_USEC", "3000000", 1);
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid() + 1);
	(void)setenv("WATCHDOG_PID", pid, 1);
	notify_close(&n);
	notify_open(&n);
	assert_int_equal(instant_diff(notify_alive(&n, now, far), far).v, 0);
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	(void)setenv("WATCHDOG_PID", pid, 1);
	notify_close(&n);
	notify_open(&n);
	n.next = now;
	assert_int_equal(instant_diff(notify_alive(&n, now, far), now).v,
			 span_from_ns(1500000000).v);
	assert_heard("WATCHDOG=1");
	/* Not before it is due, and never later than `wake`. */
	instant soon = instant_add(now, SPAN_S(1));

	assert_int_equal(instant_diff(notify_alive(&n, soon, soon), soon).v, 0);
	assert_silence();
	(void)notify_alive(&n, instant_add(now, SPAN_S(2)), far);
	assert_heard("WATCHDOG=1");
}

static void test_nonsense_is_no_watchdog(void **state)
{
	static const char *const values[] = { "", "0", "-1", "1x",
					      "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		(void)setenv("WATCHDOG_USEC", values[i], 1);
		notify_close(&n);
		notify_open(&n);
		assert_int_equal(n.life.v, 0);
	}
}

static void test_a_socket_goes_with_its_name(void **state)
{
	char data[256], room[CMSG_SPACE(sizeof(int))];
	struct iovec piece = { data, sizeof(data) - 1 };
	struct msghdr msg = { .msg_iov = &piece,
			      .msg_iovlen = 1,
			      .msg_control = room,
			      .msg_controllen = sizeof(room) };
	const netaddr addr = { .ip = { 0xfe, 0x80, [15] = 1 },
			       .scope = 2,
			       .port = 123 };
	int ends[2], passed;
	struct stat ours, theirs;

	(void)state;
	assert_return_code(pipe(ends), 0);
	notify_open(&n);
	notify_store(&n, ends[0], &addr);
	ssize_t len = recvmsg(listener, &msg, 0);

	assert_return_code(len, 0);
	data[len] = '\0';
	assert_string_equal(data, "FDSTORE=1\nFDPOLL=0\nFDNAME=fe80__1%2_123");
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	if (!c) {
		fail_msg("no socket came");
		return;
	}
	memcpy(&passed, CMSG_DATA(c), sizeof(passed));
	assert_return_code(fstat(ends[0], &ours), 0);
	assert_return_code(fstat(passed, &theirs), 0);
	assert_int_equal(ours.st_ino, theirs.st_ino);
	notify_forget(&n, &addr);
	assert_heard("FDSTOREREMOVE=1\nFDNAME=fe80__1%2_123");
	close(ends[0]);
	close(ends[1]);
	close(passed);
}

/* It was restarted, as systemd never is, but others are. */
static void test_a_new_listener_is_found(void **state)
{
	(void)state;
	notify_open(&n);
	close(listener);
	(void)unlink(path);
	notify_stopping(&n); /* to nobody */
	listen_there();
	notify_ready(&n);
	assert_heard("READY=1");
}

static void test_who_does_not_listen_is_waited_for_once(void **state)
{
	const netaddr addr = { .port = 123 };
	instant begun = sysclock_read().now;
	span took;

	(void)state;
	notify_open(&n);
	for (int i = 0; i < 2000; i++) {
		notify_forget(&n, &addr);
	}
	took = instant_diff(sysclock_read().now, begun);
	assert_true(n.stuck);
	assert_true(span_cmp(took, SPAN_MS(900)) > 0);
	assert_true(span_cmp(took, SPAN_S(5)) < 0);
	n.serving = true;
	begun = sysclock_read().now;
	n.life = SPAN_S(1);
	n.next = begun;
	(void)notify_alive(&n, begun, begun);
	took = instant_diff(sysclock_read().now, begun);
	assert_true(span_cmp(took, SPAN_MS(500)) < 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_says_nothing_where_nobody_asked),
		T(test_a_name_may_fill_its_room_and_no_more),
		T(test_a_life_in_words),
		T(test_the_status_is_told_when_it_is_new),
		T(test_signs_of_life),
		T(test_nonsense_is_no_watchdog),
		T(test_a_socket_goes_with_its_name),
		T(test_a_new_listener_is_found),
		T(test_who_does_not_listen_is_waited_for_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
