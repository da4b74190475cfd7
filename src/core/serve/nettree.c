/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A word says where a search goes on: a node, or the number of a network. That
 * network decides, unless there is a count: then so many from it on are all
 * that may hold the address. The last that does decides, or the one around
 * them.
 *
 * Every node has two networks below it that are not below the same one of its
 * nodes, or one that ends in its octets: so n networks have less than n nodes,
 * and less than 5 n runs.
 */
#include "core/serve/nettree.h"

#include <string.h>

#define OCTET 8
#define VALUES 256
#define NODE (UINT32_C(1) << 31)
#define COUNT 28 /* the bit where a count begins */
#define FEW 4    /* networks that are looked at one by one */
#define INDEX ((UINT32_C(1) << COUNT) - 1)

#define RUNS_OF 5 /* runs for each network, at most */
#define V4_BITS 32
#define WIDE_FROM 8192 /* networks that are worth 2^16 words */
#define WIDE_NODES 2   /* at most; of more than half of the networks */

_Static_assert(NETTREE_OPEN == ~INDEX, "all else is a number");

struct nettree_node {
	uint64_t begins[4]; /* a bit for each value that begins a run */
	struct netbits at;  /* whose first `bits` bits are all its networks' */
	uint32_t runs;      /* where its runs are */
	uint32_t otherwise; /* for addresses with other first bits */
	uint8_t before[4];  /* runs that begin in the words before */
	uint8_t bits;       /* before the octet that it looks at */
	bool wide;          /* it looks at two, and has a run for each value */
};

_Static_assert(sizeof(struct nettree_node) == CACHE_LINE, "a node is a line");

struct builder {
	const struct network *networks;
	struct nettree_node *nodes;
	uint32_t *runs;
	uint32_t node_count, run_count;
	uint32_t many;  /* networks that a wide node has */
	unsigned wides; /* wide nodes */
};

/* Some of the networks, from `first` to before `end`. */
struct range {
	uint32_t first, end;
};

bool network_is_same(const struct network *a, const struct network *b)
{
	return a->at.high == b->at.high && a->at.low == b->at.low &&
	       a->prefix == b->prefix;
}

/* Are the first `bits` of 128 the same? */
static bool is_shared(const struct netbits *a, const struct netbits *b,
		      unsigned bits)
{
	if (bits <= 64) {
		return bits == 0 || (a->high ^ b->high) >> (64 - bits) == 0;
	}
	return a->high == b->high && (a->low ^ b->low) >> (128 - bits) == 0;
}

bool network_holds(const struct network *n, const struct netbits *addr)
{
	return is_shared(&n->at, addr, n->prefix);
}

/* `count` bits behind the first `from`, which lie in one of the halves. */
static uint32_t cut(const struct netbits *b, unsigned from, unsigned count)
{
	uint64_t half = from < 64 ? b->high : b->low;

	return (uint32_t)(half << from % 64 >> (64 - count));
}

/* How many bits are set; a compiler that knows of one takes an instruction. */
static unsigned count_bits(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) +
	    (v >> 2 & UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(v * UINT64_C(0x0101010101010101) >> 56);
}

/* --- to build it --- */

/* Of the table above the nodes. */
static unsigned width_for(size_t networks)
{
	return networks >= WIDE_FROM ? 2 * OCTET : OCTET;
}

size_t nettree_size(size_t networks)
{
	size_t nodes = networks * sizeof(struct nettree_node);
	size_t runs = RUNS_OF * networks * sizeof(uint32_t);
	size_t tables = networks >= WIDE_FROM ? 1 + WIDE_NODES : 1;

	return CACHE_LINE + nodes + runs +
	       tables * (sizeof(uint32_t) << width_for(networks));
}

static uint32_t add_node(struct builder *b, struct range r, unsigned bits,
			 uint32_t otherwise);

/* Where a search goes that has come as far as these networks. */
static uint32_t descend(struct builder *b, struct range r, unsigned bits,
			uint32_t otherwise)
{
	uint32_t count = r.end - r.first;

	if (count == 0) {
		return otherwise;
	}
	return count <= FEW ? count << COUNT | r.first
			    : add_node(b, r, bits, otherwise);
}

/*
 * What each value of the `width` bits behind the first `bits` leads to. The
 * wide come before the narrow inside them, and so overwrite no other's.
 */
static void fill(struct builder *b, struct range r, unsigned bits,
		 unsigned width, uint32_t otherwise, uint32_t *values)
{
	for (uint32_t i = 0; i < UINT32_C(1) << width; i++) {
		values[i] = otherwise;
	}
	while (r.first < r.end) {
		const struct network *n = &b->networks[r.first];
		uint32_t value = cut(&n->at, bits, width);
		struct range inner = { r.first, r.first };

		if (n->prefix <= bits + width) {
			uint32_t span = UINT32_C(1)
					<< (bits + width - n->prefix);

			for (uint32_t i = 0; i < span; i++) {
				values[value + i] = r.first;
			}
			r.first++;
			continue;
		}
		while (inner.end < r.end &&
		       cut(&b->networks[inner.end].at, bits, width) == value) {
			inner.end++;
		}
		values[value] = descend(b, inner, bits + width, values[value]);
		r.first = inner.end;
	}
}

static void keep_runs(struct builder *b, struct nettree_node *node,
		      const uint32_t values[VALUES])
{
	unsigned count = 0;

	node->runs = b->run_count;
	for (unsigned i = 0; i < VALUES; i++) {
		if (i % 64 == 0) {
			node->before[i / 64] = (uint8_t)count;
		}
		if (i == 0 || values[i] != values[i - 1]) {
			node->begins[i / 64] |= UINT64_C(1) << i % 64;
			b->runs[b->run_count++] = values[i];
			count++;
		}
	}
}

/* Worth a table, of 16 bits that lie in one half of the address. */
static bool is_wide(const struct builder *b, struct range r, unsigned bits)
{
	return r.end - r.first > b->many && b->wides < WIDE_NODES &&
	       bits % 64 <= 64 - 2 * OCTET;
}

static uint32_t add_node(struct builder *b, struct range r, unsigned bits,
			 uint32_t otherwise)
{
	const struct network *first = &b->networks[r.first];
	const struct network *last = &b->networks[r.end - 1];
	uint32_t number = b->node_count++;
	struct nettree_node node = { .at = first->at, .otherwise = otherwise };
	uint32_t values[VALUES];

	/* In an octet that is shared by all, only the first may end. */
	while (first->prefix > bits + OCTET &&
	       cut(&first->at, bits, OCTET) == cut(&last->at, bits, OCTET)) {
		bits += OCTET;
	}
	node.bits = (uint8_t)bits;
	node.wide = is_wide(b, r, bits);
	if (node.wide) {
		node.runs = b->run_count;
		b->run_count += VALUES * VALUES;
		b->wides++;
		fill(b, r, bits, 2 * OCTET, otherwise, &b->runs[node.runs]);
	} else {
		fill(b, r, bits, OCTET, otherwise, values);
		keep_runs(b, &node, values);
	}
	b->nodes[number] = node;
	return NODE | number;
}

/* How many at the start have just this prefix: they hold all the others. */
static uint32_t count_of(const struct network *n, size_t count, unsigned prefix)
{
	uint32_t found = 0;

	while (found < count && n[found].prefix == prefix) {
		found++;
	}
	INVARIANT(found > 0);
	return found;
}

/* More than half, and enough for a table. */
static uint32_t many_of(struct range r)
{
	uint32_t half = (r.end - r.first) / 2;

	return half > WIDE_FROM ? half : WIDE_FROM;
}

void nettree_build(struct nettree *t, void *memory,
		   const struct network *networks, size_t v4, size_t count)
{
	uint32_t whole4 = count_of(networks, v4, NETTREE_V4);
	uint32_t whole6 = count_of(networks + v4, count - v4, 0);
	size_t named = count - whole4 - whole6;
	uintptr_t pad = -(uintptr_t)memory % CACHE_LINE;
	uint8_t *at = (uint8_t *)memory + pad;
	struct range of_v4 = { whole4, (uint32_t)v4 };
	struct range of_v6 = { (uint32_t)v4 + whole6, (uint32_t)count };
	unsigned width = width_for(v4 - whole4);
	uint32_t *table;

	INVARIANT(count <= INDEX);
	struct builder b = { .networks = networks };

	b.nodes = (struct nettree_node *)(void *)at;
	b.runs = (uint32_t *)(void *)(at + named * sizeof(*b.nodes));
	table = b.runs;
	b.run_count = UINT32_C(1) << width;
	*t = (struct nettree){ .networks = networks,
			       .nodes = b.nodes,
			       .runs = b.runs,
			       .v4 = table,
			       .v4_shift = V4_BITS - width };
	b.many = many_of(of_v4);
	fill(&b, of_v4, NETTREE_V4, width, whole4 - 1, table);
	b.many = many_of(of_v6);
	t->v6 = descend(&b, of_v6, 0, of_v6.first - 1);
	INVARIANT(b.node_count <= named);
	INVARIANT((uint8_t *)(b.runs + b.run_count) <=
		  (uint8_t *)memory + nettree_size(named));
}

/* --- to find in it --- */

/* Where a node has the word for this address. */
static const uint32_t *step(const struct nettree *t, uint32_t word,
			    const struct netbits *addr)
{
	const struct nettree_node *n = &t->nodes[word & ~NODE];

	if (!is_shared(&n->at, addr, n->bits)) {
		return &n->otherwise;
	}
	if (n->wide) {
		return &t->runs[n->runs + cut(addr, n->bits, 2 * OCTET)];
	}
	unsigned value = cut(addr, n->bits, OCTET), part = value / 64;
	uint64_t until = n->begins[part] << (63 - value % 64);

	return &t->runs[n->runs + n->before[part] + count_bits(until) - 1];
}

static const uint32_t *begin(const struct nettree *t,
			     const struct netbits *addr)
{
	return netbits_are_v4(addr) ? &t->v4[(uint32_t)addr->low >> t->v4_shift]
				    : &t->v6;
}

/* Who decides, where the search has come to an end. */
static const struct network *settle(const struct nettree *t, uint32_t word,
				    const struct netbits *addr)
{
	const struct network *first = &t->networks[word & INDEX];
	uint32_t count = word >> COUNT;

	if (count == 0) {
		return first;
	}
	while (count-- > 0) {
		if (network_holds(first + count, addr)) {
			return first + count;
		}
	}
	return &t->networks[first->around];
}

const struct network *nettree_find(const struct nettree *t,
				   const struct netbits *addr)
{
	uint32_t word = *begin(t, addr);

	while (word & NODE) {
		word = *step(t, word, addr);
	}
	return settle(t, word, addr);
}

static void expect(const struct nettree *t, uint32_t word)
{
	if (word & NODE) {
		__builtin_prefetch(&t->nodes[word & ~NODE]);
	} else {
		__builtin_prefetch(&t->networks[word & INDEX]);
		if (word >> COUNT > 1) {
			__builtin_prefetch(&t->networks[(word & INDEX) + 2]);
		}
	}
}

void nettree_find_all(const struct nettree *t, const struct netbits *addrs,
		      const struct network **found, size_t count)
{
	const uint32_t *next[NETTREE_BATCH];
	bool more = true;

	INVARIANT(count <= NETTREE_BATCH);
	for (size_t i = 0; i < count; i++) {
		next[i] = begin(t, &addrs[i]);
		__builtin_prefetch(next[i]);
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < count; i++) {
			expect(t, *next[i]);
		}
		for (size_t i = 0; i < count; i++) {
			if (*next[i] & NODE) {
				next[i] = step(t, *next[i], &addrs[i]);
				__builtin_prefetch(next[i]);
				more = true;
			}
		}
	}
	for (size_t i = 0; i < count; i++) {
		found[i] = settle(t, *next[i], &addrs[i]);
	}
}
