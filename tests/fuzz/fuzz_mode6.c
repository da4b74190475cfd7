/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any octets as a control request: no crash, no answer to an answer, and an
 * answer whose pieces fit together. The first octet says what there is to
 * tell; the rest is the datagram.
 */

#include "core/control/control.h"
#include "fuzz/fuzz.h"

#define LISTED 300

static void check_pieces(const struct outbox *out, const struct mode6 *asked)
{
	size_t offset = 0;

	INVARIANT(out->lost == 0 && out->count > 0);
	for (uint32_t i = 0; i < out->count; i++) {
		const struct effect *e = &out->effects[i];
		const uint8_t *bytes = out->bytes + e->answer.at;
		struct reader r = reader_over(bytes, e->answer.len);
		struct mode6 m;
		struct control_request q;

		INVARIANT(e->kind == EFFECT_ANSWER);
		INVARIANT(mode6_parse(&m, &r));
		INVARIANT(m.response && m.version == asked->version);
		INVARIANT(m.sequence == asked->sequence);
		INVARIANT(m.offset == offset && m.count <= MODE6_DATA);
		INVARIANT(m.more == (i + 1 < out->count));
		INVARIANT(reader_left(&r) - m.count < 4);
		INVARIANT(control_parse(&q, bytes, e->answer.len) ==
			  CONTROL_DROP);
		offset += m.count;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outbox out;
	static struct control_listed list[LISTED];
	static const struct setvar_config setvar = { NULL, "owner", "me",
						     true };
	struct system_report s = { .version = "ntpd fuzzed",
				   .setvars = &setvar };
	struct peer_report peer = { .host = "a\"\x1b", .reason = "none" };
	struct clock_report clock = { .device = "a clock" };
	struct control_request q;

	if (size == 0) {
		return 0;
	}
	struct control_subject subject = {
		.list = list,
		.listed = data[0] & 1 ? LISTED : 0,
		.peer = data[0] & 2 ? &peer : NULL,
		.clock = data[0] & 4 ? &clock : NULL,
		.nonce = "0123456789abcdef01234567",
	};

	if (control_parse(&q, data + 1, size - 1) == CONTROL_DROP) {
		return 0;
	}
	const struct caller caller = {
		.sees_clients = data[0] & 8,
		.sees_guards = data[0] & 16,
		.modifies = data[0] & 32,
	};

	control_permit(&q, &caller);
	switch (q.need) {
	case CONTROL_NEEDS_CLIENTS:
		INVARIANT(caller.sees_clients);
		return 0;
	case CONTROL_NEEDS_SOCKETS:
	case CONTROL_NEEDS_RESTRICTIONS:
		INVARIANT(caller.sees_guards);
		return 0;
	case CONTROL_NEEDS_CHANGE:
		INVARIANT(caller.modifies);
		return 0;
	case CONTROL_DROP:
	case CONTROL_NEEDS_NOTHING:
	case CONTROL_NEEDS_LIST:
	case CONTROL_NEEDS_PEER:
	case CONTROL_NEEDS_CLOCK:
	case CONTROL_NEEDS_NONCE:
		break;
	}
	outbox_empty(&out);
	control_answer(&q, &s, &subject, &out);
	check_pieces(&out, &q.header);
	return 0;
}
