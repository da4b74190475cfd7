/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buckets.h - how often a host and the networks around it may be answered in
 * the driver: the levels of core/serve/ratelimit.c, a part of the credit, and
 * no chance and no kiss. Who has too little goes up, and stays with the sockets
 * until he has asked for nothing long enough to owe nothing.
 *
 * All processors share the buckets; each has a list of its own of which are
 * the oldest, so a flood of new hosts on one of them costs no lock.
 */
#ifndef BPF_BUCKETS_H
#define BPF_BUCKETS_H

#include "bpf/frame.h"
#include "core/serve/fastmap.h"

#define LEVELS 3

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct fast_bucket);
} hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct fast_bucket);
} networks SEC(".maps");

/* A host's own, and those of /24, or of /56 and /48, which end in a tag. */
always void put_keys(const struct frame *f, __u64 keys[LEVELS])
{
	__u8 *tag = (__u8 *)keys + 7;

	if (f->v4) {
		keys[0] = (__u64)v4_of(f)->saddr << 32 | 0xff;
		keys[1] = v4_of(f)->saddr & bpf_htonl(0xffffff00);
		tag[8] = 24;
		return;
	}
	__builtin_memcpy(&keys[0], &v6_of(f)->saddr, 8);
	keys[1] = keys[2] = keys[0];
	tag[8] = 56;
	tag[16] = 48;
	tag[16 - 1] = 0;
}

always struct fast_bucket *bucket_of(void *map, const __u64 *key, __u64 now)
{
	struct fast_bucket fresh = { .paid_ns = now };
	struct fast_bucket *b = bpf_map_lookup_elem(map, key);

	if (b) {
		return b;
	}
	(void)bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

/* Makes `paid_ns` sane first. Who cannot owes for this request, too. */
always int can_pay(const struct fast_view *v, struct fast_bucket *b,
		   __u64 price, __u64 now)
{
	__u64 debt = b->paid_ns - now;

	if ((__s64)debt <= 0 || debt > v->room_ns) {
		b->paid_ns = now;
		b->over = debt = 0;
	}
	if (!b->over && debt + price <= v->room_ns) {
		return 1;
	}
	b->over = 1;
	debt += price;
	b->paid_ns = now + (debt < v->room_ns ? debt : v->room_ns);
	return 0;
}

/* Others may pay from it at the same moment. */
always void pay(struct fast_bucket *b, __u64 price)
{
	__sync_fetch_and_add(&b->paid_ns, price);
}

always int buckets_take(const struct fast_view *v, const struct frame *f,
			__u64 now)
{
	__u64 keys[LEVELS], price = v->cost_ns;
	__u64 shares[LEVELS];
	struct fast_bucket *b[LEVELS];

	if (price == 0) {
		return 0;
	}
	put_keys(f, keys);
	b[0] = bucket_of(&hosts, &keys[0], now);
	b[1] = bucket_of(&networks, &keys[1], now);
	b[2] = f->v4 ? b[1] : bucket_of(&networks, &keys[2], now);
	if (!b[0] || !b[1] || !b[2]) {
		return 0;
	}
	if (now - b[0]->last_ns < v->guard_ns) {
		price *= 2;
	}
	shares[0] = price < v->room_ns ? price : v->room_ns;
	shares[1] = shares[0] >> (f->v4 ? FAST_WIDE_24 : FAST_WIDE_56);
	shares[2] = shares[0] >> FAST_WIDE_48;
	if (!can_pay(v, b[0], shares[0], now) ||
	    !can_pay(v, b[1], shares[1], now) ||
	    (!f->v4 && !can_pay(v, b[2], shares[2], now))) {
		return 0;
	}
	pay(b[0], shares[0]);
	b[0]->last_ns = now;
	pay(b[1], shares[1]);
	if (!f->v4) {
		pay(b[2], shares[2]);
	}
	return 1;
}

#endif
