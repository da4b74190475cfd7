/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastmap.h - what the daemon and the program in the kernel (bpf/ntp.bpf.c)
 * have in common: the values of its maps. Compiled for both, so it includes
 * nothing but fixed widths.
 *
 * Times in ns are the kernel's: of CLOCK_TAI, or of CLOCK_MONOTONIC, whose
 * coarse reading costs the program nearly nothing. What ends up in a packet
 * counts 2^-32 s as tstamp and span do.
 */
#ifndef CORE_FASTMAP_H
#define CORE_FASTMAP_H

#include <stdint.h>

#define FAST_VIEWS 4      /* see struct fast_state */
#define FAST_HEADER 24    /* octets of a header that the view decides */
#define FAST_GROWTH 40    /* growth counts 2^-40 s/s */
#define FAST_AGE_MAX 4096 /* s, of a view: nobody may answer from an older */
#define FAST_HOMES 4      /* addresses of a family that are found at once */
#define FAST_LINES 4096   /* of restrict, whose hits are counted */

/*
 * The low bits of a receive stamp: odd, as all of ours are, and a number that
 * no serving thread gives (core/serve/interleave.c). So a stamp of the program
 * is never one that a thread holds. The transmit stamp is one more, and even.
 */
#define FAST_MARK 15

enum fast_verdict {
#define VERDICT(id, name, words) FAST_##id,
#include "core/serve/fastverdicts.def"
#undef VERDICT
	FAST_VERDICTS /* how many there are */
};

/* One of our addresses, on the wire where it is. */
struct fast_address {
	uint8_t ip[16];     /* IPv4 as ::ffff:a.b.c.d */
	uint32_t interface; /* index, of the device itself */
	uint16_t vlan;      /* number of the tag, host order; 0: none */
	uint16_t unused;
} __attribute__((aligned(8)));

/* Its place among the homes of a view, if it has one. */
static inline unsigned fast_home(uint8_t last_octet, uint16_t vlan)
{
	return (last_octet ^ vlan) % FAST_HOMES;
}

/* What `struct view` is to a serving thread. */
struct fast_view {
	uint64_t until_ns;    /* monotonic: none is answered from then on */
	int64_t tai_ahead_ns; /* TAI less monotonic, when this was published */
	uint64_t leap_ns;     /* TAI: when the offset changes; UINT64_MAX */
	uint32_t before_s;    /* NTP seconds less those of TAI, before it */
	uint32_t after_s;     /* and from then on */
	uint64_t made;        /* tstamp, of view.made */
	uint64_t disp;        /* root dispersion then */
	uint64_t growth;      /* of it, at most 2^FAST_GROWTH */
	uint64_t cost_ns;     /* restrict limited: see ratelimit_rules; 0: */
	uint64_t guard_ns;    /* who is limited goes up */
	uint64_t room_ns;     /* that is lent here, at most */
	uint8_t traffic;      /* class of what is sent */
	uint8_t unused[7];
	uint8_t header[FAST_HEADER]; /* leap to reference, as on the wire */
	uint8_t fill[8];
	/* By family, IPv6 first, and fast_home(); the map has the others. */
	struct fast_address homes[2][FAST_HOMES];
};

/*
 * View g is in slot g % FAST_VIEWS, written before `generation` becomes g. Who
 * began with g has read one view if generation is at most g + FAST_VIEWS - 2
 * when he is done.
 */
struct fast_state {
	uint64_t generation; /* 0: there is no view yet */
	uint16_t port;       /* that we serve on, as on the wire */
	uint8_t fill[54];
	struct fast_view views[FAST_VIEWS];
	/*
	 * By family, IPv6 first: what all say of whom no net but the default
	 * is about, and by the first 16 bits of an address where that is sure.
	 */
	uint32_t others[2];
	uint8_t only_others[2][1 << 13];
};

/* Of one CPU, which alone writes it. */
struct fast_counters {
	uint64_t verdicts[FAST_VERDICTS];
	uint64_t versions[2]; /* answered: 3, 4 */
	uint64_t sampled_ns;  /* TAI of the last sample */
	uint64_t woken_ns;    /* and of the last that woke the daemon */
	uint64_t lost;        /* samples: the ring was full */
};

struct fast_cpu {
	struct fast_counters counters;
	uint64_t hits[FAST_LINES]; /* answered, by number of the line */
} __attribute__((aligned(64)));

/* Keys of the tries: the octets of an address in their order. */
struct fast_net4 {
	uint32_t prefix;
	uint8_t ip[4];
};

struct fast_net6 {
	uint32_t prefix;
	uint8_t ip[16];
};

/* What a network may. */
enum fast_rule {
	FAST_SERVE,
	FAST_LIMIT, /* its hosts have buckets */
	FAST_UP,    /* the sockets judge */
};

/* Values of the tries: the number of the line, and the rule. */
#define FAST_RULE_BITS 2

static inline uint32_t fast_value(uint32_t line, enum fast_rule rule)
{
	return line << FAST_RULE_BITS | (uint32_t)rule;
}

static inline enum fast_rule fast_rule(uint32_t value)
{
	return (enum fast_rule)(value & ((1u << FAST_RULE_BITS) - 1));
}

/*
 * A bucket: of a host (IPv6: its /64), or of the networks around it. Who had
 * too little is for the sockets until all is paid, so that what they say of
 * him is what he gets.
 */
struct fast_bucket {
	uint64_t paid_ns; /* monotonic: when it will have run dry */
	uint64_t last_ns; /* and of the last request that passed */
	uint64_t over;    /* whether it had too little */
};

/* The share of a request that a network pays is 2^-n of a host's. */
#define FAST_WIDE_24 6
#define FAST_WIDE_56 4
#define FAST_WIDE_48 6

/* Who was answered, now and then. */
struct fast_sample {
	uint8_t from[16], to[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint64_t at;              /* tstamp */
	uint16_t port;            /* his, host order */
	uint8_t first;            /* octet of the request */
	uint8_t unused[5];
};

#define FAST_SAMPLE_NS 1000000 /* between two samples of one CPU, at least */
#define FAST_WAKE_NS 100000000 /* between two that wake the daemon */

#endif
