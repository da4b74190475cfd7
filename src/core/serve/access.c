/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/access.h"

#include <string.h>

#include "core/serve/accesstable.h"

#define SPARSE 32 /* slots for each host: the clients who meet one are few */

_Static_assert(ACCESS_BATCH == NETTREE_BATCH, "one batch is one of both");

size_t access_counters(const struct config *config)
{
	size_t lines = 1; /* the built-in defaults */

	for (const struct restrict_config *r = config->restricts; r;
	     r = r->next) {
		lines++;
	}
	return 2 * lines;
}

/* A power of two, so that a hash is cut to it: to one bit, at least. */
static size_t slots_for(size_t hosts)
{
	size_t slots = 2;

	while (slots < SPARSE * hosts) {
		slots *= 2;
	}
	return slots;
}

size_t access_follow_size(size_t hosts)
{
	return sizeof(struct access) + hosts * sizeof(struct network) +
	       slots_for(hosts) * sizeof(uint32_t);
}

size_t access_size(const struct config *config, size_t hosts)
{
	return access_follow_size(hosts) + accesslines_size(config);
}

/* A line about just this host beats the template. */
static void drop_named(struct access *a)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < a->count; i++) {
		size_t place = accesslines_before(a->lines, &a->hosts[i]);

		if (place < a->lines->count &&
		    accesslines_cmp(accesslines_at(a->lines, place),
				    &a->hosts[i]) == 0) {
			continue;
		}
		a->hosts[kept] = a->hosts[i];
		a->hosts[kept].around = (uint32_t)place + kept;
		kept++;
	}
	a->count = kept;
}

static void fill_slots(struct access *a)
{
	uint32_t mask = (uint32_t)slots_for(a->count) - 1;

	a->shift = 64;
	for (uint32_t i = mask; i > 0; i /= 2) {
		a->shift--;
	}
	memset(a->slots, 0, (mask + 1) * sizeof(*a->slots));
	for (uint32_t i = 0; i < a->count; i++) {
		uint32_t slot = access_slot(a, &a->hosts[i].at);

		while (a->slots[slot] != 0) {
			slot = (slot + 1) & mask;
		}
		a->slots[slot] = i + 1;
	}
	a->mask = mask;
}

static const struct access *take_hosts(struct access *a,
				       const struct accesslines *lines,
				       const netaddr *hosts, size_t count)
{
	INVARIANT(count < UINT32_MAX / SPARSE / 2);
	*a = (struct access){ .lines = lines };
	a->hosts = (struct network *)(void *)(a + 1);
	a->slots = (uint32_t *)(void *)(a->hosts + count);
	for (size_t i = 0; i < count && lines->source_number != 0; i++) {
		a->hosts[a->count++] =
			accesslines_entry(&hosts[i], 128, lines->source_flags,
					  lines->source_number);
	}
	a->count = (uint32_t)accesslines_sort(a->hosts, a->count);
	drop_named(a);
	fill_slots(a);
	return a;
}

const struct access *access_follow(void *memory, const struct access *lines,
				   const netaddr *hosts, size_t count)
{
	return take_hosts(memory, lines->lines, hosts, count);
}

const struct access *access_build(void *memory, const struct config *config,
				  const netaddr *hosts, size_t count)
{
	void *behind = (uint8_t *)memory + access_follow_size(count);

	return take_hosts(memory, accesslines_build(behind, config), hosts,
			  count);
}

static const struct network *find_host(const struct access *a,
				       const struct netbits *addr)
{
	uint32_t slot = access_slot(a, addr);

	for (; a->slots[slot] != 0; slot = (slot + 1) & a->mask) {
		const struct network *h = &a->hosts[a->slots[slot] - 1];

		if (h->at.low == addr->low && h->at.high == addr->high) {
			return h;
		}
	}
	return NULL;
}

/* Of two that are about just this host, the one for its port decides. */
static bool beats(const struct network *host, const struct network *line,
		  bool ntpport)
{
	if (accesslines_is_ntpport(host)) {
		return ntpport;
	}
	return line->prefix < 128 || !accesslines_is_ntpport(line);
}

static inline struct access_match match_of(const struct network *e, bool v4)
{
	return (struct access_match){
		.flags = e->flags & ~(uint32_t)RESTRICT_NTPPORT,
		.counter = e->counter,
		.general = e->prefix == (v4 ? NETTREE_V4 : 0),
	};
}

/* `e` is what the lines say, whatever the port. */
static struct access_match judge(const struct access *a, const netaddr *from,
				 const struct netbits *addr,
				 const struct network *e)
{
	const struct network *h = find_host(a, addr);
	bool ntpport = from->port == NTP_PORT;

	if (accesslines_is_ntpport(e) && !ntpport) {
		e = &a->lines->entries[e->instead];
	}
	if (h && beats(h, e, ntpport)) {
		e = h;
	}
	return match_of(e, netbits_are_v4(addr));
}

struct access_match access_match(const struct access *a, const netaddr *from)
{
	const struct netbits addr = netbits_of(from->ip);

	return judge(a, from, &addr, nettree_find(&a->lines->tree, &addr));
}

void access_match_all(const struct access *a, const netaddr *const from[],
		      struct access_match found[], size_t count)
{
	struct netbits addrs[ACCESS_BATCH] = { { 0, 0 } };
	const struct network *lines[ACCESS_BATCH];

	INVARIANT(count <= ACCESS_BATCH);
	for (size_t i = 0; i < count; i++) {
		addrs[i] = netbits_of(from[i]->ip);
	}
	nettree_find_all(&a->lines->tree, addrs, lines, count);
	for (size_t i = 0; i < count; i++) {
		/* Few are hosts of ours, or met by a line for one port. */
		found[i] =
			a->slots[access_slot(a, &addrs[i])] == 0 &&
					!accesslines_is_ntpport(lines[i])
				? match_of(lines[i], netbits_are_v4(&addrs[i]))
				: judge(a, from[i], &addrs[i], lines[i]);
	}
}

size_t access_count(const struct access *a)
{
	return a->lines->count + a->count;
}

struct access_entry access_entry(const struct access *a, size_t i)
{
	size_t low = 0, high = a->count;

	INVARIANT(i < access_count(a));
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (a->hosts[middle].around < i) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	bool host = low < a->count && a->hosts[low].around == i;
	const struct network *e =
		host ? &a->hosts[low] : accesslines_at(a->lines, i - low);
	struct access_entry out = {
		.flags = e->flags,
		.counter = e->counter,
		.prefix = e->prefix & 0xff,
		.for_source = host,
	};

	for (unsigned b = 0; b < 8; b++) {
		out.net.ip[b] = (uint8_t)(e->at.high >> (56 - 8 * b));
		out.net.ip[8 + b] = (uint8_t)(e->at.low >> (56 - 8 * b));
	}
	return out;
}
