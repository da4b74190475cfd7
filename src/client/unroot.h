/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unroot.h - what comes from the network is not read as root (I11).
 *
 * Tools that only ask give root up, for good, before they speak to another
 * host. Who asks this one keeps it: the control socket knows root by it.
 */
#ifndef CLIENT_UNROOT_H
#define CLIENT_UNROOT_H

#include "base/netaddr.h"

void unroot_before(const netaddr *host);

#endif
