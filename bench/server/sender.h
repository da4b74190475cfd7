/* SPDX-License-Identifier: BSD-2-Clause */
/* sender.h - sends what a struct load asks for, in one of two ways. */
#ifndef BENCH_SERVER_SENDER_H
#define BENCH_SERVER_SENDER_H

#include "kernelhalf.h"

/*
 * The kernel makes each frame and hands it to the interface: the fastest way,
 * and one that never sleeps. Up to `batch` go out at a time. 0, or a negative
 * errno.
 */
int sender_frames(struct kernelhalf *k, uint32_t batch);

/*
 * By a packet socket, asleep between batches: for a processor that a server
 * has to share. LOAD_INTERLEAVED is not to be had. 0, or a negative errno.
 */
int sender_packets(struct kernelhalf *k, uint32_t batch);

#endif
