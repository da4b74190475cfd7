/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interfaces.h - the addresses of this machine, and which of them to serve on.
 *
 * The last rule that matches an address decides (ntp.conf(5), interface).
 * With any rule, an address that none matches is left alone; loopback and the
 * wildcards are not, unless a rule names them.
 */
#ifndef HOST_INTERFACES_H
#define HOST_INTERFACES_H

#include <net/if.h>

#include "config/config.h"

struct local_address {
	netaddr addr;
	netaddr broadcast; /* of its network; none: it has none */
	char name[IF_NAMESIZE];
	unsigned index;
	bool loopback;
	unsigned prefix; /* of its network, of 128 bits; 0: unknown */
	uint32_t flags;  /* of enum socket_flag */
};

/* A new list that the caller frees, or NULL and errno. */
MUST_USE struct local_address *interfaces_list(size_t *count);
/* The index of the loopback interface; 0: nobody knows. */
unsigned interfaces_loopback(void);

struct listen_rules {
	const struct nic_config *rules; /* of the file, or of -I */
	bool no_virtual;                /* -L: no names with a colon */
	enum family only;               /* -4 or -6 */
};

/* What to do about an address of this machine. */
enum nic_action listen_rules_apply(const struct listen_rules *r,
				   const struct local_address *a);
/* Is the port of a family to be reserved on its wildcard address? */
bool listen_rules_wildcard(const struct listen_rules *r, enum family f);

#endif
