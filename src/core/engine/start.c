/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"

#include <math.h>
#include <string.h>

#define FREQ_SD_UNKNOWN 1e-4 /* of a clock that nobody has measured */
#define FREQ_SD_KERNEL 1e-5  /* of one that somebody kept before us */
/*
 * Of one that a drift file speaks for: a machine that was stopped is colder
 * now, by a few degrees of some tenths of a ppm each; and crystals age, and
 * seasons pass, as if at random: 1.5 ppm a day, 8 a month, 28 a year.
 */
#define FREQ_SD_FILE 1e-6
#define FREQ_WALK 5e-9 /* s/s per sqrt(s) */

enum family engine_family(const struct engine *e, const struct source_config *c)
{
	return e->config->orders.only != FAMILY_ANY ? e->config->orders.only
						    : c->family;
}

uint16_t engine_number(struct engine *e)
{
	uint16_t n = e->next_number++;

	if (e->next_number == 0) {
		e->next_number = 1;
	}
	return n;
}

void engine_add_server(struct engine *e, const struct source_config *c)
{
	struct source_world world = engine_world(e);
	struct source *s = engine_free_slot(e);

	INVARIANT(s);
	source_init(s, c, e->freq_sd, e->now);
	s->lookup.family = engine_family(e, c);
	if (!netaddr_is_none(&c->addr)) {
		source_move(s, &c->addr, &world, e->now);
	}
}

static void add_sources(struct engine *e)
{
	size_t pools = 0, clocks = 0;

	for (const struct source_config *c = e->config->sources; c;
	     c = c->next) {
		if (engine_is_server(c)) {
			engine_add_server(e, c);
		} else if (engine_is_clock(c)) {
			struct refclock *r = &e->clocks[clocks++];

			r->number = engine_number(e);
			refclock_init(r, c, e->freq_sd, e->now);
			e->measuring += r->driver->measures;
		} else if (engine_is_pool(c)) {
			e->pools[pools].number = engine_number(e);
			pool_init(&e->pools[pools++], c, engine_family(e, c),
				  e->now);
		}
	}
	engine_place_casters(e, NULL, 0);
}

static double freq_sd_of(const struct engine_start *start)
{
	double variance = FREQ_SD_FILE * FREQ_SD_FILE +
			  FREQ_WALK * FREQ_WALK * fmax(start->freq_age_s, 0);

	if (!(fabs(start->freq_ppm) <= FREQ_MAX_PPM)) {
		return FREQ_SD_UNKNOWN;
	}
	if (!start->freq_known) {
		return start->freq_ppm != 0 ? FREQ_SD_KERNEL : FREQ_SD_UNKNOWN;
	}
	return fmin(sqrt(variance), FREQ_SD_UNKNOWN);
}

/* Of a stream of its own: nobody sees another number of it. */
static struct siphash_key draw_secret(const uint8_t seed[RNG_SEED])
{
	uint8_t other[RNG_SEED];
	struct rng rng;

	memcpy(other, seed, sizeof(other));
	other[0] ^= 0xff;
	rng_init(&rng, other);
	return siphash_draw(&rng);
}

static size_t rounded(size_t size)
{
	return (size + 15) / 16 * 16;
}

size_t engine_size(const struct settings *settings)
{
	const struct config *config = settings->config;

	return rounded(sizeof(struct engine)) +
	       engine_shape_size(config, engine_shape(config));
}

struct engine *engine_init(void *memory, const struct settings *settings,
			   const struct engine_start *start)
{
	const struct config *config = settings->config;
	struct engine *e = memory;

	INVARIANT(engine_fits(settings));
	memset(e, 0, sizeof(*e));
	e->start = *start;
	e->kept_at = start->now;
	e->counted_at = start->now;
	e->now = e->began = e->lonely_since = start->now;
	e->view_at = e->saved_at = start->now;
	e->wall = start->wall;
	e->may_set = config->ntp && !config->orders.no_clock;
	rng_init(&e->rng, start->seed);
	e->secret = draw_secret(start->seed);
	e->next_number = (uint16_t)(1 + rng_below(&e->rng, 60000));
	e->freq_sd = freq_sd_of(start);
	engine_furnish(e, (uint8_t *)memory + rounded(sizeof(*e)), settings,
		       engine_shape(config));
	discipline_init(&e->discipline, config,
			discipline_own(start->freq_ppm * 1e-6),
			start->freq_known, start->now);
	e->saved_freq = e->discipline.base;
	standing_init(&e->standing, start->precision,
		      config->tinker.dispersion_ppm, start->now);
	joint_init(&e->joint);
	add_sources(e);
	engine_resume(e);
	engine_guard(e);
	engine_stats_start(e);
	return e;
}

void engine_first(struct engine *e, struct outbox *out)
{
	e->started = true;
	engine_note(e, NOTE_RESTART, 0, "", out);
	if (e->start.freq_known || e->warm) {
		engine_note(e, NOTE_FREQ_SET,
			    discipline_kernel(e->discipline.base) * 1e6,
			    e->config->kernel ? "kernel" : "ntpd", out);
	} else {
		engine_note(e, NOTE_FREQ_NOT_SET, 0, "", out);
	}
	engine_note_leaps(e, out);
	engine_note_unsigned(e, out);
	engine_note_resumed(e, out);
	if (!e->warm) {
		engine_note(e, NOTE_NOT_SERVING, 0,
			    "nobody has told the time yet", out);
	}
	if (e->may_set) {
		engine_steer(e, out);
	}
	e->view_due = true;
}
