/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * restrict lines as ntp.conf(5) has them; test_access_tree.c holds any lines
 * against a plain walk over them.
 */
#include <string.h>

#include "check.h"
#include "core/serve/access.h"

#define LINES 200
#define HOSTS 20

struct fixture {
	struct config config;
	struct restrict_config lines[LINES];
	size_t count;
	netaddr hosts[HOSTS];
	size_t host_count;
	void *memory;
	const struct access *access;
};

static netaddr parsed(const char *s, uint16_t port)
{
	netaddr a;

	assert_true(netaddr_parse(&a, s, strlen(s)));
	a.port = port;
	return a;
}

static struct restrict_config *add(struct fixture *f, enum restrict_kind kind,
				   uint32_t flags)
{
	struct restrict_config *r = &f->lines[f->count];

	*r = (struct restrict_config){ .kind = kind, .flags = flags };
	if (f->count++ > 0) {
		r[-1].next = r;
	}
	f->config.restricts = f->lines;
	return r;
}

/* `prefix` as people write it: /24 of an IPv4 network is 120 of 128. */
static void add_net(struct fixture *f, const char *net, unsigned prefix,
		    uint32_t flags)
{
	struct restrict_config *r = add(f, RESTRICT_ADDRESS, flags);

	r->addr = parsed(net, 0);
	r->prefix = (uint8_t)(netaddr_is_v4(&r->addr) ? 96 + prefix : prefix);
}

static void build(struct fixture *f)
{
	f->memory = malloc(access_size(&f->config, f->host_count));
	assert_non_null(f->memory);
	f->access =
		access_build(f->memory, &f->config, f->hosts, f->host_count);
}

static uint32_t flags_of(const struct fixture *f, const char *from,
			 uint16_t port)
{
	netaddr a = parsed(from, port);

	return access_flags(f->access, &a);
}

static int begin(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int end(void **state)
{
	struct fixture *f = *state;

	free(f->memory);
	free(f);
	return 0;
}

static void without_lines_everybody_may_all(void **state)
{
	struct fixture *f = *state;

	build(f);
	assert_int_equal(flags_of(f, "192.0.2.1", 5000), 0);
	assert_int_equal(flags_of(f, "2001:db8::1", 123), 0);
	assert_int_equal(access_count(f->access), 2);
}

static void the_longest_prefix_decides_alone(void **state)
{
	struct fixture *f = *state;

	add(f, RESTRICT_DEFAULT, RESTRICT_NOQUERY | RESTRICT_KOD);
	add_net(f, "10.0.0.0", 8, RESTRICT_IGNORE);
	add_net(f, "10.1.0.0", 16, RESTRICT_NOTRUST);
	add_net(f, "10.1.2.3", 32, 0);
	add_net(f, "2001:db8::", 33, RESTRICT_NOSERVE);
	build(f);
	assert_int_equal(flags_of(f, "11.0.0.1", 1),
			 RESTRICT_NOQUERY | RESTRICT_KOD);
	assert_int_equal(flags_of(f, "10.0.0.0", 1), RESTRICT_IGNORE);
	assert_int_equal(flags_of(f, "10.255.255.255", 1), RESTRICT_IGNORE);
	assert_int_equal(flags_of(f, "10.1.2.2", 1), RESTRICT_NOTRUST);
	assert_int_equal(flags_of(f, "10.1.2.3", 1), 0);
	assert_int_equal(flags_of(f, "10.1.2.4", 1), RESTRICT_NOTRUST);
	assert_int_equal(flags_of(f, "2001:db8:7fff::1", 1), RESTRICT_NOSERVE);
	assert_int_equal(flags_of(f, "2001:db8:8000::1", 1),
			 RESTRICT_NOQUERY | RESTRICT_KOD);
}

static void a_default_may_be_for_one_family(void **state)
{
	struct fixture *f = *state;

	add(f, RESTRICT_DEFAULT, RESTRICT_IGNORE)->family = FAMILY_V6;
	add(f, RESTRICT_DEFAULT, RESTRICT_LIMITED)->family = FAMILY_V4;
	build(f);
	assert_int_equal(flags_of(f, "192.0.2.1", 1), RESTRICT_LIMITED);
	assert_int_equal(flags_of(f, "2001:db8::1", 1), RESTRICT_IGNORE);
}

static void the_same_network_twice_adds_flags(void **state)
{
	struct fixture *f = *state;

	add_net(f, "192.0.2.0", 24, RESTRICT_NOQUERY);
	add_net(f, "192.0.2.77", 24, RESTRICT_LIMITED); /* bits past the mask */
	build(f);
	assert_int_equal(flags_of(f, "192.0.2.1", 1),
			 RESTRICT_NOQUERY | RESTRICT_LIMITED);
	assert_int_equal(access_count(f->access), 3);
}

static void ntpport_beats_the_same_network_on_port_123(void **state)
{
	struct fixture *f = *state;

	add_net(f, "192.0.2.0", 24, RESTRICT_NOQUERY);
	add_net(f, "192.0.2.0", 24, RESTRICT_NTPPORT | RESTRICT_IGNORE);
	add_net(f, "192.0.2.9", 32, RESTRICT_NTPPORT | RESTRICT_NOTRUST);
	build(f);
	assert_int_equal(flags_of(f, "192.0.2.1", 123), RESTRICT_IGNORE);
	assert_int_equal(flags_of(f, "192.0.2.1", 124), RESTRICT_NOQUERY);
	assert_int_equal(flags_of(f, "192.0.2.9", 123), RESTRICT_NOTRUST);
	assert_int_equal(flags_of(f, "192.0.2.9", 124), RESTRICT_NOQUERY);
}

static void source_lines_hold_for_hosts_without_their_own(void **state)
{
	struct fixture *f = *state;

	add(f, RESTRICT_DEFAULT, RESTRICT_IGNORE);
	add(f, RESTRICT_SOURCE, RESTRICT_NOQUERY);
	add_net(f, "192.0.2.2", 32, RESTRICT_LIMITED);
	f->hosts[0] = parsed("192.0.2.1", 123);
	f->hosts[1] = parsed("192.0.2.2", 123);
	f->hosts[2] = parsed("2001:db8::1", 123);
	f->host_count = 3;
	build(f);
	assert_int_equal(flags_of(f, "192.0.2.1", 123), RESTRICT_NOQUERY);
	assert_int_equal(flags_of(f, "192.0.2.2", 123), RESTRICT_LIMITED);
	assert_int_equal(flags_of(f, "2001:db8::1", 9), RESTRICT_NOQUERY);
	assert_int_equal(flags_of(f, "192.0.2.3", 123), RESTRICT_IGNORE);
	assert_true(access_entry(f->access, access_count(f->access) - 1)
			    .for_source);
}

static void without_a_source_line_hosts_are_like_others(void **state)
{
	struct fixture *f = *state;

	add(f, RESTRICT_DEFAULT, RESTRICT_NOSERVE);
	f->hosts[0] = parsed("192.0.2.1", 123);
	f->host_count = 1;
	build(f);
	assert_int_equal(flags_of(f, "192.0.2.1", 123), RESTRICT_NOSERVE);
}

static void entries_come_by_address_and_width(void **state)
{
	struct fixture *f = *state;
	struct access_entry e;

	add_net(f, "192.0.2.0", 24, RESTRICT_NTPPORT | RESTRICT_IGNORE);
	add_net(f, "192.0.0.0", 16, RESTRICT_KOD);
	build(f);
	assert_int_equal(access_count(f->access), 4);
	assert_int_equal(access_entry(f->access, 0).prefix, 0);
	assert_int_equal(access_entry(f->access, 1).prefix, 96);
	assert_int_equal(access_entry(f->access, 2).flags, RESTRICT_KOD);
	e = access_entry(f->access, 3);
	assert_int_equal(e.flags, RESTRICT_NTPPORT | RESTRICT_IGNORE);
	assert_int_equal(netaddr_v4_bits(&e.net), 0xc0000200);
	assert_int_equal(e.prefix, 120);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_lines_everybody_may_all),
		TEST(the_longest_prefix_decides_alone),
		TEST(a_default_may_be_for_one_family),
		TEST(the_same_network_twice_adds_flags),
		TEST(ntpport_beats_the_same_network_on_port_123),
		TEST(source_lines_hold_for_hosts_without_their_own),
		TEST(without_a_source_line_hosts_are_like_others),
		TEST(entries_come_by_address_and_width),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
