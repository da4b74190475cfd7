/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inquiry.h - control requests between the sockets and the engine: what the
 * host knows goes with them, and lists of it are answered here.
 */
#ifndef HOST_INQUIRY_H
#define HOST_INQUIRY_H

#include "host/loop.h"

/* A request of `asker`, whose `from` says who he is; none: the connection. */
void inquiry_deliver(struct loop *l, const struct asker *asker,
		     const uint8_t *data, size_t len);

/* Clients that the kernel answered, into the list. */
void inquiry_samples(struct loop *l);

/* Carries out EFFECT_LIST: its answers become effects behind it. */
void inquiry_list(struct loop *l, const struct effect *e);

#endif
