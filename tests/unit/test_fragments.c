/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any answer that is cut in any way and comes in any order is put together
 * again; nothing that contradicts itself is (SECURITY.md I8).
 */
#include <string.h>

#include "check.h"
#include "client/control/fragments.h"

static const struct mode6 asked = {
	.version = 2, .opcode = MODE6_READVAR, .sequence = 0x1234, .assoc = 7
};
static struct ctl_answer answer;

static enum fragments_verdict add(struct fragments *f, struct mode6 m,
				  const char *data, size_t len)
{
	uint8_t packet[MODE6_HEADER + MODE6_DATA];
	struct writer w = writer_over(packet, sizeof(packet));

	mode6_write(&m, &w);
	assert_false(w.failed);
	memcpy(packet + MODE6_HEADER, data, len);
	return fragments_add(f, packet, MODE6_HEADER + len, &answer);
}

static struct mode6 part(size_t offset, size_t count, bool more)
{
	struct mode6 m = asked;

	m.response = true;
	m.more = more;
	m.offset = (uint16_t)offset;
	m.count = (uint16_t)count;
	m.status = 0x0615;
	return m;
}

static void begin(struct fragments *f)
{
	fragments_init(f, &asked);
	answer.len = 0;
	answer.error = 0;
}

static void any_cut_in_any_order_is_put_together(void **state)
{
	static char whole[CTL_FRAGMENTS * MODE6_DATA];

	(void)state;
	for (size_t i = 0; i < sizeof(whole); i++) {
		whole[i] = (char)check_rng();
	}
	FORALL(500) {
		size_t starts[CTL_FRAGMENTS + 1] = { 0 }, order[CTL_FRAGMENTS];
		size_t count = 1 + check_rng() % CTL_FRAGMENTS;
		struct fragments f;

		for (size_t i = 0; i < count; i++) {
			size_t at = check_below(i + 1);

			starts[i + 1] = starts[i] + 1 + check_below(MODE6_DATA);
			order[i] = order[at];
			order[at] = i;
		}
		begin(&f);
		for (size_t i = 0; i < count; i++) {
			size_t n = order[i], len = starts[n + 1] - starts[n];
			struct mode6 m = part(starts[n], len, n + 1 < count);
			bool last = i + 1 == count;

			assert_int_equal(add(&f, m, whole + starts[n], len),
					 last ? FRAGMENTS_DONE
					      : FRAGMENTS_MORE);
			if (!last && check_rng() % 4 == 0) {
				assert_int_equal(
					add(&f, m, whole + starts[n], len),
					FRAGMENTS_MORE);
			}
		}
		assert_int_equal(answer.len, starts[count]);
		assert_memory_equal(answer.data, whole, answer.len);
		assert_int_equal(answer.status, 0x0615);
	}
}

static void an_empty_answer_is_whole(void **state)
{
	struct fragments f;

	(void)state;
	begin(&f);
	assert_int_equal(add(&f, part(0, 0, false), "", 0), FRAGMENTS_DONE);
	assert_int_equal(answer.len, 0);
}

static void answers_to_others_are_passed_over(void **state)
{
	struct mode6 m = part(0, 4, false);
	struct fragments f;

	(void)state;
	begin(&f);
	m.response = false;
	assert_int_equal(add(&f, m, "abcd", 4), FRAGMENTS_FOREIGN);
	m = part(0, 4, false);
	m.sequence++;
	assert_int_equal(add(&f, m, "abcd", 4), FRAGMENTS_FOREIGN);
	m = part(0, 4, false);
	m.opcode = MODE6_READSTAT;
	assert_int_equal(add(&f, m, "abcd", 4), FRAGMENTS_FOREIGN);
	m = part(0, 4, false);
	m.assoc = 8;
	assert_int_equal(add(&f, m, "abcd", 4), FRAGMENTS_FOREIGN);
	for (size_t len = 0; len < MODE6_HEADER; len++) {
		uint8_t zero[MODE6_HEADER] = { 0x16, 0x82, 0x12, 0x34 };

		assert_int_equal(fragments_add(&f, zero, len, &answer),
				 FRAGMENTS_FOREIGN);
	}
	assert_int_equal(f.count, 0);
}

static void errors_carry_their_code(void **state)
{
	struct mode6 m = part(0, 0, false);
	struct fragments f;

	(void)state;
	begin(&f);
	m.error = true;
	m.status = MODE6_ERR_ASSOC << 8;
	assert_int_equal(add(&f, m, "", 0), FRAGMENTS_ERROR);
	assert_int_equal(answer.error, MODE6_ERR_ASSOC);
}

static void contradictions_are_malformed(void **state)
{
	static const char x[MODE6_DATA];
	struct fragments f;

	(void)state;
	begin(&f); /* overlap */
	assert_int_equal(add(&f, part(0, 8, true), x, 8), FRAGMENTS_MORE);
	assert_int_equal(add(&f, part(4, 8, false), x, 8), FRAGMENTS_MALFORMED);
	begin(&f); /* two ends */
	assert_int_equal(add(&f, part(8, 8, false), x, 8), FRAGMENTS_MORE);
	assert_int_equal(add(&f, part(0, 4, false), x, 4), FRAGMENTS_MALFORMED);
	begin(&f); /* behind the end, told after and before it */
	assert_int_equal(add(&f, part(8, 8, false), x, 8), FRAGMENTS_MORE);
	assert_int_equal(add(&f, part(16, 8, true), x, 8), FRAGMENTS_MALFORMED);
	begin(&f);
	assert_int_equal(add(&f, part(16, 8, true), x, 8), FRAGMENTS_MORE);
	assert_int_equal(add(&f, part(8, 8, false), x, 8), FRAGMENTS_MALFORMED);
	begin(&f); /* longer than any answer */
	assert_int_equal(add(&f, part(65532, 8, false), x, 8),
			 FRAGMENTS_MALFORMED);
	begin(&f); /* more than there is */
	assert_int_equal(add(&f, part(0, 8, false), x, 7), FRAGMENTS_MALFORMED);
	begin(&f); /* nothing, and more to come */
	assert_int_equal(add(&f, part(0, 0, true), x, 0), FRAGMENTS_MALFORMED);
}

static void there_is_an_end_to_fragments_and_to_repeats(void **state)
{
	struct fragments f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < CTL_FRAGMENTS; i++) {
		assert_int_equal(add(&f, part(i, 1, true), "x", 1),
				 FRAGMENTS_MORE);
	}
	assert_int_equal(add(&f, part(CTL_FRAGMENTS, 1, true), "x", 1),
			 FRAGMENTS_MALFORMED);
	begin(&f);
	for (size_t i = 0; i <= CTL_FRAGMENTS; i++) {
		assert_int_equal(add(&f, part(0, 1, true), "x", 1),
				 FRAGMENTS_MORE);
	}
	assert_int_equal(add(&f, part(0, 1, true), "x", 1),
			 FRAGMENTS_MALFORMED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_cut_in_any_order_is_put_together),
		cmocka_unit_test(an_empty_answer_is_whole),
		cmocka_unit_test(answers_to_others_are_passed_over),
		cmocka_unit_test(errors_carry_their_code),
		cmocka_unit_test(contradictions_are_malformed),
		cmocka_unit_test(there_is_an_end_to_fragments_and_to_repeats),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
