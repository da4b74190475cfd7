/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a state file, as they are and with a check that is right:
 * whatever is taken up, the engine lives, keeps its deadlines ahead and tells
 * no time without a bound. What it then leaves can be read again.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "core/engine.h"
#include "fuzz/fuzz.h"

#define MOST 65536
#define CHECK 8

static const struct siphash_key key = { 3, 5 };
static struct outbox out;
static uint8_t bytes[MOST + CHECK], left[SNAPSHOT_MOST];
static struct source_config server = { .kind = SOURCE_KIND_SERVER,
				       .host = "a",
				       .version = 4,
				       .minpoll = 6,
				       .maxpoll = 10 };

static void check(const struct outbox *o)
{
	for (uint32_t i = 0; i < o->count; i++) {
		const struct effect *e = &o->effects[i];

		if (e->kind == EFFECT_VIEW) {
			INVARIANT(e->view.root_disp.v >= 0);
			INVARIANT(isfinite(e->view.drift_ppm));
		} else if (e->kind == EFFECT_STEER) {
			INVARIANT(fabs(e->steer.base) <= 501e-6);
		}
	}
}

static void live(const uint8_t *data, size_t size, uint8_t flags)
{
	struct config config;
	struct settings settings = { .config = &config };
	struct engine_start start = { .now = { SPAN_S(5000).v },
				      .wall = { UINT64_C(0xe98c5a1000000000) },
				      .boot = { 1 },
				      .machine = { .bent_known = true },
				      .snapshot = data,
				      .snapshot_len = size };
	struct snapshot s;
	struct pack body;

	config_defaults(&config);
	config.sources = &server;
	config.orders.quit = flags & 1;
	config.orders.no_clock = flags & 2;
	server.addr = netaddr_v4(0x0a000001, NTP_PORT);
	/* The moment is that of the file, so that it is not too old. */
	if (snapshot_open(data, size, &s, &body) == SNAPSHOT_GOOD) {
		start.now = s.mark.now;
		start.wall = s.mark.wall;
		start.machine = s.mark.machine;
		memcpy(start.boot, s.mark.boot, BOOT_ID);
	}
	struct engine *e =
		engine_init(malloc(engine_size(&settings)), &settings, &start);
	struct event ev = { .kind = EVENT_TICK,
			    .now = start.now,
			    .wall = start.wall,
			    .machine = start.machine };

	for (unsigned i = 0; i < 8; i++) {
		instant next = engine_handle(e, &ev, &out);
		span wait = instant_diff(next, ev.now);

		check(&out);
		INVARIANT(wait.v > 0);
		ev.now = instant_add(ev.now, SPAN_S(1));
		ev.wall = tstamp_add(ev.wall, SPAN_S(1));
	}
	struct mark mark = { .boot = { 1 }, .now = ev.now, .wall = ev.wall };
	size_t len = engine_snapshot(e, &mark, left, sizeof(left));

	INVARIANT(len > 0 &&
		  snapshot_open(left, len, &s, &body) == SNAPSHOT_GOOD);
	free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t head = sizeof(SNAPSHOT_MAGIC) - 1;
	struct writer w = writer_over(bytes, sizeof(bytes));

	if (size == 0 || size > MOST - head - 8) {
		return 0;
	}
	live(data + 1, size - 1, data[0]);
	/* The rest is a head and a body, in a frame that is right. */
	memcpy(w.at, SNAPSHOT_MAGIC, head);
	w.at += head;
	write_u32(&w, SNAPSHOT_VERSION);
	write_u32(&w, (uint32_t)(head + 8 + size - 1 + CHECK));
	memcpy(w.at, data + 1, size - 1);
	w.at += size - 1;
	size_t len = (size_t)(w.at - bytes);

	write_u64(&w, siphash(&key, bytes, len));
	live(bytes, len + CHECK, data[0]);
	return 0;
}
