/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/peerlist.h"

size_t peerlist_size(size_t count)
{
	return sizeof(struct peerlist) + count * sizeof(netaddr);
}

bool peerlist_has(const struct peerlist *l, const netaddr *addr)
{
	for (size_t i = 0; i < l->count; i++) {
		if (netaddr_equal(&l->addrs[i], addr)) {
			return true;
		}
	}
	return false;
}
