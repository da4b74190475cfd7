/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellauth.c - who asks: a key, or the right to the daemon's unix socket.
 */
#include <string.h>

#include "client/shell.h"
#include "host/ctlsock.h"

/* The daemon of this machine needs no key from those its socket is for. */
static bool by_socket(struct shell *s, enum mode6_opcode opcode, uint16_t assoc,
		      const char *data, bool *asked)
{
	struct ctl remote = s->ctl;
	bool here = s->address_count > 0 && s->port == NTP_PORT &&
		    netaddr_is_loopback(&s->addresses[s->address]);

	*asked = false;
	if (!here) {
		return false;
	}
	s->ctl.fd = -1; /* and not closed: it is needed again */
	bool good = false;

	if (ctl_open_path(&s->ctl, CTLSOCK_PATH) == 0) {
		*asked = true;
		good = shell_ask(s, opcode, assoc, data);
	}
	remote.sequence = s->ctl.sequence;
	remote.rng = s->ctl.rng;
	ctl_close(&s->ctl);
	s->ctl = remote;
	return good;
}

bool shell_ask_signed(struct shell *s, enum mode6_opcode opcode, uint16_t assoc,
		      const char *data)
{
	bool asked;

	if (!shell_ready(s, data)) {
		return false;
	}
	if (s->ctl.local) {
		return shell_ask(s, opcode, assoc, data);
	}
	bool good = by_socket(s, opcode, assoc, data, &asked);

	return asked ? good : shell_ask(s, opcode, assoc, data);
}
