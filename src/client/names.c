/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/names.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "client/nameahead.h"
#include "client/sock.h"

static int family_of(enum names_family family)
{
	switch (family) {
	case NAMES_V4:
		return AF_INET;
	case NAMES_V6:
		return AF_INET6;
	case NAMES_ANY:
		break;
	}
	return AF_UNSPEC;
}

static bool known(const netaddr *list, size_t count, const netaddr *a)
{
	for (size_t i = 0; i < count; i++) {
		if (netaddr_equal(&list[i], a)) {
			return true;
		}
	}
	return false;
}

int names_resolve(const char *host, enum names_family family, netaddr *out,
		  size_t max, size_t *count)
{
	struct addrinfo hints = { .ai_family = family_of(family),
				  .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list = NULL;
	/* No service name: /etc/services may be missing. */
	int err = getaddrinfo(host, NULL, &hints, &list);

	*count = 0;
	if (err != 0) {
		return err;
	}
	for (struct addrinfo *ai = list; ai && *count < max; ai = ai->ai_next) {
		netaddr a = sock_netaddr(ai->ai_addr);

		a.port = NTP_PORT;
		if (!netaddr_is_none(&a) && !known(out, *count, &a)) {
			out[(*count)++] = a;
		}
	}
	freeaddrinfo(list);
	return *count > 0 ? 0 : EAI_NONAME;
}

bool names_ask(const netaddr *a, struct text *out)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_address(a, &ss);
	char name[NI_MAXHOST];

	if (getnameinfo((struct sockaddr *)&ss, len, name, sizeof(name), NULL,
			0, NI_NAMEREQD | NI_DGRAM) != 0) {
		return false;
	}
	text_escaped(out, name, strlen(name));
	return true;
}

bool names_reverse(const netaddr *a, struct text *out)
{
	enum nameahead_state state = nameahead_find(a, out);

	if (state == NAMEAHEAD_UNKNOWN) {
		nameahead_fetch(a, 1);
		state = nameahead_find(a, out);
	}
	return state == NAMEAHEAD_NAMED;
}

void names_show(const netaddr *a, struct text *out)
{
	if (!names_reverse(a, out)) {
		netaddr_print(a, out);
	}
}
