/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.h - Ethernet frames with a request in them, right or wrong in one
 * way, and what is in an answer. Written octet by octet, so that it shares no
 * idea with the program that it tests.
 */
#ifndef TESTS_UNIT_FRAMES_H
#define TESTS_UNIT_FRAMES_H

#include <string.h>

#include "base/bytes.h"
#include "base/netaddr.h"
#include "check.h"

#define FRAME_ROOM 3400

enum sum { SUM_RIGHT, SUM_NONE, SUM_PARTIAL, SUM_WRONG };

/* What a frame is to be; zeroes are an untagged IPv4 request. */
struct frame_plan {
	netaddr from, to;
	unsigned tags;
	uint16_t vlan;
	uint16_t outer;    /* type of the first tag; 0: 802.1Q */
	uint8_t options;   /* octets of IPv4 options, or of an IPv6 header */
	uint16_t fragment; /* flags and offset of IPv4 */
	uint8_t hops;
	uint8_t protocol; /* 0: UDP */
	enum sum sum;
	bool bad_header; /* IPv4's own checksum */
	bool group_mac;
	uint16_t udp_length, ip_length; /* more than they should be */
	size_t padding, cut;            /* octets behind it, or off its end */
	const uint8_t *data;
	size_t len;
};

struct frame {
	size_t len;
	size_t ip, udp; /* where they begin */
	uint8_t bytes[FRAME_ROOM];
};

static inline uint32_t frame_add(uint32_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += (uint32_t)at[i] << (i % 2 == 0 ? 8 : 0);
	}
	while (sum >> 16) {
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Of both addresses, the protocol and the length of what UDP has. */
static inline uint32_t frame_pseudo(const struct frame *f, bool v4, size_t len)
{
	uint8_t rest[4] = { 0, 17, (uint8_t)(len >> 8), (uint8_t)len };
	uint32_t sum = v4 ? frame_add(0, f->bytes + f->ip + 12, 8)
			  : frame_add(0, f->bytes + f->ip + 8, 32);

	return frame_add(sum, rest, sizeof(rest));
}

static inline void frame_v4(const struct frame_plan *p, struct writer *w)
{
	uint8_t *start = w->at;
	size_t header = 20u + p->options;
	size_t total = header + 8 + p->len + p->ip_length;
	uint32_t sum;

	write_u8(w, (uint8_t)(0x40 | header / 4));
	write_u8(w, (uint8_t)check_rng());
	write_u8(w, (uint8_t)(total >> 8));
	write_u8(w, (uint8_t)total);
	write_u8(w, (uint8_t)check_rng());
	write_u8(w, (uint8_t)check_rng());
	write_u8(w, (uint8_t)(p->fragment >> 8));
	write_u8(w, (uint8_t)p->fragment);
	write_u8(w, p->hops);
	write_u8(w, p->protocol ? p->protocol : 17);
	write_u8(w, 0);
	write_u8(w, 0);
	write_u32(w, netaddr_v4_bits(&p->from));
	write_u32(w, netaddr_v4_bits(&p->to));
	for (size_t i = 0; i < p->options; i++) {
		write_u8(w, 1); /* no operation */
	}
	sum = ~frame_add(0, start, header) + (p->bad_header ? 1u : 0u);
	start[10] = (uint8_t)(sum >> 8);
	start[11] = (uint8_t)sum;
}

static inline void frame_v6(const struct frame_plan *p, struct writer *w)
{
	size_t total = 8 + p->len + p->options + p->ip_length;
	uint8_t protocol = p->protocol ? p->protocol : 17;

	write_u32(w, 0x60000000 | ((uint32_t)check_rng() & 0xfffffff));
	write_u8(w, (uint8_t)(total >> 8));
	write_u8(w, (uint8_t)total);
	write_u8(w, p->options ? 60 : protocol); /* destination options */
	write_u8(w, p->hops);
	for (size_t i = 0; i < 16; i++) {
		write_u8(w, p->from.ip[i]);
	}
	for (size_t i = 0; i < 16; i++) {
		write_u8(w, p->to.ip[i]);
	}
	for (size_t i = 0; i < p->options; i++) { /* and padding in it */
		write_u8(w, i == 0   ? protocol
			    : i == 1 ? (uint8_t)(p->options / 8 - 1)
			    : i == 2 ? 1
			    : i == 3 ? (uint8_t)(p->options - 4)
				     : 0);
	}
}

static inline void frame_link(const struct frame_plan *p, struct writer *w)
{
	bool v4 = netaddr_is_v4(&p->to);

	for (size_t i = 0; i < 12; i++) {
		uint8_t octet = (uint8_t)check_rng();

		write_u8(w, i % 6 > 0                ? octet
			    : i == 0 && p->group_mac ? octet | 1
						     : octet & 0xfe);
	}
	for (size_t i = 0; i < p->tags; i++) {
		uint16_t type = i == 0 && p->outer ? p->outer : 0x8100;

		write_u8(w, (uint8_t)(type >> 8));
		write_u8(w, (uint8_t)type);
		write_u8(w, (uint8_t)(p->vlan >> 8));
		write_u8(w, (uint8_t)p->vlan);
	}
	write_u8(w, v4 ? 0x08 : 0x86);
	write_u8(w, v4 ? 0x00 : 0xdd);
}

static inline void frame_sum(struct frame *f, const struct frame_plan *p)
{
	size_t len = 8 + p->len;
	uint32_t pseudo = frame_pseudo(f, netaddr_is_v4(&p->to), len);
	uint32_t sum = ~frame_add(pseudo, f->bytes + f->udp, len) & 0xffff;

	sum = sum == 0 ? 0xffff : sum;
	switch (p->sum) {
	case SUM_RIGHT:
		break;
	case SUM_NONE:
		sum = 0;
		break;
	case SUM_PARTIAL:
		sum = pseudo;
		break;
	case SUM_WRONG:
		/* Neither right, nor none, nor that of the pseudo header. */
		do {
			sum = (sum + 1) & 0xffff;
		} while (sum == 0 || sum == 0xffff || sum == pseudo);
		break;
	}
	f->bytes[f->udp + 6] = (uint8_t)(sum >> 8);
	f->bytes[f->udp + 7] = (uint8_t)sum;
}

static inline void frame_build(struct frame *f, const struct frame_plan *p)
{
	struct writer w = writer_over(f->bytes, sizeof(f->bytes));
	size_t udp = 8 + p->len + p->udp_length;

	frame_link(p, &w);
	f->ip = (size_t)(w.at - f->bytes);
	if (netaddr_is_v4(&p->to)) {
		frame_v4(p, &w);
	} else {
		frame_v6(p, &w);
	}
	f->udp = (size_t)(w.at - f->bytes);
	write_u8(&w, (uint8_t)(p->from.port >> 8));
	write_u8(&w, (uint8_t)p->from.port);
	write_u8(&w, (uint8_t)(p->to.port >> 8));
	write_u8(&w, (uint8_t)p->to.port);
	write_u8(&w, (uint8_t)(udp >> 8));
	write_u8(&w, (uint8_t)udp);
	write_u8(&w, 0);
	write_u8(&w, 0);
	for (size_t i = 0; i < p->len; i++) {
		write_u8(&w, p->data[i]);
	}
	frame_sum(f, p);
	for (size_t i = 0; i < p->padding; i++) {
		write_u8(&w, 0);
	}
	assert_false(w.failed);
	f->len = (size_t)(w.at - f->bytes) - p->cut;
}

/* The answer `a` to `q` on every layer below NTP; the NTP part. */
static inline const uint8_t *
frame_is_answer(const struct frame *q, const struct frame *a, uint8_t traffic)
{
	bool v4 = q->bytes[q->ip] >> 4 == 4;
	const uint8_t *x = q->bytes, *y = a->bytes;
	size_t ip = q->ip, from = ip + (v4 ? 12 : 8), size = v4 ? 4 : 16;
	size_t udp = q->udp, len = q->len - udp;

	assert_int_equal(a->len, q->len);
	assert_memory_equal(y, x + 6, 6);
	assert_memory_equal(y + 6, x, 6);
	assert_memory_equal(y + 12, x + 12, ip - 12); /* tag and type */
	assert_memory_equal(y + from, x + from + size, size);
	assert_memory_equal(y + from + size, x + from, size);
	assert_memory_equal(y + udp, x + udp + 2, 2);
	assert_memory_equal(y + udp + 2, x + udp, 2);
	assert_memory_equal(y + udp + 4, x + udp + 4, 2);
	if (v4) {
		uint8_t head[4] = { 0x45, traffic, x[ip + 2], x[ip + 3] };
		uint8_t next[6] = { 0, 0, 0x40, 0, 64, 17 };

		assert_memory_equal(y + ip, head, 4);
		assert_memory_equal(y + ip + 4, next, 6);
		assert_int_equal(frame_add(0, y + ip, 20), 0xffff);
	} else {
		uint8_t head[8] = { (uint8_t)(0x60 | traffic >> 4),
				    (uint8_t)(traffic << 4),
				    0,
				    0,
				    0,
				    56,
				    17,
				    64 };

		assert_memory_equal(y + ip, head, 8);
	}
	assert_true(y[udp + 6] != 0 || y[udp + 7] != 0);
	assert_int_equal(frame_add(frame_pseudo(a, v4, len), y + udp, len),
			 0xffff);
	return y + udp + 8;
}

#endif
