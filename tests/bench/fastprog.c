/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastprog.c - what an answer of the program in the kernel costs, in ns: one
 * request over and over by BPF_PROG_RUN, less what writing it anew costs. Root
 * alone can run it. Whoever makes an answer dearer sees it here.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <string.h>

#include "again.bpf.h"
#include "base/bytes.h"
#include "host/clock/sysclock.h"
#include "host/serve/fastprog.h"
#include "stopwatch.h"

#define HERE 1 /* the interface that BPF_PROG_RUN comes from */
#define REPEAT 500000
#define ROUNDS 15
#define ROOM 112
#define V4_LEN 90
#define V6_LEN 110

struct again {
	struct bpf_object *object;
	int next, request;
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "bench_fastprog: %s\n", what);
	exit(1);
}

static int program(const struct again *a, const char *name)
{
	return bpf_program__fd(
		bpf_object__find_program_by_name(a->object, name));
}

static void load_again(struct again *a)
{
	const struct bpf_object_open_opts options = { .sz = sizeof(options),
						      .object_name = "again" };

	a->object = bpf_object__open_mem(again_bytes, sizeof(again_bytes),
					 &options);
	if (!a->object || bpf_object__load(a->object) != 0) {
		die("the kernel refuses what repeats requests");
	}
	a->next = bpf_object__find_map_fd_by_name(a->object, "next");
	a->request = bpf_object__find_map_fd_by_name(a->object, ".bss");
}

/* --- a request --- */

static uint16_t sum_of(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i += 2) {
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	}
	while (sum >> 16) {
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static void put_v4(struct writer *w)
{
	uint8_t *ip = w->at;
	uint16_t sum;

	write_u32(w, 0x4500004c);
	write_u32(w, 0x00004000);
	write_u32(w, 0x40110000);
	write_u32(w, 0x0a010203);
	write_u32(w, 0xc0000201);
	sum = sum_of(ip, 20, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void put_v6(struct writer *w)
{
	static const uint8_t hosts[32] = { 0x2a, 0x01,     2,
					   3,    [15] = 4, /* him */
					   0x20, 0x01,     13,
					   0xb8, [31] = 1 };

	write_u32(w, 0x60000000);
	write_u32(w, 56 << 16 | 17 << 8 | 64);
	for (size_t i = 0; i < sizeof(hosts); i++) {
		write_u8(w, hosts[i]);
	}
}

static void put_request(uint8_t frame[ROOM], bool v4)
{
	struct writer w = writer_over(frame, ROOM);
	uint8_t *udp;
	uint16_t sum;

	for (unsigned i = 0; i < 12; i++) {
		write_u8(&w, (uint8_t)(2 * i));
	}
	write_u8(&w, v4 ? 0x08 : 0x86);
	write_u8(&w, v4 ? 0x00 : 0xdd);
	if (v4) {
		put_v4(&w);
	} else {
		put_v6(&w);
	}
	udp = w.at;
	write_u32(&w, 4711 << 16 | 123);
	write_u32(&w, 56 << 16);
	write_u32(&w, 0x23000600);
	for (unsigned i = 0; i < 11; i++) {
		write_u32(&w, i < 9 ? 0 : 0x12345678);
	}
	sum = sum_of(udp - (v4 ? 8 : 32), (v4 ? 8 : 32) + 56, 17 + 56);
	udp[6] = (uint8_t)(sum >> 8);
	udp[7] = (uint8_t)sum;
}

/* --- time --- */

/* The least that a run took, in ns. */
static double least_ns(const struct again *a, int next, bool v4)
{
	uint8_t frame[ROOM] = { 0 }, out[ROOM];
	uint32_t zero = 0;
	double least = 1e9;
	struct bpf_test_run_opts run = { .sz = sizeof(run),
					 .data_in = frame,
					 .data_size_in = v4 ? V4_LEN : V6_LEN,
					 .data_out = out,
					 .data_size_out = sizeof(out),
					 .repeat = REPEAT };

	put_request(frame, v4);
	if (bpf_map_update_elem(a->request, &zero, frame, BPF_ANY) != 0 ||
	    bpf_map_update_elem(a->next, &zero, &next, BPF_ANY) != 0) {
		die("no program to run");
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		run.data_size_out = sizeof(out);
		if (bpf_prog_test_run_opts(program(a, v4 ? "again4" : "again6"),
					   &run) != 0 ||
		    run.retval != XDP_TX) {
			die("a request was not answered");
		}
		least = run.duration < least ? run.duration : least;
	}
	return least;
}

/* --- the program --- */

static void serve(struct fastprog *prog)
{
	const struct fast_address ours[] = {
		{ .ip = { [10] = 0xff, 0xff, 192, 0, 2, 1 },
		  .interface = HERE },
		{ .ip = { 0x20, 0x01, 13, 0xb8, [15] = 1 }, .interface = HERE },
	};

	if (fastprog_addresses(prog, ours, 2) != 0) {
		die("addresses cannot be told");
	}
}

/*
 * As with Debian's ntp.conf: everybody, this host, and not our own address;
 * and, at the end, a line about neighbours of who asks.
 */
static void restrict_to(struct fastprog *prog, enum fast_rule rule, bool near)
{
	const struct fast_net nets[] = {
		{ rule, FAST_LINES, 0, false, { 0 } },
		{ FAST_SERVE, FAST_LINES, 128, false, { [15] = 1 } },
		{ FAST_UP,
		  FAST_LINES,
		  128,
		  false,
		  { 0x20, 0x01, 13, 0xb8, [15] = 1 } },
		{ rule, FAST_LINES, 0, true, { 0 } },
		{ FAST_SERVE, FAST_LINES, 32, true, { 127, 0, 0, 1 } },
		{ FAST_UP, FAST_LINES, 32, true, { 192, 0, 2, 1 } },
		{ FAST_UP, FAST_LINES, 32, true, { 192, 0, 2, 255 } },
	};
	const struct fast_net lines[] = {
		nets[0],
		{ FAST_UP, FAST_LINES, 32, false, { 0x2a, 0x01, 9, 9 } },
		nets[1],
		nets[2],
		nets[3],
		{ FAST_UP, FAST_LINES, 24, true, { 10, 1, 9 } },
		nets[4],
		nets[5],
		nets[6],
	};

	fastprog_silence(prog);
	if (fastprog_nets(prog, near ? lines : nets,
			  near ? ARRAY_LEN(lines) : ARRAY_LEN(nets)) != 0) {
		die("nets cannot be told");
	}
}

static void publish(struct fastprog *prog)
{
	/* At one ns each nobody ever has too little. */
	const struct ratelimit_rules rules = { .cost = { 5 },
					       .depth = 1 << 30 };
	const struct fast_config config = { .limits = &rules };
	const struct fast_clock clock = sysclock_fast();
	const struct view view = { .stratum = 2,
				   .precision = -25,
				   .made = sysclock_wall(),
				   .reference = sysclock_wall(),
				   .root_delay = SPAN_MS(1),
				   .root_disp = SPAN_MS(2),
				   .drift_ppm = 15 };
	struct fast_view v;

	v = fastpath_view(&view, &clock, &config);
	fastprog_publish(prog, &v);
}

int main(void)
{
	static const struct {
		const char *what;
		enum fast_rule rule;
		bool v4, near;
	} cases[] = {
		{ "IPv4", FAST_SERVE, true, false },
		{ "IPv6", FAST_SERVE, false, false },
		{ "IPv4, near a line", FAST_SERVE, true, true },
		{ "IPv6, near a line", FAST_SERVE, false, true },
		{ "IPv4, limited", FAST_LIMIT, true, false },
		{ "IPv6, limited", FAST_LIMIT, false, false },
	};
	char why[FASTPROG_WHY];
	struct fastprog *prog = fastprog_load(123, true, why);
	struct again again;

	if (!prog) {
		die(why);
	}
	load_again(&again);
	serve(prog);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool v4 = cases[i].v4;

		restrict_to(prog, cases[i].rule, cases[i].near);
		publish(prog);
		printf("%-18s %5.1f ns\n", cases[i].what,
		       least_ns(&again, fastprog_fd(prog), v4) -
			       least_ns(&again, program(&again, "nothing"),
					v4));
	}
	bpf_object__close(again.object);
	fastprog_free(prog);
	return 0;
}
