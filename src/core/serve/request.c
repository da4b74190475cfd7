/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/request.h"

#include <string.h>

#include "base/siphash.h"

#define FLAKE 10 /* restrict flake drops one in so many */

enum mode request_mode(const struct packet *q, const netaddr *from)
{
	switch (q->mode) {
	case MODE_CLIENT:
		return MODE_SERVER;
	case MODE_ACTIVE:
		return MODE_PASSIVE;
	case MODE_RESERVED:
		return q->version == 1 && from->port != NTP_PORT
			       ? MODE_SERVER
			       : MODE_RESERVED;
	case MODE_PASSIVE:
	case MODE_SERVER:
	case MODE_BROADCAST:
	case MODE_CONTROL:
	case MODE_PRIVATE:
		return MODE_RESERVED;
	}
	return MODE_RESERVED;
}

/* One in FLAKE, by what nobody chose: pure, and yet unlike any pattern. */
bool request_is_unlucky(const struct packet *q, const struct request *req)
{
	static const struct siphash_key key = { 0 };
	uint64_t luck[2] = { q->transmit.v, req->received.v };

	return siphash(&key, luck, sizeof(luck)) % FLAKE == 0;
}

bool request_wants_samba(const struct tail *t)
{
	static const uint8_t zeros[SERVER_SAMBA_MAC];

	return t->fields == 0 && t->mac_len == sizeof(zeros) &&
	       memcmp(t->mac, zeros, sizeof(zeros)) == 0;
}
