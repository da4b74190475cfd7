/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * talk.h - one control request, and the answer put together from its
 * datagrams, which are checked on the way: header, padding, order.
 */
#ifndef TESTS_UNIT_TALK_H
#define TESTS_UNIT_TALK_H

#include <string.h>

#include "check.h"
#include "core/control/control.h"

#define DATAGRAMS 64
#define ROOM 32768

static const struct setvar_config hidden = { NULL, "motto", "slow", false };
static const struct setvar_config owner = { (struct setvar_config *)&hidden,
					    "owner", "The Boss", true };

static const struct system_report plain_system = {
	.version = "ntpd 1.0",
	.processor = "x86_64",
	.system = "Linux/6.1",
	.leap = LEAP_NONE,
	.stratum = 2,
	.precision = -25,
	.root_delay_s = 0.010268,
	.root_disp_s = 0.011924,
	.refid = 0x0a63000b,
	.reference = { UINT64_C(0xeead82eab87c36e4) },
	.clock = { UINT64_C(0xeead82f0bb6a9903) },
	.kind = CLOCK_KIND_NTP,
	.events = { .last = SYSTEM_CLOCK_SYNC, .count = 1 },
	.peer = 41436,
	.poll = 6,
	.offset_s = -1.2345e-5,
	.freq_ppm = 12.345,
	.jitter_s = 0.000565028,
};

static const struct peer_report plain_peer = {
	.assoc = 41436,
	.leap = LEAP_NONE,
	.host = "time.example",
	.stratum = 1,
	.precision = -20,
	.root_delay_s = 0.009995,
	.root_disp_s = 0.009995,
	.refid = 0x47505300,
	.reference = { UINT64_C(0xeead82e0b8bcd400) },
	.received = { UINT64_C(0xeead82eab87c36e4) },
	.configured = true,
	.tally = TALLY_SYSPEER,
	.reason = "the system peer",
	.events = { .last = PEER_SYS_PEER, .count = 1 },
	.reach = 077,
	.our_mode = 3,
	.their_mode = 4,
	.our_poll = 6,
	.their_poll = 6,
	.offset_s = 0.001133,
	.delay_s = 0.000273,
	.disp_s = 0.000141,
	.jitter_s = 0.000565,
	.filt_delay_s = { 0.00027, 0.00031, 0.00324 },
	.filt_offset_s = { 0.00113, -0.00115 },
	.cookies = REPORT_NOT_NTS,
};

/* One request, and all that came back. */
struct talk {
	struct system_report system;
	struct peer_report peer;
	struct control_subject subject;
	struct outbox out;
	enum control_need need;
	struct caller caller; /* nobody knows him, until a test does */
	uint8_t request[ROOM];
	size_t len;
	struct mode6 headers[DATAGRAMS];
	size_t datagrams;
	char data[ROOM]; /* put together, terminated */
	size_t data_len;
};

static inline int begin(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	if (!t) {
		return -1;
	}
	t->system = plain_system;
	t->peer = plain_peer;
	t->peer.addr = netaddr_v4(0x0a630001, 123);
	t->peer.local = netaddr_v4(0x0a630002, 123);
	t->subject.peer = &t->peer;
	t->subject.nonce = "0123456789abcdef01234567";
	*state = t;
	return 0;
}

static inline int end(void **state)
{
	free(*state);
	return 0;
}

static void collect(struct talk *t)
{
	t->datagrams = 0;
	t->data_len = 0;
	assert_int_equal(t->out.lost, 0);
	for (uint32_t i = 0; i < t->out.count; i++) {
		const struct effect *e = &t->out.effects[i];
		struct mode6 *m = &t->headers[t->datagrams++];
		const uint8_t *bytes = t->out.bytes + e->answer.at;
		struct reader r = reader_over(bytes, e->answer.len);

		assert_int_equal(e->kind, EFFECT_ANSWER);
		assert_true(mode6_parse(m, &r));
		assert_true(m->response);
		assert_int_equal(m->offset, t->data_len);
		assert_int_equal(m->more, i + 1 < t->out.count);
		assert_int_equal(m->sequence, 0x0102);
		assert_int_equal(e->answer.len % 4, 0);
		assert_in_range(m->count, 0, MODE6_DATA);
		assert_in_range(reader_left(&r) - m->count, 0, 3);
		memcpy(t->data + t->data_len, r.at, m->count);
		t->data_len += m->count;
		for (size_t pad = m->count; pad < reader_left(&r); pad++) {
			assert_int_equal(r.at[pad], 0);
		}
	}
	t->data[t->data_len] = '\0';
}

/* Sends what stands in t->request. */
static void ask_bytes(struct talk *t)
{
	struct control_request q;

	outbox_empty(&t->out);
	t->need = control_parse(&q, t->request, t->len);
	control_permit(&q, &t->caller);
	if (t->need != CONTROL_DROP) {
		control_answer(&q, &t->system, &t->subject, &t->out);
	}
	collect(t);
}

static inline void ask(struct talk *t, unsigned opcode, uint16_t assoc,
		       const char *text)
{
	size_t len = strlen(text);
	struct mode6 m = {
		.version = 2,
		.opcode = (uint8_t)opcode,
		.sequence = 0x0102,
		.assoc = assoc,
		.count = (uint16_t)len,
	};
	struct writer w = writer_over(t->request, sizeof(t->request));

	memset(t->request, 0, sizeof(t->request));
	mode6_write(&m, &w);
	memcpy(w.at, text, len);
	t->len = MODE6_HEADER + (len + 3) / 4 * 4;
	ask_bytes(t);
}

static inline void assert_error(const struct talk *t, enum mode6_error error)
{
	assert_int_equal(t->datagrams, 1);
	assert_true(t->headers[0].error);
	assert_int_equal(t->headers[0].status, (unsigned)error << 8);
	assert_int_equal(t->headers[0].count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
