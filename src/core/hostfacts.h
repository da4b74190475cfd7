/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostfacts.h - what the host has counted, and what the kernel says of its
 * clock: nothing that the engine decides by, only what can be asked for.
 */
#ifndef CORE_HOSTFACTS_H
#define CORE_HOSTFACTS_H

#include "core/serve/fastmap.h"
#include "core/serve/mru.h"

/* Of all sockets for NTP, since the start. */
struct io_counts {
	uint64_t received; /* datagrams */
	uint64_t sent, send_failed;
	uint64_t dropped;               /* received, and thrown away unread */
	uint64_t wakeups, good_wakeups; /* good: there was something to do */
	uint64_t clock_reads;           /* of reference clocks */
};

/* As ntp_adjtime() has it; in the units that it documents, made plain. */
struct kernel_clock {
	bool known;
	double offset_s, freq_ppm, max_error_s, est_error_s;
	double precision_s, tolerance_ppm;
	uint32_t status; /* the bits of STA_*, as in Linux */
	int32_t constant;
	double pps_freq_ppm, pps_stability_ppm, pps_jitter_s;
	uint64_t pps_interval_s, pps_calibrations, pps_errors;
	uint64_t pps_jitter_exceeded, pps_stability_exceeded;
};

/* What this process has used since it began, as getrusage() has it. */
enum usage_count {
	USAGE_MINOR_FAULTS,
	USAGE_MAJOR_FAULTS,
	USAGE_SWAPS,
	USAGE_BLOCKS_IN,
	USAGE_BLOCKS_OUT,
	USAGE_WAITS,       /* switches to others, because it waited ... */
	USAGE_PREEMPTIONS, /* ... or its time was over */
	USAGE_SIGNALS,
	USAGE_COUNTS
};

struct usage {
	double user_s, system_s;
	uint64_t most_kib; /* of memory, at any time */
	uint64_t counts[USAGE_COUNTS];
};

/* Of the program in the kernel, since it was loaded. */
struct fast_counts {
	bool known;
	uint64_t verdicts[FAST_VERDICTS];
	uint64_t lost;
};

struct host_facts {
	struct io_counts io;
	struct fast_counts fast;
	struct kernel_clock kernel;
	bool lists_clients;
	struct mru_counts clients; /* summed over the serving threads */
};

#endif
