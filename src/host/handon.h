/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handon.h - our sockets for our next life: who supervises us keeps a
 * duplicate of the first one of each address, and inherited.h finds them.
 *
 * Nobody keeps them where `n` is NULL.
 */
#ifndef HOST_HANDON_H
#define HOST_HANDON_H

#include "host/serversock.h"

void handon_keep(struct notify *n, const struct serversock *s);
/* It is to be closed; one of the same address may come soon. */
void handon_forget(struct notify *n, const struct serversock *s);

/*
 * We end: makes all that comes from now on come to the first of each address,
 * and waits until the workers, who still run, have served what the others have.
 */
void handon_end(const struct serversocks *ss);

#endif
