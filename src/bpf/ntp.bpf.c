/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntp.bpf.c - answers plain requests for the time in the driver of the network
 * card, before the kernel makes anything of them.
 *
 * Whatever it does not understand to the last bit, or may not judge, goes up
 * to the daemon's sockets as it came. What it answers, server_respond() would
 * have answered with the same octets but for the two stamps:
 * tests/bpf/test_fastpath.c.
 */
#include "bpf/frame.h"
#include "core/fastmap.h"

#define NS_PER_S 1000000000
#define PER_NS 18446744074 /* 2^64 / 10^9, rounded up */
#define DISP_MAX ((__u64)0xffffffff << 16)

/* The part of an answer that is decided before the frame is touched. */
struct answer {
	__u32 words[FAST_HEADER / 4]; /* leap to reference, as on the wire */
	__u64 receive, transmit;
	__u8 traffic;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_state);
} state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY); /* by CPU, so that it can be mapped */
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct fast_address);
	__type(value, __u8);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__type(key, struct fast_net4);
	__type(value, __u32);
} nets4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__type(key, struct fast_net6);
	__type(value, __u32);
} nets6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct fast_bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} samples SEC(".maps");

char terms[] SEC("license") = "Dual BSD/GPL";

/* --- judging --- */

always enum fast_verdict judge_request(const struct frame *f)
{
	const struct ntp *q = f->ntp;
	__u8 kind = q->first & 0x3f;

	if (kind != (3 << 3 | 3) && kind != (4 << 3 | 3)) {
		return FAST_MODE;
	}
	if (q->origin != 0 && q->receive != q->transmit) {
		return FAST_INTERLEAVED;
	}
	if ((f->v4 && fold(sum_words(f->ip, 5)) != 0xffff) ||
	    !checksum_is_good(f)) {
		return FAST_CHECKSUM;
	}
	return q->udp.source == 0 ? FAST_SOURCE : FAST_ANSWERED;
}

always void put_v4(__u8 ip[16], __be32 v4)
{
	__builtin_memset(ip, 0, 10);
	ip[10] = ip[11] = 0xff;
	__builtin_memcpy(ip + 12, &v4, 4);
}

always int is_served(const struct frame *f, __u32 interface)
{
	struct fast_address a = { .interface = interface, .vlan = f->vlan };

	if (f->v4) {
		put_v4(a.ip, v4_of(f)->daddr);
	} else {
		__builtin_memcpy(a.ip, &v6_of(f)->daddr, 16);
	}
	return bpf_map_lookup_elem(&addresses, &a) != NULL;
}

/* Not what a client has, or not without the wire that it is on. */
always int source_is_odd(const struct frame *f)
{
	if (f->v4) {
		__u32 ip = bpf_ntohl(v4_of(f)->saddr);

		return ip >> 24 == 0 || ip >> 24 == 127 || ip >> 24 >= 224 ||
		       ip >> 16 == 0xa9fe;
	}
	const struct in6_addr *ip = &v6_of(f)->saddr;

	return ip->s6_addr[0] == 0xff ||
	       (ip->s6_addr[0] == 0xfe && ip->s6_addr[1] >> 6 == 2) ||
	       (ip->s6_addr32[0] == 0 && ip->s6_addr32[1] == 0);
}

always enum fast_rule rule_for(const struct frame *f)
{
	__u32 *rule;

	if (f->v4) {
		struct fast_net4 net = { .prefix = 32 };

		__builtin_memcpy(net.ip, &v4_of(f)->saddr, 4);
		rule = bpf_map_lookup_elem(&nets4, &net);
	} else {
		struct fast_net6 net = { .prefix = 128 };

		__builtin_memcpy(net.ip, &v6_of(f)->saddr, 16);
		rule = bpf_map_lookup_elem(&nets6, &net);
	}
	return rule ? (enum fast_rule) * rule : FAST_UP;
}

/* As ratelimit_take() has it, for a host or a /64, on this CPU alone. */
always int has_room(const struct fast_view *v, const struct frame *f)
{
	__u64 key = 1, now = f->boot_ns, debt = 0, cost = v->cost_ns;
	struct fast_bucket *b;

	if (cost == 0) {
		return 0;
	}
	if (f->v4) {
		key = (__u64)1 << 32 | v4_of(f)->saddr;
	} else {
		__builtin_memcpy(&key, &v6_of(f)->saddr, 8);
	}
	b = bpf_map_lookup_elem(&buckets, &key);
	if (!b) {
		struct fast_bucket fresh = { now + cost, now };

		return bpf_map_update_elem(&buckets, &key, &fresh, BPF_ANY) ==
		       0;
	}
	if (b->empty_ns > now && b->empty_ns - now <= v->debt_ns) {
		debt = b->empty_ns - now;
	}
	if (now - b->last_ns < v->guard_ns) {
		cost *= 2;
	}
	if (debt + cost > v->debt_ns) {
		return 0;
	}
	b->empty_ns = now + debt + cost;
	b->last_ns = now;
	return 1;
}

always enum fast_verdict judge_client(const struct fast_view *v,
				      const struct frame *f, __u32 interface)
{
	enum fast_rule rule;

	if (source_is_odd(f)) {
		return FAST_SOURCE;
	}
	if (!is_served(f, interface)) {
		return FAST_ADDRESS;
	}
	rule = rule_for(f);
	if (rule == FAST_LIMIT) {
		return has_room(v, f) ? FAST_ANSWERED : FAST_LIMITED;
	}
	return rule == FAST_SERVE ? FAST_ANSWERED : FAST_RESTRICTED;
}

/*
 * It has an end, so that nobody who died goes on telling the time. And if TAI
 * has moved against boottime, somebody has stepped the clock or said what TAI
 * is: then the offset is not that of the view.
 */
always int is_alive(const struct fast_view *v, const struct frame *f)
{
	__s64 moved = (__s64)(f->tai_ns - f->boot_ns) - v->tai_ahead_ns;

	return f->boot_ns < v->until_ns && moved > -NS_PER_S / 2 &&
	       moved < NS_PER_S / 2;
}

/* --- answering --- */

always __u64 stamp(const struct fast_view *v, __u64 tai_ns)
{
	__u64 s = tai_ns / NS_PER_S, ns = tai_ns - s * NS_PER_S;
	__u32 offset_s = tai_ns < v->leap_ns ? v->before_s : v->after_s;

	return (s + offset_s) << 32 | ns * PER_NS >> 32;
}

/* At `now`, on the wire: as much, or one unit of 15 us more. */
always __u32 disp_at(const struct fast_view *v, __u64 now)
{
	__u64 age = now - v->made, disp = v->disp + 1;

	/* Set back since the view was made: it has not aged. */
	if ((__s64)age > 0) {
		age = age >> 16 > (__u64)FAST_AGE_MAX << 16
			      ? (__u64)FAST_AGE_MAX << 16
			      : (age >> 16) + 1;
		disp += age * v->growth >> (FAST_GROWTH - 16);
	}
	return disp >= DISP_MAX ? 0xffffffff : (__u32)((disp + 0xffff) >> 16);
}

always void make_answer(struct answer *a, const struct fast_view *v,
			const struct frame *f)
{
	__u8 *first = (__u8 *)a->words;

	__builtin_memcpy(a->words, v->header, FAST_HEADER);
	a->traffic = v->traffic;
	first[0] |= (f->ntp->first & 0x38) | 4;
	first[2] = f->ntp->poll;
	a->receive = stamp(v, f->tai_ns);
	a->transmit = stamp(v, bpf_ktime_get_tai_ns());
	a->words[2] = bpf_htonl(disp_at(v, a->transmit));
}

/* From here on the frame is another one. */
always void write_ntp(struct frame *f, const struct answer *a)
{
	struct ntp *n = f->ntp;
	__be16 port = n->udp.source;
	__u16 sum;

	n->udp.source = n->udp.dest;
	n->udp.dest = port;
	n->udp.check = 0;
	n->origin = n->transmit;
	__builtin_memcpy(&n->first, a->words, FAST_HEADER);
	n->receive = bpf_cpu_to_be64(a->receive);
	n->transmit = bpf_cpu_to_be64(a->transmit);
	sum = ~fold(f->pseudo + sum_words(n, UDP_LEN / 4));
	n->udp.check = sum ? sum : 0xffff;
}

/* Of a frame that is not answered yet. */
always void sample(struct fast_counters *c, const struct frame *f, __u64 at)
{
	__u64 now = f->boot_ns, flags = BPF_RB_NO_WAKEUP;
	struct fast_sample *s;

	if (now - c->sampled_ns < FAST_SAMPLE_NS) {
		return;
	}
	c->sampled_ns = now;
	s = bpf_ringbuf_reserve(&samples, sizeof(*s), 0);
	if (!s) {
		c->lost++;
		return;
	}
	if (f->v4) {
		put_v4(s->from, v4_of(f)->saddr);
		put_v4(s->to, v4_of(f)->daddr);
	} else {
		__builtin_memcpy(s->from, &v6_of(f)->saddr, 16);
		__builtin_memcpy(s->to, &v6_of(f)->daddr, 16);
	}
	s->at = at;
	s->port = bpf_ntohs(f->ntp->udp.source);
	s->first = f->ntp->first;
	if (now - c->woken_ns >= FAST_WAKE_NS) {
		c->woken_ns = now;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	bpf_ringbuf_submit(s, flags);
}

always enum fast_verdict respond(const struct fast_state *s, struct frame *f,
				 __u32 interface, struct answer *a)
{
	__u64 generation = *(volatile const __u64 *)&s->generation;
	const struct fast_view *v = &s->views[generation % FAST_VIEWS];
	enum fast_verdict verdict = judge_request(f);

	if (verdict != FAST_ANSWERED) {
		return verdict;
	}
	f->boot_ns = bpf_ktime_get_boot_ns();
	if (generation == 0 || !is_alive(v, f)) {
		return FAST_SILENT;
	}
	verdict = judge_client(v, f, interface);
	if (verdict != FAST_ANSWERED) {
		return verdict;
	}
	make_answer(a, v, f);
	return *(volatile const __u64 *)&s->generation - generation >
			       FAST_VIEWS - 2
		       ? FAST_TORN
		       : FAST_ANSWERED;
}

always int serve(struct xdp_md *ctx, struct frame *f, const void *end)
{
	__u32 zero = 0, cpu = bpf_get_smp_processor_id();
	struct fast_counters *c = bpf_map_lookup_elem(&counters, &cpu);
	struct fast_state *s = bpf_map_lookup_elem(&state, &zero);
	enum fast_verdict verdict = FAST_FORM;
	struct answer a;

	if (!s || !c || f->ntp->udp.dest != s->port) {
		return XDP_PASS;
	}
	f->tai_ns = bpf_ktime_get_tai_ns();
	if (is_whole(f, end)) {
		verdict = respond(s, f, ctx->ingress_ifindex, &a);
	}
	c->verdicts[verdict]++;
	if (verdict != FAST_ANSWERED) {
		return XDP_PASS;
	}
	c->versions[f->ntp->first >> 3 & 1 ? 0 : 1]++;
	sample(c, f, a.receive);
	write_ntp(f, &a);
	turn_around(f, a.traffic);
	return XDP_TX;
}

SEC("xdp")
int ntp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct frame f = { .v4 = 1 };
	__be16 proto = read_link(&f, data, end);

	if (proto == bpf_htons(ETH_P_IP)) {
		return read_v4(&f, end) ? serve(ctx, &f, end) : XDP_PASS;
	}
	f.v4 = 0;
	if (proto == bpf_htons(ETH_P_IPV6)) {
		return read_v6(&f, end) ? serve(ctx, &f, end) : XDP_PASS;
	}
	return XDP_PASS;
}
