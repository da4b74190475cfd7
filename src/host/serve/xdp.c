/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/xdp.h"

#include <errno.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/serve/access.h"
#include "host/serve/limits.h"

#define ADDRESSES 1024 /* that are served in the driver; the rest is not */

void xdp_init(struct xdp *x, struct journal *journal, uint16_t port)
{
	*x = (struct xdp){ .journal = journal, .port = port, .stale = true };
}

static void detach(struct xdp *x, struct xdp_port *p)
{
	if (p->link >= 0) {
		close(p->link);
		journal_say(x->journal, NOTE_INFO, "xdp: %s: off", p->name);
	}
	p->link = -1;
}

void xdp_close(struct xdp *x)
{
	for (size_t i = 0; i < x->count; i++) {
		if (x->ports[i].link >= 0) {
			close(x->ports[i].link);
		}
	}
	free(x->ports);
	fastprog_free(x->prog);
	*x = (struct xdp){ .journal = x->journal, .port = x->port };
}

/* --- interfaces --- */

static const char *hint_of(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return ": it takes root, and takes effect at the next start";
	case EOPNOTSUPP:
		return ": the driver cannot; `generic' can";
	case EBUSY:
	case EEXIST:
		return ": another program is there";
	default:
		return ": the driver cannot as it is set up (MTU, queues, "
		       "large receive offload)";
	}
}

static const char *const ways[] = {
	[FASTPROG_NATIVE] = "native", [FASTPROG_GENERIC] = "generic"
};

static int try_way(struct xdp *x, struct xdp_port *p, enum fastprog_way way)
{
	int fd = fastprog_attach(x->prog, p->index, way);

	if (fd < 0) {
		return -fd;
	}
	p->link = fd;
	p->refused = 0;
	journal_say(x->journal, NOTE_NOTICE,
		    "xdp: %s: plain requests are answered in the kernel (%s)",
		    p->name, ways[way]);
	return 0;
}

static void attach(struct xdp *x, struct xdp_port *p)
{
	enum fastprog_way way =
		p->mode == XDP_GENERIC ? FASTPROG_GENERIC : FASTPROG_NATIVE;
	int error = try_way(x, p, way);

	if (error && p->mode == XDP_AUTO && error != EPERM) {
		way = FASTPROG_GENERIC;
		error = try_way(x, p, way);
	}
	if (error && error != p->refused) {
		journal_say(x->journal, NOTE_WARNING,
			    "xdp: %s: not answered in the kernel: %s: %s%s",
			    p->name, ways[way], strerror(error),
			    hint_of(error));
		p->refused = error;
	}
}

/* An interface may have come, gone, or be another one of the same name. */
static void find_ports(struct xdp *x)
{
	for (size_t i = 0; i < x->count; i++) {
		struct xdp_port *p = &x->ports[i];
		unsigned index = if_nametoindex(p->name);

		if (index != p->index) {
			detach(x, p);
			p->refused = 0;
		}
		p->index = index;
		if (index == 0 && p->refused != ENODEV) {
			p->refused = ENODEV;
			journal_say(x->journal, NOTE_WARNING,
				    "xdp: %s: there is no such interface yet",
				    p->name);
		}
		if (index != 0 && p->link < 0) {
			attach(x, p);
		}
	}
}

static struct xdp_port *port_of(struct xdp *x, const char *name)
{
	for (size_t i = 0; i < x->count; i++) {
		if (strcmp(x->ports[i].name, name) == 0) {
			return &x->ports[i];
		}
	}
	return NULL;
}

static void want_port(struct xdp *x, const struct xdp_config *c)
{
	struct xdp_port *p = port_of(x, c->name), *more;

	if (strlen(c->name) >= IF_NAMESIZE) {
		journal_say(x->journal, NOTE_WARNING,
			    "xdp: %s: no interface has such a name", c->name);
		return;
	}
	if (p && p->mode != c->mode) {
		detach(x, p);
	}
	if (!p) {
		more = realloc(x->ports, (x->count + 1) * sizeof(*more));
		if (!more) {
			return;
		}
		x->ports = more;
		p = &x->ports[x->count++];
		*p = (struct xdp_port){ .link = -1 };
		memcpy(p->name, c->name, strlen(c->name));
	}
	p->mode = c->mode;
	p->refused = 0;
	p->wanted = true;
}

static void drop_unwanted(struct xdp *x)
{
	size_t kept = 0;

	for (size_t i = 0; i < x->count; i++) {
		if (x->ports[i].wanted) {
			x->ports[kept++] = x->ports[i];
		} else {
			detach(x, &x->ports[i]);
		}
	}
	x->count = kept;
}

void xdp_take(struct xdp *x, const struct config *config)
{
	char why[FASTPROG_WHY];

	for (size_t i = 0; i < x->count; i++) {
		x->ports[i].wanted = false;
	}
	for (const struct xdp_config *c = config->xdps; c; c = c->next) {
		want_port(x, c);
	}
	drop_unwanted(x);
	x->stale = true;
	if (x->prog) { /* other lines have other hits */
		fastprog_hits(x->prog, NULL, 0);
	}
	if (x->prog || x->count == 0) {
		return;
	}
	x->limited = limits_wanted(config);
	x->prog = fastprog_load(x->port, x->limited, why);
	if (!x->prog) {
		journal_say(x->journal, NOTE_WARNING,
			    "xdp: nothing is answered in the kernel: %s", why);
	}
}

/* --- addresses --- */

static bool is_plain(const struct serversock *s)
{
	const uint8_t *ip = s->addr.ip;
	bool link_local = ip[0] == 0xfe && ip[1] >> 6 == 2;

	return !s->wildcard && !s->group && !s->drop && !link_local &&
	       !netaddr_is_loopback(&s->addr);
}

/*
 * Where frames to an interface really come in: at itself, or with a tag at the
 * one that it is made of.
 */
static bool place_of(struct xdp *x, int fd, const char *name,
		     struct fast_address *a)
{
	struct vlan_ioctl_args real = { .cmd = GET_VLAN_REALDEV_NAME_CMD };
	struct vlan_ioctl_args number = { .cmd = GET_VLAN_VID_CMD };
	const struct xdp_port *p = port_of(x, name);

	if (p && p->link >= 0) {
		a->interface = p->index;
		return true;
	}
	(void)snprintf(real.device1, sizeof(real.device1), "%s", name);
	(void)snprintf(number.device1, sizeof(number.device1), "%s", name);
	if (ioctl(fd, SIOCGIFVLAN, &real) != 0 ||
	    ioctl(fd, SIOCGIFVLAN, &number) != 0) {
		return false;
	}
	p = port_of(x, real.u.device2);
	if (!p || p->link < 0) {
		return false;
	}
	a->interface = p->index;
	a->vlan = (uint16_t)number.u.VID;
	return true;
}

static size_t list_addresses(struct xdp *x, const struct serversocks *ss,
			     struct fast_address list[ADDRESSES])
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t count = 0;

	for (size_t i = 0; i < ss->count && count < ADDRESSES; i++) {
		const struct serversock *s = &ss->items[i];
		struct fast_address *a = &list[count];
		char name[IF_NAMESIZE];

		*a = (struct fast_address){ .vlan = 0 };
		if (is_plain(s) && if_indextoname(s->index, name) &&
		    place_of(x, fd, name, a)) {
			memcpy(a->ip, s->addr.ip, sizeof(a->ip));
			count++;
		}
	}
	if (fd >= 0) {
		close(fd);
	}
	return count;
}

void xdp_scan(struct xdp *x, const struct serversocks *ss)
{
	struct fast_address *list;
	int error = -ENOMEM;

	if (!x->prog) {
		return;
	}
	find_ports(x);
	list = calloc(ADDRESSES, sizeof(*list));
	if (list) {
		error = fastprog_addresses(x->prog, list,
					   list_addresses(x, ss, list));
	}
	if (error) {
		journal_say(x->journal, NOTE_WARNING,
			    "xdp: addresses cannot be told to the kernel: %s",
			    strerror(-error));
	}
	free(list);
	x->stale = true; /* our own addresses are nets, too */
}

/* --- networks --- */

static int by_order(const void *a, const void *b)
{
	return fastpath_order(a, b);
}

/* The same network twice: what is stricter holds. */
static size_t unite(struct fast_net *nets, size_t count)
{
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		if (fastpath_order(&nets[kept], &nets[i]) != 0) {
			nets[++kept] = nets[i];
		} else if (nets[i].rule > nets[kept].rule) {
			nets[kept] = nets[i];
		}
	}
	return count > 0 ? kept + 1 : 0;
}

/* Nobody asks from an address of ours, nor from one that is all of a net. */
static size_t list_nets(const struct access *access,
			const struct serversocks *ss, struct fast_net *nets)
{
	size_t count = 0;

	for (size_t i = 0; i < access_count(access); i++) {
		count += fastpath_net(access, i, &nets[count]);
	}
	for (size_t i = 0; i < ss->count; i++) {
		const struct serversock *s = &ss->items[i];

		nets[count++] = fastpath_host(&s->addr, FAST_UP);
		if (!netaddr_is_none(&s->broadcast)) {
			nets[count++] = fastpath_host(&s->broadcast, FAST_UP);
		}
	}
	qsort(nets, count, sizeof(*nets), by_order);
	return unite(nets, count);
}

static int put_nets(struct xdp *x, const struct access *access,
		    const struct serversocks *ss)
{
	size_t room = access_count(access) + 2 * ss->count;
	struct fast_net *nets = calloc(room + 1, sizeof(*nets));
	int error = -ENOMEM;

	if (nets) {
		error = fastprog_nets(x->prog, nets,
				      list_nets(access, ss, nets));
	}
	free(nets);
	return error;
}

/* --- views --- */

void xdp_silence(struct xdp *x)
{
	if (x->prog) {
		fastprog_silence(x->prog);
		x->stale = true;
	}
}

void xdp_publish(struct xdp *x, const struct view *view,
		 const struct config *config, const struct serversocks *ss)
{
	struct ratelimit_rules rules = ratelimit_rules_of(&config->limit);
	struct fast_config fixed = { .dscp = config->dscp };
	struct fast_clock clock;
	struct fast_view v;
	int error = 0;

	if (!x->prog) {
		return;
	}
	INVARIANT(view->access);
	if (x->stale || view->access != x->access) {
		fastprog_silence(x->prog);
		error = put_nets(x, view->access, ss);
		x->access = view->access;
		x->stale = error != 0;
	}
	if (error) {
		if (!x->said) {
			journal_say(x->journal, NOTE_WARNING,
				    "xdp: nothing is answered in the kernel: "
				    "restrict lines cannot be told to it: %s",
				    strerror(-error));
		}
		x->said = true;
		return;
	}
	fixed.limits = x->limited ? &rules : NULL;
	clock = sysclock_fast();
	v = fastpath_view(view, &clock, &fixed);
	fastprog_publish(x->prog, &v);
}

/* --- what became of it --- */

int xdp_fd(const struct xdp *x)
{
	return x->prog ? fastprog_samples_fd(x->prog) : -1;
}

struct lists {
	const struct spread *spread;
	struct server_shard *shards;
};

static void remember(void *context, const struct fast_sample *s)
{
	const struct lists *lists = context;
	netaddr from = { .port = s->port }, to = { .port = NTP_PORT };
	struct mru *clients;

	memcpy(from.ip, s->from, sizeof(from.ip));
	memcpy(to.ip, s->to, sizeof(to.ip));
	clients = lists->shards[spread_thread(lists->spread, &from)].clients;
	if (clients) {
		mru_note(clients, &from, &to, s->first, MRU_SERVED,
			 (tstamp){ s->at });
	}
}

void xdp_remember(struct xdp *x, const struct spread *spread,
		  struct server_shard *shards)
{
	struct lists lists = { spread, shards };

	if (x->prog) {
		fastprog_samples(x->prog, remember, &lists);
	}
}

void xdp_count(const struct xdp *x, struct server_shard *sum)
{
	struct fast_counters c;

	if (!x->prog) {
		return;
	}
	fastprog_count(x->prog, &c);
	sum->verdicts[SERVER_ANSWERED] += c.verdicts[FAST_ANSWERED];
	sum->versions[3] += c.versions[0];
	sum->versions[4] += c.versions[1];
}

void xdp_hits(struct xdp *x, struct server_shard *shard)
{
	if (x->prog) {
		fastprog_hits(x->prog, shard->hits, shard->hit_count);
	}
}

struct fast_counts xdp_counts(const struct xdp *x)
{
	struct fast_counts counts = { .known = x->prog != NULL };
	struct fast_counters c;

	if (x->prog) {
		fastprog_count(x->prog, &c);
		memcpy(counts.verdicts, c.verdicts, sizeof(counts.verdicts));
		counts.lost = c.lost;
	}
	return counts;
}
