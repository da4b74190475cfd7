/* SPDX-License-Identifier: BSD-2-Clause */
/* Another server of names is noticed, however the file comes to name it. */
#include "check.h"

#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/net/resolvwatch.h"
#include "scratch.h"

static const char *conf, *target, *other, *folder;

static int make(void **state)
{
	(void)state;
	return scratch_make();
}

static void write_file(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs("nameserver 192.0.2.1\n", f) > 0);
	assert_int_equal(fclose(f), 0);
}

/* Has there been any news that is worth it? */
static bool news(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) > 0 && resolvwatch_read(fd, conf);
}

static void a_file_is_made_written_and_replaced(void **state)
{
	int fd;

	(void)state;
	conf = scratch_file("resolv.conf");
	other = scratch_file("resolv.conf.new");
	fd = resolvwatch_open(conf);
	assert_true(fd >= 0);
	assert_false(news(fd));
	write_file(conf);
	assert_true(news(fd));
	write_file(conf);
	assert_true(news(fd));
	write_file(other); /* not yet */
	assert_false(news(fd));
	assert_int_equal(rename(other, conf), 0);
	assert_true(news(fd));
	write_file(conf);
	assert_true(news(fd));
	assert_false(news(fd));
	write_file(other);
	assert_false(news(fd));
	close(fd);
}

/* As resolvconf, NetworkManager and systemd have it. */
static void a_link_is_followed_where_it_leads(void **state)
{
	int fd;

	(void)state;
	target = scratch_file("run/stub-resolv.conf");
	other = scratch_file("run/.#new");
	folder = scratch_file("run");
	conf = scratch_file("resolv.conf");
	assert_int_equal(mkdir(folder, 0755), 0);
	write_file(target);
	assert_int_equal(symlink(target, conf), 0);
	fd = resolvwatch_open(conf);
	assert_true(fd >= 0);
	write_file(target);
	assert_true(news(fd));
	write_file(other);
	assert_false(news(fd));
	assert_int_equal(rename(other, target), 0);
	assert_true(news(fd));
	/* A link that is made later. */
	assert_int_equal(unlink(conf), 0);
	(void)news(fd);
	assert_int_equal(symlink(target, conf), 0);
	assert_true(news(fd));
	write_file(target);
	assert_true(news(fd));
	close(fd);
}

static void a_file_that_cannot_be_watched_is_no_harm(void **state)
{
	int fd = resolvwatch_open("/nonexistent/resolv.conf");

	(void)state;
	assert_true(fd >= 0);
	assert_false(resolvwatch_read(fd, "/nonexistent/resolv.conf"));
	close(fd);
	fd = resolvwatch_open("");
	assert_true(fd >= 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_file_is_made_written_and_replaced, make,
			scratch_remove),
		cmocka_unit_test_setup_teardown(
			a_link_is_followed_where_it_leads, make,
			scratch_remove),
		cmocka_unit_test(a_file_that_cannot_be_watched_is_no_harm),
	};

	return cmocka_run_group_tests_name("resolvwatch", tests, NULL, NULL);
}
