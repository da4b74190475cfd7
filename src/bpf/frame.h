/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame.h - an Ethernet frame with a datagram of NTP in it, for the program in
 * the kernel: read without a doubt, or not at all; and sent back.
 */
#ifndef BPF_FRAME_H
#define BPF_FRAME_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FRAGMENT 0x3fff /* more of them, or an offset: not "don't fragment" */
#define DONT_FRAGMENT 0x4000
#define HOPS 64
#define VLAN_NUMBER 0xfff
#define NTP_LEN 48
#define UDP_LEN (8 + NTP_LEN)
#define V4_LEN (20 + UDP_LEN)
#define V6_LEN (40 + UDP_LEN)

#define always static __attribute__((always_inline)) inline

struct vlan {
	__be16 number;
	__be16 proto;
};

/* The datagram behind its IP header. */
struct ntp {
	struct udphdr udp;
	__u8 first, stratum, poll, precision;
	__be32 root_delay, root_disp, refid;
	__be64 reference, origin, receive, transmit;
} __attribute__((packed, aligned(4)));

/* What is known of a frame, and where. */
struct frame {
	struct ethhdr *eth;
	void *ip;
	struct ntp *ntp;
	__u64 pseudo; /* sum of what the UDP checksum covers of the IP header */
	__u16 vlan;
	int v4; /* a constant: the program is made twice, once for each */
};

always struct iphdr *v4_of(const struct frame *f)
{
	return f->ip;
}

always struct ipv6hdr *v6_of(const struct frame *f)
{
	return f->ip;
}

/* --- sums --- */

always __u64 sum_words(const void *start, unsigned words)
{
	const __u32 *at = start;
	__u64 sum = 0;

#pragma clang loop unroll(full)
	for (unsigned i = 0; i < words; i++) {
		sum += at[i];
	}
	return sum;
}

always __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

/* Both addresses, the protocol and the length: the same both ways. */
always __u64 pseudo_sum(const struct frame *f)
{
	return (f->v4 ? sum_words(&v4_of(f)->saddr, 2)
		      : sum_words(&v6_of(f)->saddr, 8)) +
	       bpf_htons(IPPROTO_UDP) + bpf_htons(UDP_LEN);
}

/*
 * Zero is "none" where IPv4 allows it. On virtual wires the sender leaves it
 * to a card that is never met: then it is the sum of the pseudo header alone.
 */
always int checksum_is_good(const struct frame *f)
{
	__u16 given = f->ntp->udp.check;

	if (given == 0) {
		return f->v4;
	}
	return fold(f->pseudo + sum_words(f->ntp, UDP_LEN / 4)) == 0xffff ||
	       given == fold(f->pseudo);
}

/* --- reading --- */

always int read_v4(struct frame *f, void *end)
{
	struct iphdr *ip = f->ip;

	if ((void *)ip + V4_LEN > end) {
		return 0;
	}
	f->ntp = (void *)(ip + 1);
	return *(__u8 *)ip == 0x45 && ip->protocol == IPPROTO_UDP &&
	       !(ip->frag_off & bpf_htons(FRAGMENT)) && ip->ttl > 0;
}

always int read_v6(struct frame *f, void *end)
{
	struct ipv6hdr *ip = f->ip;

	if ((void *)ip + V6_LEN > end) {
		return 0;
	}
	f->ntp = (void *)(ip + 1);
	return *(__u8 *)ip >> 4 == 6 && ip->nexthdr == IPPROTO_UDP &&
	       ip->hop_limit > 0;
}

/* The protocol in an Ethernet frame, in the order of the wire; 0: none. */
always __be16 read_link(struct frame *f, void *data, void *end)
{
	struct vlan *tag;

	f->eth = data;
	f->ip = tag = data + sizeof(*f->eth);
	f->vlan = 0;
	if (f->ip > end) {
		return 0;
	}
	if (f->eth->h_proto != bpf_htons(ETH_P_8021Q) &&
	    f->eth->h_proto != bpf_htons(ETH_P_8021AD)) {
		return f->eth->h_proto;
	}
	f->ip = tag + 1;
	if (f->ip > end) {
		return 0;
	}
	f->vlan = bpf_ntohs(tag->number) & VLAN_NUMBER;
	return tag->proto;
}

always int is_whole(const struct frame *f, const void *end)
{
	if ((void *)(f->ntp + 1) != end ||
	    f->ntp->udp.len != bpf_htons(UDP_LEN) || f->eth->h_dest[0] & 1) {
		return 0;
	}
	return f->v4 ? v4_of(f)->tot_len == bpf_htons(V4_LEN)
		     : v6_of(f)->payload_len == bpf_htons(UDP_LEN);
}

/* --- sending back --- */

always void write_v4(struct iphdr *ip, __u8 traffic)
{
	__be32 from = ip->saddr;

	ip->tos = traffic;
	ip->id = 0;
	ip->frag_off = bpf_htons(DONT_FRAGMENT);
	ip->ttl = HOPS;
	ip->check = 0;
	ip->saddr = ip->daddr;
	ip->daddr = from;
	ip->check = ~fold(sum_words(ip, 5));
}

always void write_v6(struct ipv6hdr *ip, __u8 traffic)
{
	struct in6_addr from = ip->saddr;

	*(__be32 *)ip = bpf_htonl((__u32)6 << 28 | (__u32)traffic << 20);
	ip->hop_limit = HOPS;
	ip->saddr = ip->daddr;
	ip->daddr = from;
}

/* From whom it was for, to whom it was from; of what is in it, nothing. */
always void turn_around(struct frame *f, __u8 traffic)
{
	__u16 *mac = (__u16 *)f->eth;

	if (f->v4) {
		write_v4(f->ip, traffic);
	} else {
		write_v6(f->ip, traffic);
	}
#pragma clang loop unroll(full)
	for (int i = 0; i < ETH_ALEN / 2; i++) {
		__u16 half = mac[i];

		mac[i] = mac[ETH_ALEN / 2 + i];
		mac[ETH_ALEN / 2 + i] = half;
	}
}

#endif
