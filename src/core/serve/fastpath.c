/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/fastpath.h"

#include <math.h>
#include <string.h>

#include "core/serve/server.h"

#define NS_PER_S INT64_C(1000000000)
#define DAY_S 86400
#define BEFORE_MIDNIGHT_S 2 /* a deletion leaves the last second out */
#define GROWTH_MAX (UINT64_C(1) << 32)
#define FASTPATH_PART 4 /* of the depth of a bucket, one in so many */
#define V4_PREFIX 96    /* of ::ffff:0:0, where IPv4 lives */

/* Lines that leave a plain request of version 4 as it is. */
#define HARMLESS \
	((uint32_t)RESTRICT_NOPEER | RESTRICT_NOEPEER | RESTRICT_NOQUERY | \
	 RESTRICT_NOMODIFY | RESTRICT_NOTRAP | RESTRICT_LPTRAP | \
	 RESTRICT_KOD | RESTRICT_MSSNTP | RESTRICT_NOMRULIST)

/* --- the view --- */

static int64_t unix_of(const struct fast_clock *clock)
{
	return (int64_t)clock->tai_ns / NS_PER_S - clock->tai_s;
}

static uint32_t offset_for(int64_t tai_s)
{
	return (uint32_t)(UNIX_TO_NTP - tai_s);
}

/*
 * The kernel leaps, and so does the program. Where it and we do not agree
 * about that, the program must be silent before midnight.
 */
static void set_leap(struct fast_view *f, const struct view *view,
		     const struct fast_clock *clock)
{
	int64_t now_s = unix_of(clock), leap_s, left_s;

	f->before_s = f->after_s = offset_for(clock->tai_s);
	f->leap_ns = UINT64_MAX;
	if (view->smear.leap != clock->leap) {
		left_s = DAY_S - BEFORE_MIDNIGHT_S - now_s % DAY_S;
		if (left_s < FASTPATH_LIFE_S) {
			f->until_ns =
				left_s > 0 ? clock->mono_ns +
						     (uint64_t)left_s * NS_PER_S
					   : 0;
		}
	} else if (clock->leap != LEAP_NONE) {
		leap_s = tstamp_to_unix(view->smear.end, now_s);
		f->leap_ns = (uint64_t)((leap_s + clock->tai_s) * NS_PER_S);
		f->after_s = offset_for(clock->tai_s +
					(clock->leap == LEAP_INSERT ? 1 : -1));
	}
}

/* As server_respond() has it, but for the stamps. */
static void set_header(struct fast_view *f, const struct view *view)
{
	struct packet p = server_header(view, view->made);
	uint8_t bytes[PACKET_LEN];
	struct writer w = writer_over(bytes, sizeof(bytes));

	if (view->smear.length_s != 0) { /* for clients there is no leap */
		p.leap = LEAP_NONE;
	}
	packet_write(&p, &w);
	memcpy(f->header, bytes, FAST_HEADER);
}

static uint64_t nanoseconds(span d)
{
	return d.v > 0 ? (uint64_t)span_to_ns(d) : 0;
}

/*
 * A budget for all together, or a bucket that lends nothing, is not for it.
 * What it lends comes on top of what the sockets lend, so it is a part only.
 */
static void set_limits(struct fast_view *f, const struct ratelimit_rules *r)
{
	if (!r || r->cost.v <= 0 || r->budget > 0 || r->depth == 0) {
		return;
	}
	f->cost_ns = nanoseconds(r->cost);
	f->guard_ns = nanoseconds(r->guard);
	f->room_ns = f->cost_ns *
		     (r->depth > FASTPATH_PART ? r->depth / FASTPATH_PART : 1);
}

struct fast_view fastpath_view(const struct view *view,
			       const struct fast_clock *clock,
			       const struct fast_config *config)
{
	const struct smear *smear = &view->smear;
	double growth = ceil(view->drift_ppm * 1e-6 * 0x1p40);
	struct fast_view f = {
		.tai_ahead_ns = (int64_t)(clock->tai_ns - clock->mono_ns),
		.made = view->made.v,
		.traffic = (uint8_t)(config->dscp << 2),
	};

	if (view->leap == LEAP_UNSYNC || view->root_disp.v < 0 ||
	    !(growth >= 0 && growth < (double)GROWTH_MAX) ||
	    (smear->length_s != 0 && smear->leap != LEAP_NONE)) {
		return f;
	}
	f.until_ns = clock->mono_ns + (uint64_t)(FASTPATH_LIFE_S * NS_PER_S);
	f.disp = (uint64_t)view->root_disp.v;
	f.growth = (uint64_t)growth;
	set_leap(&f, view, clock);
	set_header(&f, view);
	set_limits(&f, config->limits);
	return f;
}

/* --- the networks --- */

static struct fast_net net_of(const uint8_t ip[16], unsigned prefix)
{
	netaddr a = { .port = 0 };
	struct fast_net net = { .rule = FAST_UP, .line = FAST_LINES };

	memcpy(a.ip, ip, sizeof(a.ip));
	net.v4 = prefix >= V4_PREFIX && netaddr_is_v4(&a);
	net.prefix = (uint8_t)(net.v4 ? prefix - V4_PREFIX : prefix);
	if (net.v4) {
		memcpy(net.ip, ip + 12, 4);
	} else {
		memcpy(net.ip, ip, 16);
	}
	return net;
}

struct fast_net fastpath_host(const netaddr *host, enum fast_rule rule)
{
	struct fast_net net = net_of(host->ip, 128);

	net.rule = rule;
	return net;
}

bool fastpath_net(const struct access *a, size_t i, struct fast_net *net)
{
	struct access_entry e = access_entry(a, i);

	*net = net_of(e.net.ip, e.prefix);
	net->line = e.counter < FAST_LINES ? e.counter : FAST_LINES;
	if (i + 1 < access_count(a)) {
		struct access_entry next = access_entry(a, i + 1);

		if (next.prefix == e.prefix &&
		    netaddr_same_host(&next.net, &e.net)) {
			return false; /* the same, and ntpport */
		}
	}
	if ((e.flags & ~(HARMLESS | RESTRICT_LIMITED)) == 0) {
		net->rule =
			e.flags & RESTRICT_LIMITED ? FAST_LIMIT : FAST_SERVE;
	}
	return true;
}

int fastpath_order(const struct fast_net *a, const struct fast_net *b)
{
	int order = (int)a->v4 - (int)b->v4;

	if (order == 0) {
		order = (int)a->prefix - (int)b->prefix;
	}
	return order != 0 ? order : memcmp(a->ip, b->ip, sizeof(a->ip));
}

/* All that begin with these bits: is it certain that the default is theirs? */
static void set_only(uint8_t *only, unsigned first, unsigned count, bool value)
{
	for (unsigned i = first; i < first + count; i++) {
		uint8_t bit = (uint8_t)(1u << i % 8);

		only[i / 8] = (uint8_t)(value ? only[i / 8] | bit
					      : only[i / 8] & ~bit);
	}
}

void fastpath_others(struct fast_state *state, const struct fast_net *nets,
		     size_t count)
{
	for (size_t i = 0; i < ARRAY_LEN(state->others); i++) {
		state->others[i] = FAST_UP;
		memset(state->only_others[i], 0, sizeof(state->only_others[i]));
	}
	for (size_t i = 0; i < count; i++) {
		const struct fast_net *n = &nets[i];
		unsigned first = (unsigned)n->ip[0] << 8 | n->ip[1];
		unsigned same = n->prefix < 16 ? 1u << (16 - n->prefix) : 1;

		if (n->prefix == 0) {
			state->others[n->v4] = fast_value(n->line, n->rule);
		}
		set_only(state->only_others[n->v4], first & ~(same - 1), same,
			 n->prefix == 0);
	}
}
