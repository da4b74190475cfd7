/* SPDX-License-Identifier: BSD-2-Clause */
/* Courses about several servers, and a reference clock; courses.def says what
 * each is. */
#include "course.h"

#define USUAL 1e-9

/* So many servers, each further away than the one before. */
static void begin(struct run *r, unsigned servers)
{
	struct oscillator kind = course_quartz(r, USUAL);
	struct way way = way_wan();

	for (unsigned i = 0; i < servers; i++) {
		world_add_servers(r->world, 1);
	}
	stage_network(r->world, &way);
	for (unsigned i = 0; i < servers; i++) {
		way.base_s = 5e-3 + 10e-3 * i;
		vnet_link(&r->world->net, i, servers, &way);
	}
	course_daemon(r, &kind);
}

static void lies(struct run *r, unsigned server, double by_s)
{
	r->world->nodes[server]->upstream.manner.lie_s = by_s;
}

void course_pool_4(struct run *r)
{
	begin(r, 4);
	course_days(r);
}

/* Ways there and back as unlike as they are outside. */
static void make_uneven(struct run *r, unsigned server)
{
	struct vnet *net = &r->world->net;
	struct way *there = vnet_way(net, r->node->index, server);

	there->base_s *= dice_between(&r->world->rng, 0.9, 1.1);
}

void course_pool_uneven(struct run *r)
{
	begin(r, 4);
	for (unsigned i = 0; i < 4; i++) {
		make_uneven(r, i);
	}
	course_days(r);
}

void course_near_and_far(struct run *r)
{
	struct way lan = course_default_lan();

	begin(r, 4);
	vnet_link(&r->world->net, 0, r->node->index, &lan);
	for (unsigned i = 1; i < 4; i++) {
		make_uneven(r, i);
	}
	course_days(r);
}

void course_liar_1_of_4(struct run *r)
{
	begin(r, 4);
	lies(r, 1, 0.5);
	course_days(r);
}

void course_liars_3_of_7(struct run *r)
{
	begin(r, 7);
	lies(r, 0, 10);
	lies(r, 2, 10);
	lies(r, 4, 10);
	course_days(r);
}

void course_shm_pps(struct run *r)
{
	struct oscillator kind = course_quartz(r, USUAL);

	kind.quantum = span_from_ns(1);
	r->config = "driftfile drift\nserver 127.127.28.0 minpoll 4\n";
	course_daemon(r, &kind);
	receiver_fit(r->node, 1e-6);
	course_days(r);
}

void course_chain_4(struct run *r)
{
	struct way way = course_default_lan();

	course_servers(r, 1, &way);
	for (unsigned above = 0; above < 3; above++) {
		struct oscillator kind = course_quartz(r, USUAL);

		course_daemon_below(r, &kind, r->world->nodes[above]);
	}
	course_days(r);
}
