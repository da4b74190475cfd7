/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastmap.h - what the daemon and the program in the kernel (bpf/ntp.bpf.c)
 * have in common: the values of its maps. Compiled for both, so it includes
 * nothing but fixed widths.
 *
 * Times in ns are the kernel's: of CLOCK_TAI, or of CLOCK_BOOTTIME. What ends
 * up in a packet counts 2^-32 s as tstamp and span do.
 */
#ifndef CORE_FASTMAP_H
#define CORE_FASTMAP_H

#include <stdint.h>

#define FAST_VIEWS 4      /* see struct fast_state */
#define FAST_HEADER 24    /* octets of a header that the view decides */
#define FAST_GROWTH 40    /* growth counts 2^-40 s/s */
#define FAST_AGE_MAX 4096 /* s, of a view: nobody may answer from an older */

enum fast_verdict {
#define VERDICT(id, name, words) FAST_##id,
#include "core/fastverdicts.def"
#undef VERDICT
	FAST_VERDICTS /* how many there are */
};

/* What `struct view` is to a serving thread. */
struct fast_view {
	uint64_t until_ns;    /* boottime: none is answered from then on */
	int64_t tai_ahead_ns; /* TAI less boottime, when this was published */
	uint64_t leap_ns;     /* TAI: when the offset changes; UINT64_MAX */
	uint32_t before_s;    /* NTP seconds less those of TAI, before it */
	uint32_t after_s;     /* and from then on */
	uint64_t made;        /* tstamp, of view.made */
	uint64_t disp;        /* root dispersion then */
	uint64_t growth;      /* of it, at most 2^FAST_GROWTH */
	uint64_t cost_ns;     /* restrict limited: see ratelimit_rules; 0: */
	uint64_t guard_ns;    /* who is limited goes up */
	uint64_t debt_ns;     /* that is lent, at most */
	uint8_t traffic;      /* class of what is sent */
	uint8_t unused[7];
	uint8_t header[FAST_HEADER]; /* leap to reference, as on the wire */
	uint8_t fill[8];
};

/*
 * View g is in slot g % FAST_VIEWS, written before `generation` becomes g. Who
 * began with g has read one view if generation is at most g + FAST_VIEWS - 2
 * when he is done.
 */
struct fast_state {
	uint64_t generation; /* 0: there is no view yet */
	uint16_t port;       /* that we serve on, as on the wire */
	uint8_t fill[118];
	struct fast_view views[FAST_VIEWS];
};

/* Of one CPU, which alone writes it. */
struct fast_counters {
	uint64_t verdicts[FAST_VERDICTS];
	uint64_t versions[2]; /* answered: 3, 4 */
	uint64_t sampled_ns;  /* boottime of the last sample */
	uint64_t woken_ns;    /* and of the last that woke the daemon */
	uint64_t lost;        /* samples: the ring was full */
} __attribute__((aligned(64)));

/* One of our addresses, on the wire where it is. */
struct fast_address {
	uint8_t ip[16];     /* IPv4 as ::ffff:a.b.c.d */
	uint32_t interface; /* index, of the device itself */
	uint16_t vlan;      /* number of the tag, host order; 0: none */
	uint16_t unused;
};

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

/* A client's bucket on one CPU. */
struct fast_bucket {
	uint64_t empty_ns; /* boottime when it will have run dry */
	uint64_t last_ns;  /* and of the last request that passed */
};

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
