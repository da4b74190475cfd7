/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/groups.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/net/udp.h"

/* What is joined already says so; an interface without multicast refuses. */
static void join(int fd, const netaddr *group, unsigned interface)
{
	if (netaddr_is_v4(group)) {
		struct ip_mreqn m = { .imr_ifindex = (int)interface };

		m.imr_multiaddr.s_addr = htonl(netaddr_v4_bits(group));
		(void)setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m,
				 sizeof(m));
	} else {
		struct ipv6_mreq m = { .ipv6mr_interface = interface };

		memcpy(&m.ipv6mr_multiaddr, group->ip, sizeof(group->ip));
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m,
				 sizeof(m));
	}
}

static struct serversock *open_group(struct serversocks *ss,
				     const netaddr *addr, const char *name,
				     instant now)
{
	struct serversock *s = serversocks_find(ss, addr);
	struct serversock wanted = { .addr = *addr,
				     .group = true,
				     .since = now };

	if (!s) {
		wanted.addr.port = ss->port;
		memcpy(wanted.name, name, strlen(name) + 1);
		s = serversocks_add(ss, &wanted);
	}
	if (s) {
		s->seen = true;
	}
	return s;
}

void groups_scan(struct serversocks *ss, const struct local_address *all,
		 size_t count, instant now)
{
	for (size_t i = 0; i < ss->count; i++) {
		ss->items[i].heard = ss->items[i].finds = false;
	}
	for (size_t i = 0; i < count && ss->broadcasts; i++) {
		struct serversock *s =
			netaddr_is_none(&all[i].broadcast)
				? NULL
				: open_group(ss, &all[i].broadcast, all[i].name,
					     now);

		if (s) {
			s->heard = true;
		}
	}
	for (size_t i = 0; i < ss->group_count; i++) {
		const struct group_wanted *g = &ss->groups[i];
		struct serversock *s = open_group(ss, &g->addr, "group", now);

		for (size_t j = 0; s && j < count; j++) {
			if (!all[j].loopback) {
				join(s->fd, &g->addr, all[j].index);
			}
		}
		if (s) {
			s->heard |= !g->finds;
			s->finds |= g->finds;
		}
	}
}

/* What is sent by `fd` goes over this interface from now on. */
static void take_way(int fd, const struct serversock *s, const netaddr *to,
		     uint8_t ttl)
{
	int hops = ttl;

	if (netaddr_is_v4(to)) {
		struct ip_mreqn m = { .imr_ifindex = (int)s->index };

		(void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops,
				 sizeof(hops));
		(void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m,
				 sizeof(m));
	} else {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
				 sizeof(hops));
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &s->index,
				 sizeof(s->index));
	}
}

/* The first address of an interface that a packet to the group may be from. */
static bool is_way(const struct serversocks *ss, size_t at, const netaddr *to)
{
	const struct serversock *s = &ss->items[at];
	bool local = !netaddr_is_v4(to) && (to->ip[1] & 15) <= 2;

	if (s->index == 0 || s->index == ss->loopback || s->drop || s->group ||
	    netaddr_is_v4(&s->addr) != netaddr_is_v4(to) ||
	    (s->addr.scope != 0) != local) {
		return false;
	}
	for (size_t i = 0; i < at; i++) {
		if (ss->items[i].index == s->index && is_way(ss, i, to)) {
			return false;
		}
	}
	return true;
}

int groups_send_by(const struct serversocks *ss, int fd, const netaddr *to,
		   uint8_t ttl, const uint8_t *data, size_t len)
{
	int result = -ENETUNREACH;

	for (size_t i = 0; i < ss->count; i++) {
		if (!is_way(ss, i, to)) {
			continue;
		}
		take_way(fd, &ss->items[i], to, ttl);
		if (udp_send(fd, data, len, to) == 0) {
			result = 0;
		}
	}
	return result;
}

static int send_from_each(struct serversocks *ss, const netaddr *to,
			  uint8_t ttl, const uint8_t *data, size_t len,
			  struct stamped *left)
{
	int result = -ENETUNREACH;

	for (size_t i = 0; i < ss->count; i++) {
		int fd = ss->items[i].fd;
		struct stamped one;

		if (!is_way(ss, i, to)) {
			continue;
		}
		take_way(fd, &ss->items[i], to, ttl);
		if (stamped_send(fd, data, len, to, ss->stamps, &one) != 0) {
			continue;
		}
		if (result != 0) {
			*left = one;
		}
		result = 0;
	}
	return result;
}

int groups_send(struct serversocks *ss, const netaddr *to, uint8_t ttl,
		const uint8_t *data, size_t len, struct stamped *left)
{
	int on = 1;

	if (netaddr_is_multicast(to)) {
		return send_from_each(ss, to, ttl, data, len, left);
	}
	for (size_t i = 0; i < ss->count; i++) {
		(void)setsockopt(ss->items[i].fd, SOL_SOCKET, SO_BROADCAST, &on,
				 sizeof(on));
	}
	return serversocks_send(ss, to, data, len, left);
}
