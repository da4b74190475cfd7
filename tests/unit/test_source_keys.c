/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source with a key: what it asks is signed, and only what is signed with
 * that key answers (A5, A13, B4, B8, C1, C2).
 */
#include "keyrings.h"
#include "sourcebench.h"

#define KEYS "1 SHA1 secret-one\n2 SHA1 secret-two\n3 AES secret-three\n"
#define DENIED_S 86400

static struct key_counts counts;

static struct bench *with_key(uint32_t key)
{
	struct bench *b = fresh();

	b->config.key = key;
	b->world.keys = keyring_trusting(KEYS, "trustedkey 1 2 3\n");
	b->world.key_counts = &counts;
	counts = (struct key_counts){ 0 };
	return b;
}

/* Signed by `key`, unless 0, with one bit flipped unless -1. */
static enum source_verdict
receive_signed(struct bench *b, const struct packet *p, uint32_t key, int flip)
{
	uint8_t bytes[PACKET_LEN + 4 + MAC_LEN_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));
	size_t len = PACKET_LEN;
	enum source_verdict v;

	packet_write(p, &w);
	if (key != 0) {
		len = sign_with(b->world.keys, key, bytes, len, KEYRING_V4);
	}
	if (flip >= 0) {
		bytes[flip / 8] ^= (uint8_t)(1 << flip % 8);
	}
	b->now_s += 0.0201;
	v = receive_bytes(b, bytes, len);
	if (v != SOURCE_SAMPLE) {
		b->now_s -= 0.0201;
	}
	return v;
}

static void asked(struct bench *b)
{
	ask(b);
	(void)sent(b);
}

static void requests_are_signed_and_answers_too(void **state)
{
	(void)state;
	for (uint32_t key = 1; key <= 3; key++) {
		struct bench *b = with_key(key);
		struct packet p;
		uint8_t right[PACKET_LEN + 4 + MAC_LEN_MAX];

		asked(b);
		memcpy(right, b->request, PACKET_LEN);
		assert_int_equal(sign_with(b->world.keys, key, right,
					   PACKET_LEN, KEYRING_V4),
				 b->request_len);
		assert_memory_equal(b->request, right, b->request_len);
		p = good(b);
		assert_int_equal(receive_signed(b, &p, key, -1), SOURCE_SAMPLE);
		assert_true(b->source.authentic);
		assert_int_equal(source_status(&b->source) & 0x6000, 0x6000);
	}
}

/*
 * C1, C2, B8, A5: what is signed otherwise, or not, has no effect on what is
 * believed, and the answer that comes after it still counts.
 */
static void nothing_else_is_an_answer(void **state)
{
	struct bench *b = with_key(1);
	struct packet p, lie;
	struct source before;

	(void)state;
	asked(b);
	p = lie = good(b);
	lie.leap = LEAP_INSERT; /* A13 */
	lie.stratum = 1;
	before = b->source;
	assert_int_equal(receive_signed(b, &lie, 0, -1), SOURCE_UNSIGNED);
	assert_int_equal(receive_signed(b, &lie, 2, -1), SOURCE_OTHER_KEY);
	for (int bit = 0; bit < 8 * (4 + 20); bit++) {
		enum source_verdict v =
			receive_signed(b, &lie, 1, 8 * PACKET_LEN + bit);

		assert_int_equal(v,
				 bit < 32 ? SOURCE_OTHER_KEY : SOURCE_BAD_MAC);
		assert_int_equal(b->out.count, 0);
	}
	before.mistrusted = true;
	assert_memory_equal(&before, &b->source, sizeof(before));
	assert_int_equal(receive_signed(b, &p, 1, -1), SOURCE_SAMPLE);
	assert_int_equal(b->source.peer.stratum, 2);
	assert_false(b->source.bad_auth);
}

/* B8: whatever its origin, and signed kisses come after the signature (B1). */
static void a_nak_or_an_unsigned_kiss_does_nothing(void **state)
{
	struct bench *b = with_key(1);
	struct packet p;
	uint8_t bytes[PACKET_LEN + 4] = { 0 };
	struct writer w = writer_over(bytes, sizeof(bytes));

	(void)state;
	asked(b);
	p = good(b);
	packet_write(&p, &w);
	assert_int_equal(receive_bytes(b, bytes, sizeof(bytes)), SOURCE_NAK);
	p.stratum = 0;
	p.refid = DENY;
	assert_int_equal(receive_signed(b, &p, 0, -1), SOURCE_UNSIGNED);
	assert_int_equal(b->source.polling.denied, 0);
	assert_true(source_is_waiting(&b->source));
	p.origin.v++;
	w = writer_over(bytes, sizeof(bytes));
	packet_write(&p, &w);
	assert_int_equal(receive_bytes(b, bytes, sizeof(bytes)), SOURCE_ORIGIN);
}

static unsigned notes(const struct bench *b, enum note_id id)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < b->out.count; i++) {
		n += b->out.effects[i].kind == EFFECT_NOTE &&
		     b->out.effects[i].note.id == id;
	}
	return n;
}

/* Never reachable, once said why, and well as soon as it signs. */
static void who_never_signs_is_never_reachable(void **state)
{
	struct bench *b = with_key(1);
	struct candidate c;
	struct packet p;
	unsigned said = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		ask(b);
		said += notes(b, NOTE_BAD_AUTH);
		(void)sent(b);
		p = good(b);
		assert_int_equal(receive_signed(b, &p, 0, -1), SOURCE_UNSIGNED);
		assert_int_equal(b->source.polling.reach, 0);
	}
	assert_int_equal(said, 1);
	source_candidate(&b->source, 15e-6, event(b, EVENT_TICK).now, &c);
	assert_int_equal(c.unfit, REASON_BAD_AUTH);
	assert_int_equal(source_status(&b->source) & 0x6000, 0x4000);
	asked(b);
	p = good(b);
	assert_int_equal(receive_signed(b, &p, 1, -1), SOURCE_SAMPLE);
	source_candidate(&b->source, 15e-6, event(b, EVENT_TICK).now, &c);
	assert_int_not_equal(c.unfit, REASON_BAD_AUTH);
	assert_int_equal(source_status(&b->source) & 0x6000, 0x6000);
}

/* Nothing is asked unsigned; with the key (a reload) it goes on by itself. */
static void without_its_key_nothing_is_asked(void **state)
{
	struct bench *b = with_key(9);
	unsigned said = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		b->now_s += 64;
		(void)tick(b);
		said += notes(b, NOTE_NO_KEY);
		for (uint32_t n = 0; n < b->out.count; n++) {
			assert_int_not_equal(b->out.effects[n].kind,
					     EFFECT_SEND);
		}
	}
	assert_int_equal(said, 1);
	assert_int_equal(b->source.requests, 0);
	assert_int_equal(b->source.kiss, UINT32_C(0x4e4b4559)); /* NKEY */
	b->config.key = 3;
	asked(b);
	assert_int_equal(b->request_len, PACKET_LEN + 4 + 16);
}

/* B4: signed, it is meant: one request a day, and a good answer ends it. */
static void a_signed_denial_is_heeded(void **state)
{
	struct bench *b = with_key(1);
	struct packet p;
	double denied_s;

	(void)state;
	asked(b);
	p = good(b);
	p.stratum = 0;
	p.refid = DENY;
	assert_int_equal(receive_signed(b, &p, 1, -1), SOURCE_KISS_DENY);
	denied_s = b->now_s;
	asked(b);
	assert_in_range((int)(b->now_s - denied_s), DENIED_S - 100,
			DENIED_S + 100);
	p = good(b);
	assert_int_equal(receive_signed(b, &p, 1, -1), SOURCE_SAMPLE);
	denied_s = b->now_s;
	asked(b);
	assert_in_range((int)(b->now_s - denied_s), 1, 2000);
}

/* Without a key, a code is something that was not asked for. */
static void who_has_no_key_takes_no_code(void **state)
{
	struct bench *b = with_key(0);
	struct packet p;

	(void)state;
	asked(b);
	assert_int_equal(b->request_len, PACKET_LEN);
	p = good(b);
	assert_int_equal(receive_signed(b, &p, 1, -1), SOURCE_LENGTH);
	assert_int_equal(receive_signed(b, &p, 0, -1), SOURCE_SAMPLE);
	assert_false(b->source.authentic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_signed_and_answers_too),
		cmocka_unit_test(nothing_else_is_an_answer),
		cmocka_unit_test(a_nak_or_an_unsigned_kiss_does_nothing),
		cmocka_unit_test(who_never_signs_is_never_reachable),
		cmocka_unit_test(without_its_key_nothing_is_asked),
		cmocka_unit_test(a_signed_denial_is_heeded),
		cmocka_unit_test(who_has_no_key_takes_no_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
