/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastworld.h - the program in this kernel, and requests run through it with
 * BPF_PROG_RUN: nothing is attached, nothing leaves the test.
 */
#ifndef TESTS_UNIT_FASTWORLD_H
#define TESTS_UNIT_FASTWORLD_H

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>

#include "core/serve/server.h"
#include "host/clock/sysclock.h"
#include "host/serve/fastprog.h"

#include "frames.h"

#define HERE 1 /* interface that BPF_PROG_RUN comes from: the loopback */
#define VLAN 7
#define TRAFFIC 46 /* differentiated services */

struct fastworld {
	struct fastprog *prog;
	struct view view;
	struct fast_clock clock;
	struct fast_config config;
	netaddr served4, served6, tagged4; /* the last one on VLAN */
	tstamp before, after;              /* the clock, around a run */
};

static struct fastworld world;

/* A view of now, that answers everybody. */
static inline void world_publish(void)
{
	struct fast_view v;

	world.clock = sysclock_fast();
	v = fastpath_view(&world.view, &world.clock, &world.config);
	fastprog_publish(world.prog, &v);
}

static inline void world_address(struct fast_address *a, const netaddr *ours,
				 uint16_t vlan)
{
	*a = (struct fast_address){ .interface = HERE, .vlan = vlan };
	memcpy(a->ip, ours->ip, sizeof(a->ip));
}

static inline int by_order(const void *a, const void *b)
{
	return fastpath_order(a, b);
}

/* Who may be served: what the daemon makes of a configuration. */
static inline void world_restrict(const struct access *access)
{
	size_t room = access_count(access), count = 0;
	struct fast_net *nets = calloc(room, sizeof(*nets));

	assert_non_null(nets);
	for (size_t i = 0; i < room; i++) {
		count += fastpath_net(access, i, &nets[count]);
	}
	qsort(nets, count, sizeof(*nets), by_order);
	assert_int_equal(fastprog_nets(world.prog, nets, count), 0);
	free(nets);
}

static inline void world_serve_all(void)
{
	struct fast_net all[2] = { { .rule = FAST_SERVE },
				   { .rule = FAST_SERVE, .v4 = true } };

	assert_int_equal(fastprog_nets(world.prog, all, 2), 0);
}

/* Everybody is limited; by NULL rules: the sockets judge them. */
static inline void world_limit(const struct ratelimit_rules *rules)
{
	const struct fast_net all[2] = { { .rule = FAST_LIMIT },
					 { .rule = FAST_LIMIT, .v4 = true } };

	assert_int_equal(fastprog_nets(world.prog, all, 2), 0);
	world.config.limits = rules;
	world_publish();
}

static inline void world_unlimit(void)
{
	world.config.limits = NULL;
	world_serve_all();
	world_publish();
}

static inline netaddr world_six(const char *text)
{
	netaddr a;

	assert_true(netaddr_parse(&a, text, strlen(text)));
	a.port = 1000;
	return a;
}

/* Where it serves: two addresses as they are, and one with a tag. */
static inline void world_addresses(void)
{
	struct fast_address ours[3];

	world_address(&ours[0], &world.served4, 0);
	world_address(&ours[1], &world.served6, 0);
	world_address(&ours[2], &world.tagged4, VLAN);
	assert_int_equal(fastprog_addresses(world.prog, ours, 3), 0);
}

/* Before cmocka says how many tests there are: it says so but once. */
static inline bool world_load(void)
{
	char why[FASTPROG_WHY];

	world.prog = fastprog_load(NTP_PORT, true, why);
	if (!world.prog) {
		print_message("1..0 # SKIP %s\n", why);
	}
	return world.prog;
}

static inline int world_start(void **state)
{
	(void)check_seed(state);
	world.config.dscp = TRAFFIC;
	world.served4 = netaddr_v4(0xc0000201, NTP_PORT);
	world.tagged4 = netaddr_v4(0xc0000202, NTP_PORT);
	assert_true(netaddr_parse(&world.served6, "2001:db8::1", 11));
	world.served6.port = NTP_PORT;
	world_addresses();
	world.view = (struct view){ .leap = LEAP_NONE,
				    .stratum = 2,
				    .precision = -25,
				    .refid = 0xc0000207,
				    .made = sysclock_wall(),
				    .root_delay = SPAN_MS(1),
				    .root_disp = SPAN_MS(2),
				    .drift_ppm = 15 };
	world.view.reference = world.view.made;
	world_serve_all();
	world_publish();
	return 0;
}

static inline int world_end(void **state)
{
	(void)state;
	fastprog_free(world.prog);
	return 0;
}

/* True: it was answered, and `out` is the answer; else nothing has changed. */
static inline bool world_ask(const struct frame *in, struct frame *out)
{
	struct bpf_test_run_opts run = { .sz = sizeof(run),
					 .data_in = in->bytes,
					 .data_size_in = (unsigned)in->len,
					 .data_out = out->bytes,
					 .data_size_out = sizeof(out->bytes) };
	int error;

	*out = *in;
	memset(out->bytes, 0, sizeof(out->bytes));
	world.before = sysclock_wall();
	error = bpf_prog_test_run_opts(fastprog_fd(world.prog), &run);
	world.after = sysclock_wall();
	if (in->len < 14) { /* no frame at all: the kernel does not run it */
		assert_int_not_equal(error, 0);
		return false;
	}
	assert_int_equal(error, 0);
	out->len = run.data_size_out;
	if (run.retval == XDP_TX) {
		return true;
	}
	assert_int_equal(run.retval, XDP_PASS);
	assert_int_equal(out->len, in->len);
	assert_memory_equal(out->bytes, in->bytes, in->len);
	return false;
}

static inline struct fast_counters world_counters(void)
{
	struct fast_counters c;

	fastprog_count(world.prog, &c);
	return c;
}

/* A plain request of version 4 from `from`, run. */
static inline bool world_plain(const netaddr *from, struct frame *out)
{
	uint8_t data[PACKET_LEN] = { 0x23 };
	struct frame_plan plan = { .from = *from,
				   .to = netaddr_is_v4(from) ? world.served4
							     : world.served6,
				   .hops = 64,
				   .data = data,
				   .len = sizeof(data) };
	static struct frame in;

	for (size_t i = 40; i < sizeof(data); i++) {
		data[i] = (uint8_t)check_rng();
	}
	frame_build(&in, &plan);
	return world_ask(&in, out);
}

/* The same, and what it says. */
static inline struct packet world_time(void)
{
	static struct frame out;
	const netaddr from = netaddr_v4(0x0a000001, 4711);
	struct reader r;
	struct packet p;

	assert_true(world_plain(&from, &out));
	r = reader_over(out.bytes + out.udp + 8, PACKET_LEN);
	assert_int_equal(packet_parse(&p, &r), PACKET_OK);
	return p;
}

#endif
