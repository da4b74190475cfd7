/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastprog.h - the program that answers in the driver (bpf/ntp.bpf.c) and its
 * maps, loaded.
 *
 * Loading and attaching need root. What changes while the daemon runs does
 * not: views are written to memory that the kernel shares with us, nets and
 * addresses through descriptors that are open. The program is gone from the
 * interfaces as soon as nobody has its links: also after a crash.
 */
#ifndef HOST_FASTPROG_H
#define HOST_FASTPROG_H

#include "core/serve/fastpath.h"

#define FASTPROG_WHY 256

struct fastprog;

enum fastprog_way { FASTPROG_NATIVE, FASTPROG_GENERIC };

/*
 * For requests to `port`; `limited`: with room for the buckets of clients.
 * NULL: `why` says in words what the kernel or this build does not allow.
 */
MUST_USE struct fastprog *fastprog_load(uint16_t port, bool limited,
					char why[FASTPROG_WHY]);
/* Also what is attached, and NULL. */
void fastprog_free(struct fastprog *p);

/* What is answered from now on. */
void fastprog_publish(struct fastprog *p, const struct fast_view *v);
/*
 * Nothing, until the next view; and not by who has begun already: what is
 * changed after this, no answer stands on.
 */
void fastprog_silence(struct fastprog *p);

/*
 * The networks, sorted by fastpath_order() and each once; addresses, in any
 * order. Only differences go to the kernel. 0, or a negative errno: then some
 * of them hold and some do not, and nothing should be answered.
 */
MUST_USE int fastprog_nets(struct fastprog *p, const struct fast_net *nets,
			   size_t count);
MUST_USE int fastprog_addresses(struct fastprog *p,
				const struct fast_address *list, size_t count);

/* A link to the interface, which holds until it is closed; or -errno. */
MUST_USE int fastprog_attach(struct fastprog *p, unsigned interface,
			     enum fastprog_way way);

/* The sum over all CPUs. */
void fastprog_count(const struct fastprog *p, struct fast_counters *sum);

/*
 * Adds to the counters of lines what has been answered since the last call;
 * a line beyond `count`, or FAST_LINES, has none. */
void fastprog_hits(struct fastprog *p, uint64_t *hits, size_t count);

/* For poll(): readable when there are samples. */
int fastprog_samples_fd(const struct fastprog *p);
/* Hands what was sampled to `take`, oldest first. */
void fastprog_samples(struct fastprog *p,
		      void (*take)(void *context, const struct fast_sample *s),
		      void *context);

/* The descriptor of the program, for BPF_PROG_RUN. */
int fastprog_fd(const struct fastprog *p);

#endif
