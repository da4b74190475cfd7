/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.h - what the load generator's two halves share: the program that the
 * kernel runs (load.bpf.c) and the one that starts it (load.c).
 *
 * A request's transmit stamp is the sender's clock with a tag over it and the
 * sender's address. So the answer alone, whose origin it is, proves to whom it
 * is an answer, and says how long it took; nothing is remembered.
 *
 * Both halves, and the server, have one clock: what an answer says of when its
 * request came and when it left is held against when that was.
 */
#ifndef BENCH_SERVER_LOAD_H
#define BENCH_SERVER_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#define LOAD_CPUS 64        /* a power of two */
#define LOAD_SOURCES_LOG 20 /* at most so many clients */
#define LOAD_SOURCES (1u << LOAD_SOURCES_LOG)
#define LOAD_FINE_LOG 5 /* 32 steps to each doubling of the latency */
#define LOAD_LATENCIES (32u << LOAD_FINE_LOG)
#define LOAD_ERRORS 65536 /* noted in a run; a power of two */
#define LOAD_FRAME 256    /* the longest request, with its headers */
#define LOAD_HEADERS 42
#define LOAD_LEAST (LOAD_HEADERS + 48)
#define LOAD_FIRST 0x0a000000u /* client 0 is 10.0.0.0 */
#define LOAD_PORT 40123        /* of all clients */
#define LOAD_NS_LOG 8          /* times below are in 2^-8 ns */

enum load_kind {
	LOAD_PLAIN,       /* each with a transmit stamp of its own */
	LOAD_INTERLEAVED, /* and with the receive stamp of the last answer */
	LOAD_SAME         /* the octets as given: signed, malformed, ... */
};

/* Of the last answer to each client. */
struct load_held {
	uint64_t receive; /* its receive stamp */
	uint64_t seen;    /* when we had it, CLOCK_MONOTONIC in ns */
};

/* What came back, as one processor saw it. */
struct load_tally {
	uint64_t answers;     /* mode 4, to a request of ours */
	uint64_t interleaved; /* of those: to the one before */
	uint64_t timeless;    /* of those: from a server without the time */
	uint64_t wrong;       /* anything else from the server's port */
	uint64_t octets;      /* UDP payload of all */
	uint64_t room[3];     /* to the end of a cache line */
};

struct load {
	/* Written by who starts a run. */
	uint64_t step;   /* from one request to the next */
	uint64_t length; /* of the run */
	uint64_t late; /* how late a request may be; later ones are left out */
	uint32_t sources;
	uint32_t kind;
	uint32_t sample; /* one answer in sample + 1 is measured, 2^n - 1 */
	uint32_t frame_len;
	int64_t real_ns; /* CLOCK_REALTIME is ahead of CLOCK_MONOTONIC */
	uint64_t frame[LOAD_FRAME / 8];
	/* Written in the kernel. */
	uint64_t began, due, last;
	uint64_t sent, left_out;
	uint64_t first_answer, first_time; /* CLOCK_MONOTONIC, ns; 0: none */
	struct load_tally tallies[LOAD_CPUS];
	uint64_t latencies[LOAD_LATENCIES];
	uint32_t errors; /* how many there were, of which the first are kept: */
	int32_t left_ns[LOAD_ERRORS]; /* here, and by its transmit stamp */
	int32_t came_ns[LOAD_ERRORS]; /* by its receive stamp, and sent */
};

/* `salt` tells a transmit stamp from a receive stamp. */
static inline uint64_t load_stamp(uint64_t ns, uint32_t addr, uint32_t salt)
{
	uint64_t mixed = (ns << 16) ^ ((uint64_t)addr << 8) ^ salt;

	mixed *= UINT64_C(0x9e3779b97f4a7c15);
	return ns << 16 | ((mixed >> 48) & 0xffff);
}

static inline uint64_t load_stamp_ns(uint64_t stamp)
{
	return stamp >> 16;
}

static inline uint64_t load_ns_since(uint64_t now, uint64_t stamp)
{
	return (now - load_stamp_ns(stamp)) & (UINT64_MAX >> 16);
}

/* The client whose turn it is: all in turn, no neighbours after each other. */
static inline uint32_t load_client(uint64_t turn, uint32_t sources)
{
	return (uint32_t)(turn % sources * UINT64_C(2654435761) % sources);
}

#endif
