/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of restrict lines must say what a plain walk over all lines says,
 * for any lines and any address (threat F5), within the memory that was asked
 * for.
 */
#include <string.h>

#include "check.h"
#include "naiveaccess.h"

#define HOSTS 6

struct table {
	struct config config;
	struct restrict_config *lines;
	size_t count;
	netaddr hosts[HOSTS];
	size_t host_count;
	uint8_t *memory;
	const struct access *access;
};

static struct restrict_config *add(struct table *t, enum restrict_kind kind,
				   uint32_t flags)
{
	struct restrict_config *r = &t->lines[t->count];

	*r = (struct restrict_config){ .kind = kind, .flags = flags };
	if (t->count++ > 0) {
		r[-1].next = r;
	}
	t->config.restricts = t->lines;
	return r;
}

static void begin(struct table *t, size_t lines)
{
	*t = (struct table){ .count = 0 };
	t->lines = calloc(lines + 1, sizeof(*t->lines));
	assert_non_null(t->lines);
}

/* To the last octet of what was asked for, which a sanitizer watches. */
static void build(struct table *t)
{
	size_t size = access_size(&t->config, t->host_count);
	size_t start = 8 * (check_rng() % 8);

	t->memory = malloc(start + size);
	assert_non_null(t->memory);
	memset(t->memory, 0xa5, start + size);
	t->access = access_build(t->memory + start, &t->config, t->hosts,
				 t->host_count);
}

static void end(struct table *t)
{
	free(t->memory);
	free(t->lines);
}

static void add_net(struct table *t, const netaddr *net, unsigned prefix,
		    uint32_t flags)
{
	struct restrict_config *r = add(t, RESTRICT_ADDRESS, flags);

	r->addr = *net;
	r->prefix = (uint8_t)prefix;
}

static bool agrees(const struct table *t, const netaddr *from)
{
	struct access_match got = access_match(t->access, from);
	struct access_match want =
		naive_match(&t->config, t->hosts, t->host_count, from);

	return naive_agrees(&got, &want);
}

/*
 * Few distinct bits, so that networks nest and meet: 8 high bits of the
 * address proper, and the 3 lowest.
 */
static netaddr narrow_addr(void)
{
	netaddr a = netaddr_v4((uint32_t)(check_rng() & 0x83000007u), 0);

	if (check_rng() % 2) {
		a = (netaddr){ .port = 0 };
		a.ip[0] = (uint8_t)(check_rng() & 0x83);
		a.ip[6] = (uint8_t)(check_rng() & 0x11);
		a.ip[15] = (uint8_t)(check_rng() & 0x07);
	}
	return a;
}

/* Bits of one address, until a random one: long octets in common. */
static netaddr forked_addr(void)
{
	netaddr a = narrow_addr();
	uint64_t fork = check_rng() % 128;

	for (unsigned i = netaddr_is_v4(&a) ? 12 : 0; i < 16; i++) {
		a.ip[i] = (uint8_t)(0xc1 * (i + 1));
	}
	if (!netaddr_is_v4(&a) || fork >= 96) {
		a.ip[fork / 8] ^= (uint8_t)(0x80 >> fork % 8);
	}
	return a;
}

static netaddr any_addr(void)
{
	netaddr a = netaddr_v4((uint32_t)check_rng(), 0);

	if (check_rng() % 2) {
		for (unsigned i = 0; i < 16; i++) {
			a.ip[i] = (uint8_t)check_rng();
		}
		a.ip[0] &= 1;
	}
	return a;
}

static netaddr random_addr(void)
{
	uint64_t dice = check_rng() % 4;
	netaddr a = dice < 2    ? narrow_addr()
		    : dice == 2 ? forked_addr()
				: any_addr();

	a.port = check_rng() % 2 ? 123 : 1024;
	return a;
}

static void add_random_line(struct table *t)
{
	uint32_t flags = (uint32_t)check_rng() & (RESTRICT_NTPPORT * 2 - 1);
	uint64_t dice = check_rng() % 40;
	netaddr net = random_addr();
	bool v4 = netaddr_is_v4(&net);
	unsigned prefix =
		(unsigned)(v4 ? 96 + check_rng() % 33 : check_rng() % 129);

	if (dice == 0) {
		add(t, RESTRICT_DEFAULT, flags)->family =
			(enum family)(check_rng() % 3);
	} else if (dice == 1) {
		add(t, RESTRICT_SOURCE, flags);
	} else if (dice == 2) {
		add(t, RESTRICT_NAME, flags); /* nobody knows its address */
	} else {
		add_net(t, &net, dice < 10 ? 128 : prefix, flags);
	}
}

static void add_hosts(struct table *t)
{
	while (t->host_count < check_rng() % (HOSTS + 1)) {
		t->hosts[t->host_count++] = random_addr();
	}
}

/* An address of a line, or beside it. */
static netaddr near_a_line(const struct table *t)
{
	netaddr a = t->count > 0 ? t->lines[check_rng() % t->count].addr
				 : random_addr();
	uint64_t bit = check_rng() % 140;

	if (bit < 128) {
		a.ip[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	a.port = check_rng() % 2 ? 123 : 1024;
	return a;
}

/* As a batch of a busy server: whatever stands beside what. */
static void check_batch(const struct table *t)
{
	netaddr addrs[ACCESS_BATCH];
	const netaddr *from[ACCESS_BATCH] = { NULL };
	struct access_match found[ACCESS_BATCH];
	size_t count = 1 + check_rng() % ACCESS_BATCH;

	for (size_t i = 0; i < count; i++) {
		addrs[i] = i % 2 ? near_a_line(t) : random_addr();
		from[i] = &addrs[i];
	}
	access_match_all(t->access, from, found, count);
	for (size_t i = 0; i < count; i++) {
		struct access_match want = naive_match(&t->config, t->hosts,
						       t->host_count, from[i]);

		assert_true(naive_agrees(&found[i], &want));
	}
}

static void any_table_says_what_a_naive_list_says(void **state)
{
	(void)state;
	FORALL(1000) {
		struct table t;
		size_t lines = check_below(200);

		begin(&t, lines);
		while (t.count < lines) {
			add_random_line(&t);
		}
		add_hosts(&t);
		build(&t);
		for (int i = 0; i < 1000; i++) {
			netaddr from = i % 2 ? random_addr() : near_a_line(&t);

			assert_true(agrees(&t, &from));
		}
		for (size_t i = 0; i < t.host_count; i++) {
			assert_true(agrees(&t, &t.hosts[i]));
		}
		check_batch(&t);
		end(&t);
	}
}

/* So many that IPv4 has a table of its first two octets, and `crowded` IPv6
 * one behind those that most share. */
static void check_long_list(bool crowded)
{
	static const uint8_t crowd[] = { 0x20, 0x01, 0x0d, 0xb8 };
	enum { LINES = 30000 };
	struct table t;

	begin(&t, LINES);
	while (t.count < LINES) {
		netaddr net = any_addr();
		bool v4 = netaddr_is_v4(&net);
		uint64_t dice = check_rng() % 8;

		if (crowded && !v4 && dice < 7) {
			memcpy(net.ip, crowd, sizeof(crowd));
		}
		unsigned prefix = v4 ? (unsigned)(100 + check_rng() % 29)
				     : (unsigned)(check_rng() % 129);

		add_net(&t, &net, dice < 2 ? 128 : prefix,
			(uint32_t)check_rng() & (RESTRICT_NTPPORT * 2 - 1));
	}
	build(&t);
	FORALL(1000) {
		netaddr from = check_rng() % 4 ? near_a_line(&t) : any_addr();

		assert_true(agrees(&t, &from));
	}
	FORALL(20) {
		check_batch(&t);
	}
	end(&t);
}

static void so_do_long_lists(void **state)
{
	(void)state;
	check_long_list(false);
	check_long_list(true);
}

static netaddr flipped(const netaddr *a, unsigned bit)
{
	netaddr b = *a;

	if (bit < 128) {
		b.ip[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	return b;
}

/* All lengths of one address, each with its twin: whoever leaves the address
 * after n bits has the line of n bits. */
static void check_nest(const netaddr *addr, unsigned shortest)
{
	struct table t;

	begin(&t, 258);
	for (unsigned n = 128 + 1; n-- > shortest;) {
		add_net(&t, addr, n, n);
		add_net(&t, addr, n, RESTRICT_NTPPORT | 0x100 | n);
	}
	build(&t);
	assert_int_equal(access_count(t.access), 2 * (129 - shortest) + 1);
	for (unsigned n = shortest; n <= 128; n++) {
		netaddr from = flipped(addr, n);

		from.port = 5000;
		assert_int_equal(access_flags(t.access, &from), n);
		from.port = 123;
		assert_int_equal(access_flags(t.access, &from), 0x100 | n);
		assert_true(agrees(&t, &from));
	}
	end(&t);
}

static void every_length_of_one_address_is_told_apart(void **state)
{
	const netaddr v4 = netaddr_v4(0xc0000281, 0);
	netaddr v6 = { .port = 0 };

	(void)state;
	check_nest(&v4, 96);
	for (unsigned i = 0; i < 16; i++) {
		v6.ip[i] = (uint8_t)(0x21 + 0x37 * i);
	}
	check_nest(&v6, 0);
	FORALL(50) {
		for (unsigned i = 0; i < 16; i++) {
			v6.ip[i] = (uint8_t)check_rng();
		}
		check_nest(&v6, 0);
	}
}

/* Only a network that holds all of its family is a default. */
static void a_network_of_96_bits_is_no_default(void **state)
{
	netaddr net = { .ip = { 0x20, 0x01, 0x0d, 0xb8 } }, from = net;
	struct table t;

	(void)state;
	begin(&t, 3);
	add_net(&t, &net, 96, RESTRICT_NOQUERY);
	add(&t, RESTRICT_DEFAULT, RESTRICT_KOD);
	add(&t, RESTRICT_DEFAULT, RESTRICT_LIMITED);
	build(&t);
	from.ip[15] = 1;
	assert_int_equal(access_flags(t.access, &from), RESTRICT_NOQUERY);
	assert_false(access_match(t.access, &from).general);
	from.ip[3] = 0;
	assert_int_equal(access_flags(t.access, &from),
			 RESTRICT_KOD | RESTRICT_LIMITED);
	assert_true(access_match(t.access, &from).general);
	end(&t);
}

/* Hits by entry, as a shard counts them, are those of the naive walk. */
static void hits_are_counted_by_the_line_that_decides(void **state)
{
	(void)state;
	FORALL(20) {
		uint32_t hits[2 * 202] = { 0 }, naive[2 * 202] = { 0 };
		struct table t;

		begin(&t, 200);
		while (t.count < 200) {
			add_random_line(&t);
		}
		add_hosts(&t);
		build(&t);
		assert_in_range(access_counters(&t.config), 1, 2 * 202);
		for (int i = 0; i < 2000; i++) {
			netaddr from = near_a_line(&t);

			hits[access_match(t.access, &from).counter]++;
			naive[naive_match(&t.config, t.hosts, t.host_count,
					  &from)
				      .counter]++;
		}
		assert_memory_equal(hits, naive, sizeof(hits));
		end(&t);
	}
}

static int entry_cmp(const struct access_entry *a, const struct access_entry *b)
{
	int order = memcmp(a->net.ip, b->net.ip, 16);

	if (order == 0) {
		order = a->prefix - b->prefix;
	}
	return order != 0 ? order
			  : (int)(a->flags & RESTRICT_NTPPORT) -
				    (int)(b->flags & RESTRICT_NTPPORT);
}

/* One after another, none twice, and each is what its network is told. */
static void entries_are_listed_in_order(void **state)
{
	(void)state;
	FORALL(200) {
		struct table t;
		size_t lines = check_below(100), for_source = 0;

		begin(&t, lines);
		while (t.count < lines) {
			add_random_line(&t);
		}
		add_hosts(&t);
		build(&t);
		for (size_t i = 0; i < access_count(t.access); i++) {
			struct access_entry e = access_entry(t.access, i);
			struct access_entry was =
				access_entry(t.access, i > 0 ? i - 1 : 0);
			netaddr from = e.net;

			assert_true(i == 0 || entry_cmp(&was, &e) < 0);
			for_source += e.for_source;
			from.port = e.flags & RESTRICT_NTPPORT ? 123 : 1024;
			if (e.prefix == 128) {
				struct access_match m =
					access_match(t.access, &from);

				assert_int_equal(m.counter, e.counter);
				assert_int_equal(m.flags | RESTRICT_NTPPORT,
						 e.flags | RESTRICT_NTPPORT);
			}
		}
		assert_in_range(for_source, 0, t.host_count);
		end(&t);
	}
}

/* The same lines with other hosts: as if all had been built anew. */
static void other_hosts_need_no_other_lines(void **state)
{
	struct table t;

	(void)state;
	begin(&t, 120);
	while (t.count < 100) {
		add_random_line(&t);
	}
	add(&t, RESTRICT_SOURCE, RESTRICT_NOSERVE);
	build(&t);
	const struct access *lines = t.access;
	void *memory = malloc(access_follow_size(HOSTS));

	assert_non_null(memory);
	FORALL(500) {
		t.host_count = 0;
		add_hosts(&t);
		t.access = access_follow(memory, lines, t.hosts, t.host_count);
		for (size_t i = 0; i < 2 * t.host_count; i++) {
			netaddr from =
				flipped(&t.hosts[i / 2], i % 2 ? 127 : 128);

			assert_true(agrees(&t, &from));
		}
		for (int i = 0; i < 100; i++) {
			netaddr from = near_a_line(&t);

			assert_true(agrees(&t, &from));
		}
	}
	free(memory);
	end(&t);
}

/* Long lists are not paid for twice: what a line takes, at most. */
static void a_line_takes_bounded_memory(void **state)
{
	struct table t;

	(void)state;
	begin(&t, 1000);
	while (t.count < 1000) {
		netaddr net = any_addr();

		add_net(&t, &net, 128, 0);
	}
	assert_in_range(access_size(&t.config, 0), 1000, 1000 * 128);
	assert_in_range(access_follow_size(0), 1, 128);
	free(t.lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_table_says_what_a_naive_list_says),
		cmocka_unit_test(so_do_long_lists),
		cmocka_unit_test(every_length_of_one_address_is_told_apart),
		cmocka_unit_test(a_network_of_96_bits_is_no_default),
		cmocka_unit_test(hits_are_counted_by_the_line_that_decides),
		cmocka_unit_test(entries_are_listed_in_order),
		cmocka_unit_test(other_hosts_need_no_other_lines),
		cmocka_unit_test(a_line_takes_bounded_memory),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
