/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"
#include "sim/queue.h"

static void the_future_comes_in_order(void **state)
{
	(void)state;
	FORALL(200) {
		struct queue q = { 0 };
		moment now = { 0 };
		uint64_t puts = check_rng() % 300, last = 0;

		for (uint64_t i = 0; i < puts; i++) {
			/* Few moments, so that many fall together. */
			queue_put(&q,
				  &(struct future){
					  .at = { now.v +
						  (int64_t)(check_rng() % 16) },
				  });
			if (check_rng() % 4 == 0) {
				now = queue_take(&q).at;
			}
		}
		for (moment before = now; q.count > 0;) {
			struct future f = queue_take(&q);

			assert_false(moment_before(f.at, before));
			/* Of one moment: first in, first out. */
			assert_true(before.v != f.at.v || f.serial > last ||
				    last == 0);
			before = f.at;
			last = f.serial;
		}
		assert_null(queue_first(&q));
		queue_end(&q);
	}
}

static void what_never_happened_is_freed(void **state)
{
	(void)state;
	struct queue q = { 0 };

	for (int i = 0; i < 100; i++) {
		struct datagram *gram = calloc(1, sizeof(*gram));

		queue_put(&q, &(struct future){ .gram = gram });
	}
	queue_end(&q); /* the leak sanitizer looks */
	assert_null(q.heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_future_comes_in_order),
		cmocka_unit_test(what_never_happened_is_freed),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
