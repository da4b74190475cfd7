/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recording.h - the records of worlds, and what is said of them.
 */
#ifndef TESTS_SIM_RECORDING_H
#define TESTS_SIM_RECORDING_H

#include "check.h"
#include "sim/scenario.h"

static uint8_t *data; /* a record */
static size_t len;
static char *said; /* of it, the last time */

/* All that was written there, with `spare` octets of 0 behind it; closes it. */
static inline void *read_all(FILE *f, size_t *size, size_t spare)
{
	void *all;

	*size = (size_t)ftell(f);
	rewind(f);
	all = calloc(1, *size + spare);
	assert_non_null(all);
	assert_int_equal(fread(all, 1, *size, f), *size);
	assert_int_equal(fclose(f), 0);
	return all;
}

struct recording {
	FILE *file;
	struct tape tape;
	struct world *world;
};

/* A world whose first daemon is recorded. */
static inline struct world *recording_begin(struct recording *r, uint64_t seed)
{
	r->file = tmpfile();
	assert_non_null(r->file);
	r->world = world_new(seed);
	tape_begin(&r->tape, r->file);
	r->world->tape = &r->tape;
	return r->world;
}

static inline void recording_end(struct recording *r)
{
	r->world->tape = NULL;
	assert_true(tape_end(&r->tape));
	world_end(r->world);
	free(data);
	data = read_all(r->file, &len, 0);
}

/* Of this scenario; NULL: of whatever happens in a random world. */
static inline void record(uint64_t seed, const char *scenario)
{
	struct recording r;
	struct world *w = recording_begin(&r, seed);

	if (scenario) {
		scenario_find(scenario)->tell(w);
	} else {
		random_tell(w, &(struct random_plan){ 0 });
	}
	recording_end(&r);
}

static inline int forget(void **state)
{
	(void)state;
	free(data);
	free(said);
	data = NULL;
	said = NULL;
	return 0;
}

#endif
