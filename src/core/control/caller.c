/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/control/caller.h"

struct caller caller_of(const struct caller_origin *origin,
			const struct access *access, bool authentic)
{
	struct access_match found = { .general = true };

	if (netaddr_is_none(&origin->from)) {
		return (struct caller){ .local = true,
					.authentic = origin->owner,
					.known = true,
					.sees_clients = true,
					.sees_guards = true,
					.modifies = origin->owner };
	}
	if (access) {
		found = access_match(access, &origin->from);
	}
	bool local = netaddr_is_loopback(&origin->from);
	bool trusted = local || authentic || !found.general;

	return (struct caller){
		.local = local,
		.authentic = authentic,
		.known = trusted || origin->attached,
		.sees_clients = trusted && !(found.flags & RESTRICT_NOMRULIST),
		.sees_guards = authentic,
		.modifies = authentic && !(found.flags & RESTRICT_NOMODIFY),
		.forbidden = authentic && found.flags & RESTRICT_NOMODIFY,
	};
}
