/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve.h - the requests that wait on one server socket.
 */
#ifndef HOST_SERVE_H
#define HOST_SERVE_H

#include "host/loop.h"

/* Answers what is queued, up to `most` datagrams. */
void serve_ready(struct loop *l, struct serversock *s, unsigned most);

#endif
