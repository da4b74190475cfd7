/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/snapshot.h"

#include <math.h>
#include <string.h>

#include "base/siphash.h"

#define MAGIC_LEN (sizeof(SNAPSHOT_MAGIC) - 1)
#define HEAD (MAGIC_LEN + 8) /* with version and length */
#define CHECK 8

/* Two readings of two clocks are never one moment. */
#define READING_S 0.005
#define SLEPT_S 0.01
/* A kernel bends its clocks by no more: a tick of 10 %, and 500 ppm. */
#define BENT_MOST 0.1006

static const char *const words[SNAPSHOT_VERDICTS] = {
#define VERDICT(id, text) [SNAPSHOT_##id] = (text),
#include "core/snapshotverdicts.def"
#undef VERDICT
};

const char *snapshot_words(enum snapshot_verdict v)
{
	return words[v];
}

static uint64_t check_of(const uint8_t *data, size_t len)
{
	static const struct siphash_key key = { 3, 5 };

	return siphash(&key, data, len);
}

static void pack_head(struct pack *p, struct snapshot *s)
{
	struct machine *m = &s->mark.machine;

	pack_bytes(p, s->mark.boot, sizeof(s->mark.boot));
	s->mark.now.v = pack_time(p, s->mark.now.v);
	s->mark.wall.v = pack_uint(p, s->mark.wall.v, UINT64_MAX);
	m->asleep.v = pack_time(p, m->asleep.v);
	m->bent_known = pack_bool(p, m->bent_known);
	m->bent.v = pack_time(p, m->bent.v);
	m->rate_known = pack_bool(p, m->rate_known);
	m->rate = pack_double(p, m->rate, -1, 1);
	s->ours = pack_bool(p, s->ours);
	s->spent = pack_bool(p, s->spent);
	s->whole = pack_bool(p, s->whole);
}

struct pack snapshot_begin(struct writer *w, const struct snapshot *s)
{
	struct snapshot copy = *s;
	struct pack p = pack_to(w);

	for (size_t i = 0; i < MAGIC_LEN; i++) {
		write_u8(w, (uint8_t)SNAPSHOT_MAGIC[i]);
	}
	write_u32(w, SNAPSHOT_VERSION);
	write_u32(w, 0);
	pack_head(&p, &copy);
	return p;
}

void snapshot_end(struct writer *w, uint8_t *start)
{
	size_t len = (size_t)(w->at - start);

	if (w->failed) {
		return;
	}
	struct writer length = writer_over(start + MAGIC_LEN + 4, 4);

	write_u32(&length, (uint32_t)(len + CHECK));
	write_u64(w, check_of(start, len));
}

enum snapshot_verdict snapshot_open(const uint8_t *data, size_t len,
				    struct snapshot *s, struct pack *body)
{
	struct reader r = reader_over(data, len);

	*s = (struct snapshot){ .whole = false };
	if (len < HEAD + CHECK ||
	    memcmp(data, SNAPSHOT_MAGIC, MAGIC_LEN) != 0) {
		return SNAPSHOT_BROKEN;
	}
	r.at += MAGIC_LEN;
	uint32_t version = read_u32(&r), length = read_u32(&r);
	struct reader check = reader_over(data + len - CHECK, CHECK);

	if (length != len || read_u64(&check) != check_of(data, len - CHECK)) {
		return SNAPSHOT_BROKEN;
	}
	if (version != SNAPSHOT_VERSION) {
		return SNAPSHOT_NEWER;
	}
	*body = pack_from(r.at, len - HEAD - CHECK);
	pack_head(body, s);
	if (pack_failed(body)) {
		*s = (struct snapshot){ .whole = false };
		return SNAPSHOT_BROKEN;
	}
	return SNAPSHOT_GOOD;
}

bool snapshot_is_of_boot(const struct snapshot *s, const struct mark *now)
{
	static const uint8_t unknown[BOOT_ID];

	return memcmp(now->boot, unknown, BOOT_ID) != 0 &&
	       memcmp(s->mark.boot, now->boot, BOOT_ID) == 0;
}

static double passed_s(span a, span b)
{
	return span_to_seconds(span_sub(a, b));
}

/* Of the clocks that run by themselves. */
static enum snapshot_verdict judge_clocks(const struct mark *then,
					  const struct mark *now)
{
	double age_s = span_to_seconds(instant_diff(now->now, then->now));
	double wall_s = span_to_seconds(tstamp_diff(now->wall, then->wall));
	double slept_s = passed_s(now->machine.asleep, then->machine.asleep);
	double bent_s = passed_s(now->machine.bent, then->machine.bent);

	if (age_s < 0) {
		return SNAPSHOT_CLOCKS_PART;
	}
	if (age_s > SNAPSHOT_AGE_S) {
		return SNAPSHOT_OLD;
	}
	if (fabs(slept_s) > SLEPT_S) {
		return SNAPSHOT_SLEPT;
	}
	/* The kernel bends both alike, so they part by a step alone. */
	if (fabs(wall_s - age_s) > READING_S) {
		return SNAPSHOT_CLOCK_SET;
	}
	if (then->machine.bent_known && now->machine.bent_known &&
	    fabs(bent_s) > BENT_MOST * age_s + READING_S) {
		return SNAPSHOT_CLOCKS_PART;
	}
	return SNAPSHOT_GOOD;
}

enum snapshot_verdict snapshot_judge(const struct snapshot *s,
				     const struct mark *now, bool ours)
{
	const struct mark *then = &s->mark;

	if (!snapshot_is_of_boot(s, now)) {
		return SNAPSHOT_OTHER_BOOT;
	}
	if (!s->whole) {
		return SNAPSHOT_EMPTY;
	}
	if (s->ours != ours) {
		return SNAPSHOT_OTHER_KEEPER;
	}
	/* What the kernel did with our clock meanwhile must be seen. */
	if (ours && !(then->machine.bent_known && now->machine.bent_known)) {
		return SNAPSHOT_CLOCKS_PART;
	}
	return judge_clocks(then, now);
}
