/* SPDX-License-Identifier: BSD-2-Clause */
/* Which addresses are served: the last matching rule decides. */
#include "check.h"

#include <string.h>

#include "host/net/interfaces.h"

#define RULES 4

static struct nic_config rules[RULES];
static size_t rule_count;

static struct local_address local(const char *name, const char *addr,
				  bool loopback)
{
	struct local_address a = { .loopback = loopback };

	assert_true(netaddr_parse(&a.addr, addr, strlen(addr)));
	(void)snprintf(a.name, sizeof(a.name), "%s", name);
	return a;
}

static struct nic_config *rule(enum nic_action action, enum nic_match match)
{
	struct nic_config *n = &rules[rule_count++];

	*n = (struct nic_config){ .action = action, .match = match };
	if (rule_count > 1) {
		rules[rule_count - 2].next = n;
	}
	return n;
}

static int start(void **state)
{
	(void)state;
	rule_count = 0;
	return 0;
}

static struct listen_rules all_rules(void)
{
	return (struct listen_rules){ .rules = rule_count ? rules : NULL };
}

static enum nic_action apply(const char *name, const char *addr)
{
	const struct listen_rules r = all_rules();
	const struct local_address a =
		local(name, addr, strcmp(name, "lo") == 0);

	return listen_rules_apply(&r, &a);
}

static void without_rules_everything_listens(void **state)
{
	const struct listen_rules r = all_rules();

	(void)state;
	assert_int_equal(apply("lo", "127.0.0.1"), NIC_LISTEN);
	assert_int_equal(apply("eth0", "192.0.2.1"), NIC_LISTEN);
	assert_int_equal(apply("eth0:1", "2001:db8::1"), NIC_LISTEN);
	assert_true(listen_rules_wildcard(&r, FAMILY_V4));
	assert_true(listen_rules_wildcard(&r, FAMILY_V6));
}

static void with_any_rule_the_unmatched_are_left_alone(void **state)
{
	(void)state;
	rule(NIC_LISTEN, NIC_NAME)->name = "bogus0";
	assert_int_equal(apply("lo", "127.0.0.1"), NIC_LISTEN);
	assert_int_equal(apply("eth0", "192.0.2.1"), NIC_IGNORE);
	assert_int_equal(apply("eth0", "2001:db8::1"), NIC_IGNORE);
}

static void the_last_match_wins(void **state)
{
	struct nic_config *n;

	(void)state;
	(void)rule(NIC_IGNORE, NIC_ALL);
	rule(NIC_LISTEN, NIC_NAME)->name = "eth*";
	n = rule(NIC_DROP, NIC_ADDR);
	n->addr = local("", "192.0.2.0", false).addr;
	n->prefix = 120;
	assert_int_equal(apply("eth1", "198.51.100.1"), NIC_LISTEN);
	assert_int_equal(apply("eth1", "192.0.2.200"), NIC_DROP);
	assert_int_equal(apply("wlan0", "198.51.100.1"), NIC_IGNORE);
	assert_int_equal(apply("lo", "127.0.0.1"), NIC_LISTEN);
}

static void loopback_is_ignored_only_by_name(void **state)
{
	struct listen_rules r;

	(void)state;
	(void)rule(NIC_IGNORE, NIC_IPV6);
	r = all_rules();
	assert_int_equal(apply("lo", "::1"), NIC_IGNORE);
	assert_int_equal(apply("lo", "127.0.0.1"), NIC_LISTEN);
	assert_false(listen_rules_wildcard(&r, FAMILY_V6));
	assert_true(listen_rules_wildcard(&r, FAMILY_V4));
}

static void the_wildcards_can_be_given_up(void **state)
{
	struct listen_rules r;

	(void)state;
	(void)rule(NIC_LISTEN, NIC_ALL);
	r = all_rules();
	assert_true(listen_rules_wildcard(&r, FAMILY_V4));
	(void)rule(NIC_IGNORE, NIC_WILDCARD);
	assert_false(listen_rules_wildcard(&r, FAMILY_V4));
	assert_false(listen_rules_wildcard(&r, FAMILY_V6));
}

static void a_family_or_virtual_names_can_be_left_out(void **state)
{
	struct listen_rules r = { .only = FAMILY_V4, .no_virtual = true };
	struct local_address v4 = local("eth0", "192.0.2.1", false);
	struct local_address v6 = local("eth0", "2001:db8::1", false);
	struct local_address alias = local("eth0:1", "192.0.2.2", false);

	(void)state;
	assert_int_equal(listen_rules_apply(&r, &v4), NIC_LISTEN);
	assert_int_equal(listen_rules_apply(&r, &v6), NIC_IGNORE);
	assert_int_equal(listen_rules_apply(&r, &alias), NIC_IGNORE);
	assert_false(listen_rules_wildcard(&r, FAMILY_V6));
	assert_true(listen_rules_wildcard(&r, FAMILY_V4));
}

static void this_machine_has_a_loopback_address(void **state)
{
	size_t count;
	struct local_address *all = interfaces_list(&count);
	bool found = false;

	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i < count; i++) {
		found |= all[i].loopback && netaddr_is_loopback(&all[i].addr);
	}
	assert_true(found);
	assert_true(interfaces_loopback() > 0);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_rules_everything_listens, start),
		cmocka_unit_test_setup(
			with_any_rule_the_unmatched_are_left_alone, start),
		cmocka_unit_test_setup(the_last_match_wins, start),
		cmocka_unit_test_setup(loopback_is_ignored_only_by_name, start),
		cmocka_unit_test_setup(the_wildcards_can_be_given_up, start),
		cmocka_unit_test(a_family_or_virtual_names_can_be_left_out),
		cmocka_unit_test(this_machine_has_a_loopback_address),
	};

	return cmocka_run_group_tests_name("interfaces", tests, check_seed,
					   NULL);
}
