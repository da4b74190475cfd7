/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access - prints what a search among restrict lines costs, however many they
 * are, beside that in a sorted list; what their tree takes to build and to
 * keep; and what a whole answer costs with them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/serve/server.h"
#include "naiveaccess.h"
#include "sortedlist.h"
#include "stopwatch.h"

#define LOOKUPS 2000000
#define ADDRESSES 65536 /* that are asked for, again and again */
#define ROUNDS 5
#define MOST 100000
#define BATCH 32

static const char usage[] =
	"bench_access              prints figures\n"
	"bench_access --answers    prints what whole answers cost, alone\n"
	"bench_access --check N    N random searches against a naive list\n"
	"bench_access --count KIND LINES N [--sorted]\n"
	"                          N searches and nothing else, for callgrind\n"
	"KIND is v4 (hosts), v4-24 (networks), v6 (hosts) or v6-64 "
	"(networks)\n";

static struct restrict_config lines[MOST + 8];
static netaddr addresses[ADDRESSES];
static uint64_t luck = 1;
static volatile uint32_t sink; /* what nobody may leave out */

/* splitmix64 */
static uint64_t draw(void)
{
	uint64_t z = luck += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static const struct kind {
	const char *name;
	bool v4;
	unsigned prefix;
} kinds[] = {
	{ "v4", true, 128 },
	{ "v4-24", true, 120 },
	{ "v6", false, 128 },
	{ "v6-64", false, 64 },
};

/* A host of the kind's part of the world: 1/8 to 126/8, or 2001:db8::/32. */
static netaddr draw_addr(const struct kind *k)
{
	uint64_t high = draw(), low = draw();
	netaddr a = netaddr_v4(
		(uint32_t)((high % 126 + 1) << 24 | (low & 0xffffff)), 4711);

	if (!k->v4) {
		a = (netaddr){ .ip = { 0x20, 0x01, 0x0d, 0xb8 }, .port = 4711 };
		memcpy(a.ip + 4, &high, 4);
		memcpy(a.ip + 8, &low, 8);
	}
	return a;
}

/* Behind the lines that Debian has. */
static struct config make_lines(const struct kind *k, size_t count)
{
	static const struct restrict_config usual[] = {
		{ .kind = RESTRICT_DEFAULT,
		  .flags = RESTRICT_KOD | RESTRICT_LIMITED | RESTRICT_NOQUERY },
		{ .kind = RESTRICT_ADDRESS, .prefix = 128 },
		{ .kind = RESTRICT_ADDRESS, .prefix = 128 },
		{ .kind = RESTRICT_SOURCE, .flags = RESTRICT_NOQUERY },
	};
	size_t n = ARRAY_LEN(usual);
	struct config c = { .restricts = lines };

	memcpy(lines, usual, sizeof(usual));
	lines[1].addr = netaddr_v4(0x7f000001, 0);
	lines[2].addr.ip[15] = 1;
	for (size_t i = 0; i < count; i++) {
		lines[n] = (struct restrict_config){
			.kind = RESTRICT_ADDRESS,
			.flags = RESTRICT_NOQUERY,
			.addr = draw_addr(k),
			.prefix = (uint8_t)k->prefix,
		};
		netaddr_clear_host(&lines[n++].addr, k->prefix);
	}
	for (size_t i = 0; i < n; i++) {
		lines[i].next = i + 1 < n ? &lines[i + 1] : NULL;
	}
	return c;
}

/* Inside the networks, or anywhere. */
static void make_addresses(const struct kind *k, size_t count, bool hits)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		netaddr a = draw_addr(k);
		const struct restrict_config *r = &lines[4 + draw() % count];

		for (unsigned bit = 0; hits && bit < r->prefix; bit++) {
			uint8_t mask = (uint8_t)(0x80 >> bit % 8);

			a.ip[bit / 8] &= (uint8_t)~mask;
			a.ip[bit / 8] |= r->addr.ip[bit / 8] & mask;
		}
		addresses[i] = a;
	}
}

static const struct access *build(const struct config *c, void **memory)
{
	*memory = malloc(access_size(c, 0));
	if (!*memory) {
		abort();
	}
	return access_build(*memory, c, NULL, 0);
}

/* Each search waits for the one before: what a single request waits for. */
static double tree_ns(const struct access *a)
{
	double start = now_s();
	uint32_t seen = 0;

	for (size_t i = 0; i < LOOKUPS; i++) {
		size_t at = (i * 40503 + (seen & 1)) % ADDRESSES;

		seen += access_match(a, &addresses[at]).counter;
	}
	sink = seen;
	return (now_s() - start) / LOOKUPS * 1e9;
}

static double list_ns(const struct sortedlist *l)
{
	double start = now_s();
	uint32_t seen = 0;

	for (size_t i = 0; i < LOOKUPS; i++) {
		size_t at = (i * 40503 + (seen & 1)) % ADDRESSES;

		seen += sortedlist_match(l, &addresses[at]).counter;
	}
	sink = seen;
	return (now_s() - start) / LOOKUPS * 1e9;
}

static void compare(const struct kind *k, size_t count)
{
	struct config c = make_lines(k, count);
	void *memory;
	double start = now_s();
	const struct access *a = build(&c, &memory);
	double build_ms = (now_s() - start) * 1e3;
	struct sortedlist *l = sortedlist_new(a);
	double tree[2] = { 1e9, 1e9 }, list[2] = { 1e9, 1e9 };

	for (int hits = 0; hits < 2 && l; hits++) {
		make_addresses(k, count, hits);
		for (int i = 0; i < ROUNDS; i++) {
			double t = tree_ns(a), s = list_ns(l);

			tree[hits] = t < tree[hits] ? t : tree[hits];
			list[hits] = s < list[hits] ? s : list[hits];
		}
	}
	printf("%-6s %7zu  %6.1f %6.1f  %6.1f %6.1f  %8.2f ms  %6.1f\n",
	       k->name, count, list[1], tree[1], list[0], tree[0], build_ms,
	       (double)access_size(&c, 0) / (double)(count + 4));
	free(l);
	free(memory);
}

/* --- a whole answer --- */

/* In batches, as a busy server reads them. */
static double answer_ns(const struct view *view, struct server_shard *shard)
{
	uint8_t in[48] = { 0x23 }, out[48];
	struct request batch[BATCH];
	tstamp now = { UINT64_C(0xe98c5a10b0010000) };
	double start = now_s();

	for (size_t i = 0; i < LOOKUPS; i += BATCH) {
		for (size_t j = 0; j < BATCH; j++) {
			batch[j] = (struct request){
				.data = in,
				.len = sizeof(in),
				.from = addresses[(i + j) * 40503 % ADDRESSES],
				.to = netaddr_v4(0xc0000202, 123),
				.received = now,
			};
		}
		server_expect(view, shard, batch, BATCH);
		for (size_t j = 0; j < BATCH; j++) {
			struct writer w = writer_over(out, sizeof(out));

			now.v += 1 << 12;
			if (server_respond(view, shard, &batch[j], now, &w) !=
			    SERVER_ANSWERED) {
				abort();
			}
		}
	}
	return (now_s() - start) / LOOKUPS * 1e9;
}

/* As the daemon has it: who asks is listed, and stamps are held. */
static struct server_shard shard_of(uint64_t *hits, size_t count)
{
	static const uint8_t seed[RNG_SEED] = { 1 };
	const struct mru_config rules = { .maxdepth = ADDRESSES,
					  .maxage_s = 1u << 30 };
	void *clients = calloc(1, mru_size(mru_room(&rules)));
	void *held = calloc(1, interleave_size());

	if (!clients || !held) {
		abort();
	}
	return (struct server_shard){
		.clients = mru_init(clients, &rules, seed),
		.held = interleave_init(held, seed),
		.hits = hits,
		.hit_count = count,
	};
}

static void free_shard(struct server_shard *shard)
{
	free(shard->clients);
	free(shard->held);
}

/* Debian's lines alone, and with many more: the same requests. */
static void compare_answers(const struct kind *k, bool hits)
{
	static uint64_t hit_counts[2][2 * (MOST + 8)];
	struct view few = { .stratum = 2 }, many = few;
	struct server_shard shards[2] = {
		shard_of(hit_counts[0], 10),
		shard_of(hit_counts[1], ARRAY_LEN(hit_counts[1])),
	};
	void *memory[2];
	double best[2] = { 1e9, 1e9 };
	struct config c = make_lines(k, 0);

	few.access = build(&c, &memory[0]);
	c = make_lines(k, MOST);
	many.access = build(&c, &memory[1]);
	make_addresses(k, MOST, hits);
	for (int i = 0; i < ROUNDS; i++) {
		double ns[] = { answer_ns(&few, &shards[0]),
				answer_ns(&many, &shards[1]) };

		for (int j = 0; j < 2; j++) {
			best[j] = ns[j] < best[j] ? ns[j] : best[j];
		}
	}
	printf("%-6s %-6s  %6.1f ns an answer with Debian's lines, %6.1f ns "
	       "with %d more: %.3f\n",
	       k->name, hits ? "hits" : "misses", best[0], best[1], MOST,
	       best[1] / best[0]);
	for (int j = 0; j < 2; j++) {
		free(memory[j]);
		free_shard(&shards[j]);
	}
}

static void print_answers(void)
{
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		compare_answers(&kinds[k], true);
		compare_answers(&kinds[k], false);
	}
}

static void print_figures(void)
{
	static const size_t counts[] = { 1, 10, 1000, MOST };

	printf("ns for a search, in a sorted list and in the tree; built in; "
	       "octets a line\n"
	       "                    hits            misses\n"
	       "         lines    list   tree    list   tree\n");
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
			compare(&kinds[k], counts[i]);
		}
	}
	print_answers();
}

/* --- other tasks --- */

static int count(const char *name, size_t number, size_t searches, bool sorted)
{
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		if (strcmp(kinds[k].name, name) != 0) {
			continue;
		}
		struct config c = make_lines(&kinds[k], number);
		void *memory;
		const struct access *a = build(&c, &memory);
		struct sortedlist *l = sorted ? sortedlist_new(a) : NULL;

		make_addresses(&kinds[k], number, true);
		for (size_t i = 0; i < searches; i++) {
			const netaddr *from = &addresses[i % ADDRESSES];

			sink = l ? sortedlist_match(l, from).counter
				 : access_match(a, from).counter;
		}
		free(l);
		free(memory);
		return 0;
	}
	fputs(usage, stderr);
	return 2;
}

/* Lines and addresses in a small world, where they meet. */
static netaddr small_addr(void)
{
	netaddr a = netaddr_v4((uint32_t)draw() & 0xc3000107, 0);

	if (draw() % 2) {
		a = (netaddr){ .port = 0 };
		a.ip[draw() % 16] = (uint8_t)draw();
		a.ip[15] |= draw() & 3;
	}
	a.port = draw() % 2 ? 123 : 4711;
	return a;
}

static struct config make_small_lines(void)
{
	size_t n = draw() % 64;
	struct config c = { .restricts = n > 0 ? lines : NULL };

	for (size_t i = 0; i < n; i++) {
		struct restrict_config *r = &lines[i];
		uint64_t dice = draw() % 32;

		*r = (struct restrict_config){
			.next = i + 1 < n ? r + 1 : NULL,
			.kind = dice == 0   ? RESTRICT_DEFAULT
				: dice == 1 ? RESTRICT_SOURCE
					    : RESTRICT_ADDRESS,
			.flags = (uint32_t)draw() & (RESTRICT_NTPPORT * 2 - 1),
			.addr = small_addr(),
		};
		unsigned least = netaddr_is_v4(&r->addr) ? 96 : 0;

		r->prefix = (uint8_t)(least + draw() % (129 - least));
	}
	return c;
}

static int check(size_t searches)
{
	for (size_t i = 0; i < searches;) {
		struct config c = make_small_lines();
		netaddr host = small_addr();
		void *memory = malloc(access_size(&c, 1));

		if (!memory) {
			return 1;
		}
		const struct access *a = access_build(memory, &c, &host, 1);

		for (size_t j = 0; j < 1000 && i < searches; j++, i++) {
			netaddr from = j == 0 ? host : small_addr();
			struct access_match got = access_match(a, &from);
			struct access_match want =
				naive_match(&c, &host, 1, &from);

			if (!naive_agrees(&got, &want)) {
				printf("search %zu differs\n", i);
				return 1;
			}
		}
		free(memory);
	}
	printf("%zu searches as in a naive list\n", searches);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--check") == 0) {
		return check(strtoul(argv[2], NULL, 0));
	}
	if ((argc == 5 || argc == 6) && strcmp(argv[1], "--count") == 0) {
		size_t number = strtoul(argv[3], NULL, 0);

		if (number > 0 && number <= MOST) {
			return count(argv[2], number, strtoul(argv[4], NULL, 0),
				     argc == 6);
		}
	} else if (argc == 2 && strcmp(argv[1], "--answers") == 0) {
		print_answers();
		return 0;
	} else if (argc == 1) {
		print_figures();
		return 0;
	}
	fputs(usage, stderr);
	return 2;
}
