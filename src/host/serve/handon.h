/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handon.h - our sockets for our next life: who supervises us gets a
 * duplicate of the first one of each address, and inherited.h finds them.
 *
 * At the end and not before: as long as we live they are ours alone, so that
 * netstat says whose they are.
 */
#ifndef HOST_HANDON_H
#define HOST_HANDON_H

#include "host/serve/serversock.h"

/* We end, as we were told to. */
void handon_keep(const struct serversocks *ss);

/*
 * We end: makes all that comes from now on come to the first of each address,
 * and waits until the workers, who still run, have served what the others have.
 */
void handon_end(const struct serversocks *ss);

#endif
