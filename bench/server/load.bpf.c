/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.bpf.c - the half of the load generator that runs in the kernel.
 *
 * `generate` is run over and over by BPF_PROG_RUN with live frames: it makes
 * the next request when that is due and drops the frame when it is not.
 * `collect` stands on the client's interface, counts what comes back for it
 * and drops it there. `swallow` is a server that never answers.
 */
#include "load.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define NTP_PORT 123
#define MODE_SERVER 4
#define UNIX_TO_NTP UINT64_C(2208988800)
#define NS UINT64_C(1000000000)

struct header {
	uint8_t leap_version_mode, stratum, poll, precision;
	uint32_t root_delay, root_disp, refid;
	uint64_t reference, origin, receive, transmit;
} __attribute__((packed));

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct header ntp;
} __attribute__((packed));

struct load load;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LOAD_SOURCES);
	__type(key, uint32_t);
	__type(value, struct load_held);
} held SEC(".maps");

/* Behind its due time by more than allowed, the run goes on from now. */
static bool is_due(uint64_t now_ns)
{
	uint64_t now = now_ns << LOAD_NS_LOG;

	if (load.began == 0) {
		load.began = load.due = now;
	}
	if (now < load.due || now - load.began >= load.length) {
		return false;
	}
	if (now - load.due > load.late) {
		uint64_t missed = (now - load.due) / load.step;

		load.left_out += missed;
		load.due += missed * load.step;
	}
	load.due += load.step;
	load.last = now;
	return true;
}

static void write_source(struct frame *f, uint32_t addr)
{
	uint32_t sum = (uint16_t)~bpf_ntohs(f->ip.check);

	f->ip.saddr = bpf_htonl(addr);
	sum += (addr >> 16) + (addr & 0xffff);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	f->ip.check = bpf_htons((uint16_t)~sum);
}

static void write_stamps(struct frame *f, uint64_t now, uint32_t addr,
			 uint32_t client)
{
	f->ntp.transmit = load_stamp(now, addr, 0);
	if (load.kind == LOAD_INTERLEAVED) {
		struct load_held *last = bpf_map_lookup_elem(&held, &client);

		if (last && last->receive) {
			f->ntp.origin = last->receive;
			f->ntp.receive = load_stamp(now, addr, 1);
		}
	}
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	uint64_t *to = (void *)(long)ctx->data;
	struct frame *f = (void *)to;

	if (!is_due(now)) {
		return XDP_DROP;
	}
	if ((uint8_t *)to + LOAD_LEAST > (uint8_t *)(long)ctx->data_end) {
		return XDP_ABORTED;
	}
	/* All of it: who had the frame before may have answered in it. */
	for (int i = 0; i < LOAD_LEAST / 8; i++) {
		to[i] = load.frame[i];
	}
	*(uint16_t *)(to + LOAD_LEAST / 8) =
		(uint16_t)load.frame[LOAD_LEAST / 8];

	uint32_t client = load_client(load.sent, load.sources);
	uint32_t addr = LOAD_FIRST + client;

	write_source(f, addr);
	if (load.kind != LOAD_SAME) {
		write_stamps(f, now, addr, client);
	}
	load.sent++;
	return XDP_TX;
}

/* The stamp, when `origin` is one of ours for this client; else 0. */
static uint64_t recognise(uint64_t origin, uint32_t addr, bool *interleaved)
{
	if (load.kind == LOAD_SAME) {
		return origin == ((struct frame *)load.frame)->ntp.transmit;
	}
	if (origin == load_stamp(load_stamp_ns(origin), addr, 0)) {
		return origin;
	}
	*interleaved = origin == load_stamp(load_stamp_ns(origin), addr, 1);
	return *interleaved ? origin : 0;
}

static uint32_t log_2(uint64_t v)
{
	uint32_t log = 0;

	for (uint32_t half = 16; half > 0; half /= 2) {
		if (v >> (log + half)) {
			log += half;
		}
	}
	return log;
}

static void note_latency(uint64_t ns)
{
	uint32_t log = log_2(ns), fine = 0;

	if (log >= LOAD_FINE_LOG) {
		fine = (uint32_t)(ns >> (log - LOAD_FINE_LOG)) &
		       ((1u << LOAD_FINE_LOG) - 1);
	}
	uint32_t at = (log << LOAD_FINE_LOG | fine) & (LOAD_LATENCIES - 1);

	__sync_fetch_and_add(&load.latencies[at], 1);
}

/* From an NTP timestamp, as it is on the wire, to a moment in ns. */
static int32_t ns_from(uint64_t stamp, uint64_t moment)
{
	uint64_t v = bpf_be64_to_cpu(stamp);
	uint64_t ns =
		((v >> 32) - UNIX_TO_NTP) * NS + ((v & UINT32_MAX) * NS >> 32);
	int64_t late = (int64_t)(moment + (uint64_t)load.real_ns - ns);

	return late > INT32_MAX   ? INT32_MAX
	       : late < INT32_MIN ? INT32_MIN
				  : (int32_t)late;
}

/* `seen`: when we had the answer that the transmit stamp is of. */
static void note_errors(const struct frame *f, uint64_t seen, uint64_t now,
			uint64_t stamp)
{
	uint64_t asked = now - load_ns_since(now, stamp);
	uint32_t at = load.errors;

	load.errors = at + 1; /* two processors at once: one of two is lost */
	if (at < LOAD_ERRORS) {
		load.left_ns[at] = ns_from(f->ntp.transmit, seen);
		load.came_ns[at] = -ns_from(f->ntp.receive, asked);
	}
}

static void note_first(bool timeless)
{
	uint64_t now = bpf_ktime_get_ns();

	if (load.first_answer == 0) {
		load.first_answer = now;
	}
	if (load.first_time == 0 && !timeless) {
		load.first_time = now;
	}
}

static void note_answer(struct load_tally *t, const struct frame *f,
			uint64_t stamp, bool interleaved)
{
	uint64_t now = bpf_ktime_get_ns(), seen = now;
	bool timeless = f->ntp.leap_version_mode >> 6 == 3 ||
			f->ntp.stratum == 0 || f->ntp.stratum > 15;
	uint32_t client = bpf_ntohl(f->ip.daddr) - LOAD_FIRST;

	t->answers++;
	t->interleaved += interleaved;
	t->timeless += timeless;
	if (load.first_answer == 0 || (load.first_time == 0 && !timeless)) {
		note_first(timeless);
	}
	if (load.kind == LOAD_SAME) {
		return;
	}
	if (load.kind == LOAD_INTERLEAVED) {
		struct load_held *last = bpf_map_lookup_elem(&held, &client);

		if (last) {
			seen = interleaved ? last->seen : now;
			*last = (struct load_held){ f->ntp.receive, now };
		}
	}
	if ((stamp >> 3 & load.sample) != 0) {
		return;
	}
	note_latency(load_ns_since(now, stamp));
	if (interleaved == (load.kind == LOAD_INTERLEAVED)) {
		note_errors(f, seen, now, stamp);
	}
}

SEC("xdp")
int collect(struct xdp_md *ctx)
{
	struct frame *f = (void *)(long)ctx->data;
	struct load_tally *t =
		&load.tallies[bpf_get_smp_processor_id() % LOAD_CPUS];
	bool interleaved = false;
	uint64_t stamp;

	if ((void *)(f + 1) > (void *)(long)ctx->data_end ||
	    f->eth.h_proto != bpf_htons(ETH_P_IP) || f->ip.ihl != 5 ||
	    f->ip.protocol != IPPROTO_UDP ||
	    f->udp.source != bpf_htons(NTP_PORT) ||
	    f->udp.dest != bpf_htons(LOAD_PORT)) {
		return XDP_PASS;
	}
	t->octets += bpf_ntohs(f->udp.len) - sizeof(f->udp);
	stamp = recognise(f->ntp.origin, bpf_ntohl(f->ip.daddr), &interleaved);
	if (stamp == 0 || (f->ntp.leap_version_mode & 7) != MODE_SERVER) {
		t->wrong++;
		return XDP_DROP;
	}
	note_answer(t, f, stamp, interleaved);
	return XDP_DROP;
}

SEC("xdp")
int swallow(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

char licence[] SEC("license") = "Dual BSD/GPL";
