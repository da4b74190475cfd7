/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netaddr.h - an address and a port as a value; no sockaddr above host/.
 *
 * IPv4 is kept as ::ffff:a.b.c.d, so that one comparison and one prefix rule
 * serve both families. The value zero is "no address".
 */
#ifndef BASE_NETADDR_H
#define BASE_NETADDR_H

#include "base/bytes.h"
#include "base/text.h"

#define NETADDR_TEXT 64 /* "[v6%scope]:port" and its NUL fit */
#define NTP_PORT 123

typedef struct {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint32_t scope; /* interface index of a link-local address, else 0 */
	uint16_t port;
} netaddr;

/* From four bytes in host order, as in 0x7f000001. */
static inline netaddr netaddr_v4(uint32_t ip, uint16_t port)
{
	netaddr a = { .ip = { [10] = 0xff, [11] = 0xff }, .port = port };

	bytes_put_be32(a.ip + 12, ip);
	return a;
}

/* The two halves, as numbers: equal where the octets are. */
static inline uint64_t netaddr_head(const netaddr *a)
{
	return bytes_le64(a->ip);
}

static inline uint64_t netaddr_tail(const netaddr *a)
{
	return bytes_le64(a->ip + 8);
}

static inline bool netaddr_is_v4(const netaddr *a)
{
	return netaddr_head(a) == 0 &&
	       (uint32_t)netaddr_tail(a) == UINT32_C(0xffff0000);
}

/* The four bytes in host order; only of an IPv4 address. */
static inline uint32_t netaddr_v4_bits(const netaddr *a)
{
	return bytes_be32(a->ip + 12);
}

static inline bool netaddr_is_none(const netaddr *a)
{
	return (netaddr_head(a) | netaddr_tail(a)) == 0;
}

static inline bool netaddr_is_loopback(const netaddr *a)
{
	return netaddr_is_v4(a) ? a->ip[12] == 127
				: netaddr_head(a) == 0 &&
					  netaddr_tail(a) == UINT64_C(1) << 56;
}

/* Unspecified, multicast or broadcast: never a host that asks or answers. */
static inline bool netaddr_is_nonsense(const netaddr *a)
{
	if (!netaddr_is_v4(a)) {
		return netaddr_is_none(a) || a->ip[0] == 0xff;
	}
	/* 0/8 is "this network", 224/4 multicast, 240/4 unused or broadcast. */
	return a->ip[12] == 0 || a->ip[12] >= 224;
}

bool netaddr_is_multicast(const netaddr *a);
/* 127.127.t.u, which in ntp.conf names a reference clock and not a host. */
bool netaddr_is_refclock(const netaddr *a);

/* The same host, whatever the port. */
static inline bool netaddr_same_host(const netaddr *a, const netaddr *b)
{
	return netaddr_tail(a) == netaddr_tail(b) &&
	       netaddr_head(a) == netaddr_head(b) && a->scope == b->scope;
}

static inline bool netaddr_equal(const netaddr *a, const netaddr *b)
{
	return a->port == b->port && netaddr_same_host(a, b);
}

/* Are the first `prefix` of 128 bits the same? IPv4's /n is 96 + n here. */
bool netaddr_in_prefix(const netaddr *a, const netaddr *net, unsigned prefix);
/* Zeroes what is behind the prefix, as a network has it. */
void netaddr_clear_host(netaddr *a, unsigned prefix);

/*
 * Reads a literal, IPv4 or IPv6, without port or brackets. A zone (%eth0) is
 * refused: names of interfaces are the host's business.
 */
MUST_USE bool netaddr_parse(netaddr *a, const char *s, size_t len);

/* "192.0.2.1" or "2001:db8::1" (RFC 5952). */
void netaddr_print(const netaddr *a, struct text *out);
/* "192.0.2.1:123" or "[2001:db8::1]:123". */
void netaddr_print_port(const netaddr *a, struct text *out);

#endif
