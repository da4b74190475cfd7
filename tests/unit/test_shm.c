/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments of shared memory: real ones, at keys that nobody else has. What a
 * writer may leave in them, whatever it does, is a good reading or none.
 */
#include <pthread.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "check.h"
#include "host/clock/shm.h"

#define CLOCK_S 1793600000
#define RECEIVED_S 1793600001

static key_t key;
static struct shm_time *seg;
static char reason[200];

static struct text why(void)
{
	memset(reason, 0, sizeof(reason));
	return text_over(reason, sizeof(reason));
}

static int begin(void **state)
{
	struct text t = why();

	(void)state;
	/* Units in use are few and small: nobody has a key like that. */
	key = (key_t)(0x54430000 + getpid() % 0x10000);
	seg = shm_attach(key, 0, &t);
	return seg ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	shm_detach(seg);
	return shmctl(shmget(key, 0, 0), IPC_RMID, NULL);
}

static void put(int mode)
{
	atomic_store(&seg->mode, mode);
	atomic_store(&seg->clock_s, CLOCK_S);
	atomic_store(&seg->clock_us, 250000);
	atomic_store(&seg->clock_ns, 0);
	atomic_store(&seg->received_s, RECEIVED_S);
	atomic_store(&seg->received_us, 750000);
	atomic_store(&seg->received_ns, 0);
	atomic_store(&seg->leap, 1);
	atomic_store(&seg->precision, -20);
	atomic_store(&seg->valid, 1);
}

static struct event reads(void)
{
	struct event ev = { .kind = EVENT_REFCLOCK };

	shm_read(seg, &ev);
	return ev;
}

static bool is_exactly(tstamp t, int64_t s, uint32_t ns)
{
	return tstamp_equal(t, tstamp_from_unix(s, ns));
}

static void a_new_segment_is_ours_and_empty(void **state)
{
	struct shmid_ds ds;

	(void)state;
	assert_int_equal(shmctl(shmget(key, 0, 0), IPC_STAT, &ds), 0);
	assert_int_equal(ds.shm_perm.mode & 0777, 0600);
	assert_int_equal(ds.shm_segsz, sizeof(struct shm_time));
	assert_int_equal(reads().refclock.reading, READING_NONE);
}

static void both_modes_are_read_once(void **state)
{
	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		put(mode);
		struct event ev = reads();

		assert_int_equal(ev.refclock.reading, READING_GOOD);
		assert_true(
			is_exactly(ev.refclock.reference, CLOCK_S, 250000000));
		assert_true(is_exactly(ev.refclock.received, RECEIVED_S,
				       750000000));
		assert_int_equal(ev.refclock.leap, 1);
		assert_int_equal(ev.refclock.precision, -20);
		assert_int_equal(atomic_load(&seg->valid), 0);
		assert_int_equal(reads().refclock.reading, READING_NONE);
	}
}

static void nanoseconds_count_where_they_fit(void **state)
{
	static const struct {
		unsigned ns;
		uint32_t exact;
	} rows[] = {
		{ 250000123, 250000123 },
		{ 249999999, 249999999 }, /* microseconds were rounded up */
		{ 250001000, 250000000 }, /* of another sample */
		{ 0, 250000000 },         /* a writer without */
		{ 4000000000u, 250000000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put(1);
		atomic_store(&seg->clock_ns, rows[i].ns);
		assert_true(is_exactly(reads().refclock.reference, CLOCK_S,
				       rows[i].exact));
	}
}

static void what_is_no_time_is_garbled(void **state)
{
	static const struct {
		int mode, clock_us, received_us;
		int64_t clock_s;
	} rows[] = {
		{ 2, 0, 0, CLOCK_S },
		{ -1, 0, 0, CLOCK_S },
		{ 0, 1000000, 0, CLOCK_S },
		{ 0, -1, 0, CLOCK_S },
		{ 1, 0, 1000000, CLOCK_S },
		{ 1, 0, -1, CLOCK_S },
		/* Farther away than a distance of timestamps can tell. */
		{ 0, 0, 0, CLOCK_S + (INT64_C(1) << 32) },
		{ 0, 0, 0, CLOCK_S - (INT64_C(1) << 32) },
		{ 0, 0, 0, INT64_MIN },
		{ 0, 0, 0, INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if ((shm_seconds)rows[i].clock_s != rows[i].clock_s) {
			continue; /* no writer here can say that */
		}
		put(rows[i].mode);
		atomic_store(&seg->clock_us, rows[i].clock_us);
		atomic_store(&seg->received_us, rows[i].received_us);
		atomic_store(&seg->clock_s, (shm_seconds)rows[i].clock_s);
		assert_int_equal(reads().refclock.reading, READING_GARBLED);
		/* And it is gone. */
		assert_int_equal(reads().refclock.reading, READING_NONE);
	}
}

static void nothing_is_read_where_nothing_is_attached(void **state)
{
	struct event ev = { .kind = EVENT_REFCLOCK };

	(void)state;
	shm_read(NULL, &ev);
	assert_int_equal(ev.refclock.reading, READING_NONE);
}

/* A writer of mode 1 that is quick, and is stopped anywhere. */
static atomic_bool stop;

static void *writes(void *arg)
{
	(void)arg;
	for (int i = 0; !atomic_load(&stop); i++) {
		atomic_store(&seg->valid, 0);
		atomic_fetch_add(&seg->count, 1);
		atomic_store(&seg->clock_s, CLOCK_S + i);
		atomic_store(&seg->clock_us, i % 1000000);
		atomic_store(&seg->received_s, CLOCK_S + i);
		atomic_store(&seg->received_us, i % 1000000);
		atomic_fetch_add(&seg->count, 1);
		atomic_store(&seg->valid, 1);
		/* Every other sample may be read in peace. */
		while (i % 2 && atomic_load(&seg->valid) &&
		       !atomic_load(&stop)) {
		}
	}
	return NULL;
}

static void a_good_reading_is_never_of_two_samples(void **state)
{
	unsigned seen[4] = { 0 };
	pthread_t writer;

	(void)state;
	put(1);
	atomic_store(&seg->received_s, CLOCK_S);
	atomic_store(&seg->received_us, 250000);
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&writer, NULL, writes, NULL), 0);
	for (unsigned i = 0; i < 200000; i++) {
		struct event ev = reads();

		seen[ev.refclock.reading]++;
		if (ev.refclock.reading == READING_GOOD) {
			assert_true(tstamp_equal(ev.refclock.reference,
						 ev.refclock.received));
		}
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_true(seen[READING_GOOD] > 0);
	assert_int_equal(seen[READING_GARBLED], 0);
}

static void a_writer_that_died_is_no_sample(void **state)
{
	(void)state;
	/* As gpsd writes: no longer valid, then half a sample. */
	put(1);
	atomic_store(&seg->valid, 0);
	atomic_fetch_add(&seg->count, 1);
	atomic_store(&seg->clock_s, 1);
	assert_int_equal(reads().refclock.reading, READING_NONE);
	assert_int_equal(reads().refclock.reading, READING_NONE);
}

static void others_may_write_to_units_from_two_on(void **state)
{
	struct text t = why();
	key_t other = (key_t)(key ^ 0x00800000);
	struct shm_time *two;
	struct shmid_ds ds;
	int id;

	(void)state;
	two = shm_attach(other, 2, &t);
	assert_non_null(two);
	id = shmget(other, 0, 0);
	assert_int_equal(shmctl(id, IPC_STAT, &ds), 0);
	assert_int_equal(ds.shm_perm.mode & 0777, 0666);
	/* The same segment, as unit 0: anybody could write into it. */
	assert_null(shm_attach(other, 0, &t));
	assert_string_equal(reason, "others may write to it");
	shm_detach(two);
	assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
}

static void a_segment_that_is_too_small_is_refused(void **state)
{
	struct text t = why();
	key_t other = (key_t)(key ^ 0x00400000);
	int id = shmget(other, 8, IPC_CREAT | 0600);

	(void)state;
	assert_true(id >= 0);
	assert_null(shm_attach(other, 0, &t));
	assert_string_equal(reason, "shmget: Invalid argument");
	assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
}

/* --- those of a configuration --- */

#define UNIT 233 /* nobody has so many */

static struct shm_clocks clocks;
static struct journal journal;

static struct event asks(void)
{
	struct effect e = { .kind = EFFECT_READ, .source = { 7, 0 } };
	struct event ev;

	assert_false(shm_clocks_due(&clocks, &ev));
	e.read.type = SHM_TYPE;
	e.read.unit = UNIT;
	shm_clocks_ask(&clocks, &e);
	assert_true(shm_clocks_due(&clocks, &ev));
	assert_int_equal(ev.kind, EVENT_REFCLOCK);
	assert_int_equal(ev.source.slot, 7);
	return ev;
}

static void each_question_has_one_answer(void **state)
{
	struct source_config lines[2] = {
		{ .kind = SOURCE_KIND_REFCLOCK, .refclock_type = 1 },
		{ .kind = SOURCE_KIND_REFCLOCK,
		  .refclock_type = SHM_TYPE,
		  .refclock_unit = UNIT },
	};
	struct config config = { .sources = lines };
	struct shm_time *test_segment = seg;
	struct text t = why();
	int first;

	(void)state;
	lines[0].next = &lines[1];
	journal_init(&journal);
	journal.to_terminal = false;
	shm_clocks_open(&clocks, &config, &journal);
	assert_int_equal(clocks.count, 1);
	first = shm_holder(SHM_KEY + UNIT);
	assert_true(first >= 0);
	assert_int_equal(asks().refclock.reading, READING_NONE);
	seg = clocks.items[0].shared;
	put(1);
	assert_int_equal(asks().refclock.reading, READING_GOOD);

	/* Silent for long: the same segment is kept ... */
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(asks().refclock.reading, READING_NONE);
	}
	assert_ptr_equal(clocks.items[0].shared, seg);
	/* ... but one that its writer has made anew is found. */
	assert_int_equal(shmctl(first, IPC_RMID, NULL), 0);
	seg = shm_attach(SHM_KEY + UNIT, UNIT, &t);
	assert_non_null(seg);
	put(1);
	for (unsigned i = 0; i < 17; i++) {
		if (asks().refclock.reading == READING_GOOD) {
			break;
		}
		assert_int_not_equal(i, 16);
	}
	shm_detach(seg);
	seg = test_segment;
	shm_clocks_close(&clocks);
	assert_int_equal(clocks.count, 0);
	assert_int_equal(shmctl(shm_holder(SHM_KEY + UNIT), IPC_RMID, NULL), 0);
}

static void a_segment_that_cannot_be_had_is_tried_again(void **state)
{
	struct source_config line = { .kind = SOURCE_KIND_REFCLOCK,
				      .refclock_type = SHM_TYPE,
				      .refclock_unit = UNIT };
	struct config config = { .sources = &line };
	int id = shmget(SHM_KEY + UNIT, 8, IPC_CREAT | 0666);

	(void)state;
	assert_true(id >= 0);
	shm_clocks_open(&clocks, &config, &journal);
	assert_int_equal(clocks.count, 1);
	assert_true(clocks.items[0].failed);
	assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
	for (unsigned i = 0; i < 18; i++) {
		assert_int_equal(asks().refclock.reading, READING_NONE);
	}
	assert_non_null(clocks.items[0].shared);
	assert_false(clocks.items[0].failed);
	shm_clocks_close(&clocks);
	assert_int_equal(shmctl(shm_holder(SHM_KEY + UNIT), IPC_RMID, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_segment_is_ours_and_empty),
		cmocka_unit_test(both_modes_are_read_once),
		cmocka_unit_test(nanoseconds_count_where_they_fit),
		cmocka_unit_test(what_is_no_time_is_garbled),
		cmocka_unit_test(nothing_is_read_where_nothing_is_attached),
		cmocka_unit_test(a_writer_that_died_is_no_sample),
		cmocka_unit_test(others_may_write_to_units_from_two_on),
		cmocka_unit_test(a_segment_that_is_too_small_is_refused),
		cmocka_unit_test(each_question_has_one_answer),
		cmocka_unit_test(a_segment_that_cannot_be_had_is_tried_again),
		cmocka_unit_test(a_good_reading_is_never_of_two_samples),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
