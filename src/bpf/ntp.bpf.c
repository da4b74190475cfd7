/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntp.bpf.c - answers plain requests for the time in the driver of the network
 * card, before the kernel makes anything of them.
 *
 * Whatever it does not understand to the last bit, or may not judge, goes up
 * to the daemon's sockets as it came. What it answers, server_respond() would
 * have answered with the same octets but for the two stamps:
 * tests/unit/test_fastprog.c.
 */
#include "bpf/buckets.h"
#include "bpf/frame.h"
#include "core/serve/fastmap.h"

#define NS_PER_S 1000000000
#define PER_NS 18446744074 /* 2^64 / 10^9, rounded up */
#define DISP_MAX ((__u64)0xffffffff << 16)

/* The part of an answer that is decided before the frame is touched. */
struct answer {
	__u32 words[FAST_HEADER / 4]; /* leap to reference, as on the wire */
	__u64 tai_ns;                 /* when it was made */
	__u64 receive, transmit;
	__u32 net; /* whom it is for, as the tries have it */
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
	__type(value, struct fast_cpu);
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
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} samples SEC(".maps");

char terms[] SEC("license") = "Dual BSD/GPL";

/* --- judging --- */

/* All that can be said of it without asking who it is from. */
always enum fast_verdict judge_request(struct frame *f)
{
	const struct ntp *q = f->ntp;
	__u8 kind = q->first & 0x3f;

	if (kind != (3 << 3 | 3) && kind != (4 << 3 | 3)) {
		return FAST_MODE;
	}
	/* It may name a receive stamp of a thread's: all those are odd. */
	if (q->origin & bpf_cpu_to_be64(1) && q->receive != q->transmit) {
		return FAST_INTERLEAVED;
	}
	f->pseudo = pseudo_sum(f);
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

always int same_words(const __u32 *a, const __u32 *b, unsigned words)
{
	__u32 differ = 0;

#pragma clang loop unroll(full)
	for (unsigned i = 0; i < words; i++) {
		differ |= a[i] ^ b[i];
	}
	return differ == 0;
}

/* One of the homes: what nearly all are sent to is found at once. */
always int is_home(const struct fast_view *v, const struct frame *f,
		   __u32 interface)
{
	const void *to = f->v4 ? (const void *)&v4_of(f)->daddr
			       : (const void *)&v6_of(f)->daddr;
	unsigned words = f->v4 ? 1 : 4;
	__u8 last = ((const __u8 *)to)[4 * words - 1];
	const struct fast_address *home =
		&v->homes[f->v4][fast_home(last, f->vlan)];

	return home->interface == interface && home->vlan == f->vlan &&
	       same_words((const __u32 *)&home->ip[16 - 4 * words], to, words);
}

always int is_served(const struct fast_view *v, const struct frame *f,
		     __u32 interface)
{
	struct fast_address a = { .interface = interface, .vlan = f->vlan };

	if (is_home(v, f, interface)) {
		return 1;
	}
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

/* True: only the default is about his first 16 bits. */
always int is_other(const struct fast_state *s, const struct frame *f)
{
	__u16 start = bpf_ntohs(f->v4 ? *(__be16 *)&v4_of(f)->saddr
				      : v6_of(f)->saddr.s6_addr16[0]);

	return s->only_others[f->v4][start / 8] >> start % 8 & 1;
}

always __u32 net_of(const struct fast_state *s, const struct frame *f)
{
	__u32 *value;

	if (is_other(s, f)) {
		return s->others[f->v4];
	}
	if (f->v4) {
		struct fast_net4 net = { .prefix = 32 };

		__builtin_memcpy(net.ip, &v4_of(f)->saddr, 4);
		value = bpf_map_lookup_elem(&nets4, &net);
	} else {
		struct fast_net6 net = { .prefix = 128 };

		__builtin_memcpy(net.ip, &v6_of(f)->saddr, 16);
		value = bpf_map_lookup_elem(&nets6, &net);
	}
	return value ? *value : FAST_UP;
}

always enum fast_verdict judge_client(const struct fast_state *s,
				      const struct fast_view *v,
				      const struct frame *f, __u32 interface,
				      __u64 now, struct answer *a)
{
	if (source_is_odd(f)) {
		return FAST_SOURCE;
	}
	if (!is_served(v, f, interface)) {
		return FAST_ADDRESS;
	}
	a->net = net_of(s, f);
	switch (fast_rule(a->net)) {
	case FAST_SERVE:
		return FAST_ANSWERED;
	case FAST_LIMIT:
		return buckets_take(v, f, now) ? FAST_ANSWERED : FAST_LIMITED;
	default:
		return FAST_RESTRICTED;
	}
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

/*
 * One reading of the clock, in the middle of the work, stands for both stamps:
 * it is as far from the arrival as from the departure, and the whole is 0.1 us.
 */
always void make_answer(struct answer *a, const struct fast_view *v,
			const struct frame *f)
{
	__u8 *first = (__u8 *)a->words;

	__builtin_memcpy(a->words, v->header, FAST_HEADER);
	a->traffic = v->traffic;
	first[0] |= (f->ntp->first & 0x38) | 4;
	first[2] = f->ntp->poll;
	a->receive = stamp(v, a->tai_ns) | FAST_MARK;
	a->transmit = a->receive + 1;
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
always void sample(struct fast_counters *c, const struct frame *f,
		   const struct answer *a)
{
	__u64 now = a->tai_ns, flags = BPF_RB_NO_WAKEUP;
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
	s->at = a->receive;
	s->port = bpf_ntohs(f->ntp->udp.source);
	s->first = f->ntp->first;
	if (now - c->woken_ns >= FAST_WAKE_NS) {
		c->woken_ns = now;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	bpf_ringbuf_submit(s, flags);
}

always void count(struct fast_cpu *c, const struct frame *f,
		  const struct answer *a)
{
	__u32 line = a->net >> FAST_RULE_BITS;

	c->counters.versions[f->ntp->first >> 3 & 1 ? 0 : 1]++;
	if (line < FAST_LINES) {
		barrier_var(line); /* Linux 6.1 must see that it is bounded */
		c->hits[line % FAST_LINES]++;
	}
	sample(&c->counters, f, a);
}

/*
 * A view has an end, so that nobody who died goes on telling the time; on a
 * clock that may be some ms late, and costs little. If TAI has moved against
 * that, somebody has stepped the clock or said what TAI is: then the offset is
 * not that of the view.
 */
always enum fast_verdict respond(const struct fast_state *s, struct frame *f,
				 __u32 interface, struct answer *a)
{
	__u64 generation = *(volatile const __u64 *)&s->generation;
	const struct fast_view *v = &s->views[generation % FAST_VIEWS];
	enum fast_verdict verdict = judge_request(f);
	__u64 now = bpf_ktime_get_coarse_ns();
	__s64 moved;

	if (verdict != FAST_ANSWERED) {
		return verdict;
	}
	if (generation == 0 || now >= v->until_ns) {
		return FAST_SILENT;
	}
	verdict = judge_client(s, v, f, interface, now, a);
	if (verdict != FAST_ANSWERED) {
		return verdict;
	}
	a->tai_ns = bpf_ktime_get_tai_ns();
	moved = (__s64)(a->tai_ns - now) - v->tai_ahead_ns;
	if (moved <= -NS_PER_S / 2 || moved >= NS_PER_S / 2) {
		return FAST_SILENT;
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
	struct fast_cpu *c = bpf_map_lookup_elem(&counters, &cpu);
	struct fast_state *s = bpf_map_lookup_elem(&state, &zero);
	enum fast_verdict verdict = FAST_FORM;
	struct answer a;

	if (!s || !c || f->ntp->udp.dest != s->port) {
		return XDP_PASS;
	}
	if (is_whole(f, end)) {
		verdict = respond(s, f, ctx->ingress_ifindex, &a);
	}
	c->counters.verdicts[verdict]++;
	if (verdict != FAST_ANSWERED) {
		return XDP_PASS;
	}
	count(c, f, &a);
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
