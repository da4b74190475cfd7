/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/interfaces.h"

#include <errno.h>
#include <fnmatch.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/control/lists.h"
#include "host/net/udp.h"

static size_t count_all(const struct ifaddrs *list)
{
	size_t count = 0;

	for (; list; list = list->ifa_next) {
		count++;
	}
	return count;
}

/* The last address of the network, whatever the interface says of it. */
static netaddr broadcast_of(const struct ifaddrs *i, const netaddr *addr)
{
	netaddr mask, none = { .port = 0 };

	if (!(i->ifa_flags & IFF_BROADCAST) || !i->ifa_netmask ||
	    !netaddr_is_v4(addr) || !udp_netaddr(i->ifa_netmask, &mask)) {
		return none;
	}
	uint32_t hosts = ~netaddr_v4_bits(&mask);

	return hosts < 3 ? none : netaddr_v4(netaddr_v4_bits(addr) | hosts, 0);
}

static unsigned prefix_of(const struct sockaddr *mask)
{
	netaddr m;
	unsigned bits = 0;

	if (!mask || !udp_netaddr(mask, &m)) {
		return 0;
	}
	for (unsigned i = 0; i < sizeof(m.ip); i++) {
		bits += (unsigned)__builtin_popcount(m.ip[i]);
	}
	/* Of IPv4 all but 32 bits are the same in all addresses. */
	return mask->sa_family == AF_INET ? bits - 16 + 96 : bits;
}

static uint32_t flags_of(unsigned kernel)
{
	static const struct {
		unsigned kernel;
		uint32_t flag;
	} flags[] = {
		{ IFF_UP, SOCKET_UP },
		{ IFF_POINTOPOINT, SOCKET_POINT_TO_POINT },
		{ IFF_LOOPBACK, SOCKET_LOOPBACK },
		{ IFF_BROADCAST, SOCKET_BROADCAST },
		{ IFF_MULTICAST, SOCKET_MULTICAST },
	};
	uint32_t all = 0;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		all |= kernel & flags[i].kernel ? flags[i].flag : 0;
	}
	return all;
}

struct local_address *interfaces_list(size_t *count)
{
	struct local_address *all;
	struct ifaddrs *list;

	*count = 0;
	if (getifaddrs(&list) != 0) {
		return NULL;
	}
	all = calloc(count_all(list) + 1, sizeof(*all));
	for (const struct ifaddrs *i = list; all && i; i = i->ifa_next) {
		struct local_address *a = &all[*count];

		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) ||
		    !udp_netaddr(i->ifa_addr, &a->addr)) {
			continue;
		}
		(void)snprintf(a->name, sizeof(a->name), "%s", i->ifa_name);
		a->index = if_nametoindex(i->ifa_name);
		a->loopback = (i->ifa_flags & IFF_LOOPBACK) != 0;
		a->broadcast = broadcast_of(i, &a->addr);
		a->prefix = prefix_of(i->ifa_netmask);
		a->flags = flags_of(i->ifa_flags);
		++*count;
	}
	freeifaddrs(list);
	return all;
}

unsigned interfaces_loopback(void)
{
	struct ifaddrs *list;
	unsigned index = 0;

	if (getifaddrs(&list) != 0) {
		return 0;
	}
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_PACKET &&
		    (i->ifa_flags & IFF_LOOPBACK)) {
			struct sockaddr_ll ll;

			memcpy(&ll, i->ifa_addr, sizeof(ll));
			index = (unsigned)ll.sll_ifindex;
		}
	}
	freeifaddrs(list);
	return index;
}

static bool rule_matches(const struct nic_config *n,
			 const struct local_address *a)
{
	switch (n->match) {
	case NIC_ALL:
		return !a->loopback;
	case NIC_IPV4:
		return netaddr_is_v4(&a->addr);
	case NIC_IPV6:
		return !netaddr_is_v4(&a->addr);
	case NIC_WILDCARD:
		return false;
	case NIC_NAME:
		return n->name && fnmatch(n->name, a->name, 0) == 0;
	case NIC_ADDR:
		return netaddr_in_prefix(&a->addr, &n->addr, n->prefix);
	}
	return false;
}

static bool wrong_family(const struct listen_rules *r, bool v4)
{
	return r->only == (v4 ? FAMILY_V6 : FAMILY_V4);
}

enum nic_action listen_rules_apply(const struct listen_rules *r,
				   const struct local_address *a)
{
	enum nic_action action =
		r->rules && !a->loopback ? NIC_IGNORE : NIC_LISTEN;

	if (wrong_family(r, netaddr_is_v4(&a->addr)) ||
	    (r->no_virtual && strchr(a->name, ':'))) {
		return NIC_IGNORE;
	}
	for (const struct nic_config *n = r->rules; n; n = n->next) {
		if (rule_matches(n, a)) {
			action = n->action;
		}
	}
	return action;
}

bool listen_rules_wildcard(const struct listen_rules *r, enum family f)
{
	bool v4 = f == FAMILY_V4, reserve = true;

	if (wrong_family(r, v4)) {
		return false;
	}
	for (const struct nic_config *n = r->rules; n; n = n->next) {
		if (n->match == NIC_WILDCARD ||
		    n->match == (v4 ? NIC_IPV4 : NIC_IPV6)) {
			reserve = n->action != NIC_IGNORE;
		}
	}
	return reserve;
}
