/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/refclock.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "core/serve/refid.h"

#define STRATUM_UNSET 255
#define POLL_LEAST 4

static const struct refclock_driver drivers[] = {
#define DRIVER(type, name, refid, stratum, kind, measures, device) \
	{ type, stratum, measures, CLOCK_KIND_##kind, name, refid, device },
#include "core/source/refclockdrivers.def"
#undef DRIVER
};

const struct refclock_driver *refclock_driver(unsigned type)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		if (drivers[i].type == type) {
			return &drivers[i];
		}
	}
	return NULL;
}

/* Tools of others tell a clock from a server by the bracket in its name. */
static void name(struct refclock *r)
{
	struct text text = text_over(r->name, sizeof(r->name));

	text_str(&text, r->driver->name);
	text_char(&text, '(');
	text_u64(&text, r->config->refclock_unit);
	text_char(&text, ')');
}

static void take_words(struct refclock *r, const struct source_config *config)
{
	const struct fudge_config *f = &config->fudge;

	r->config = config;
	r->stratum = r->driver->stratum;
	r->refid = refid_of_text(f->refid[0] ? f->refid : r->driver->refid);
	if (f->given && f->stratum != STRATUM_UNSET) {
		r->stratum = f->stratum;
	}
}

void refclock_init(struct refclock *r, const struct source_config *config,
		   double freq_sd, instant now)
{
	const struct refclock_driver *driver =
		refclock_driver(config->refclock_type);

	INVARIANT(driver);
	*r = (struct refclock){
		.id = r->id,
		.number = r->number,
		.driver = driver,
		.due = now,
		.reason = REASON_NO_ANSWER,
		.leap = LEAP_UNSYNC,
	};
	take_words(r, config);
	name(r);
	r->poll_at = instant_add(now, SPAN_S(INT64_C(1) << refclock_poll(r)));
	refclock_begin(r, freq_sd, 0, now);
}

/* Is what it says another time than before? */
static bool differs(const struct source_config *a,
		    const struct source_config *b)
{
	return a->mode != b->mode || a->fudge.time1_s != b->fudge.time1_s ||
	       a->fudge.time2_s != b->fudge.time2_s ||
	       a->fudge.minjitter_s != b->fudge.minjitter_s ||
	       memcmp(a->fudge.flag, b->fudge.flag, sizeof(a->fudge.flag)) != 0;
}

void refclock_retune(struct refclock *r, const struct source_config *config,
		     double freq_sd, double slew, instant now)
{
	bool anew = differs(r->config, config);

	take_words(r, config);
	if (anew) {
		refclock_abandon(r);
		refclock_begin(r, freq_sd, slew, now);
	}
}

int8_t refclock_poll(const struct refclock *r)
{
	int8_t poll = r->config->minpoll;

	if (poll < POLL_LEAST) {
		return POLL_LEAST;
	}
	if (poll > POLL_MAX) {
		return POLL_MAX;
	}
	return poll;
}

double refclock_noise_s(const struct refclock *r, double least_s)
{
	return fmax(least_s, r->config->fudge.minjitter_s);
}

bool refclock_tick(struct refclock *r, bool leads, instant now)
{
	if (instant_diff(now, r->due).v < 0) {
		return false;
	}
	r->polls++;
	r->reach = (uint8_t)(r->reach << 1 | leads);
	r->due = instant_add(now, SPAN_S(INT64_C(1) << refclock_poll(r)));
	if (leads) {
		r->heard = true;
		r->heard_at = now;
	}
	return leads;
}

void refclock_candidate(const struct refclock *r, bool waits, instant now,
			struct candidate *c)
{
	*c = (struct candidate){
		.estimate = { .at = now,
			      .offset_sd = 1e-6,
			      .freq_sd = 1e-9,
			      .samples = 1 },
		.root_disp_s = refclock_noise_s(r, REFCLOCK_LOCAL_DISP_S),
		.stratum = r->stratum,
		.refid = r->refid,
		.prefer = r->config->prefer,
		.always_true = r->config->always_true,
		.last_resort = true,
	};
	if (!r->heard) {
		c->unfit = REASON_NO_ANSWER;
	} else if (r->config->noselect) {
		c->unfit = REASON_NOSELECT;
	} else if (waits) {
		c->unfit = REASON_WAITING;
	} else if (r->reach == 0) {
		c->unfit = REASON_UNREACHABLE;
	}
}

uint32_t refclock_address(const struct refclock *r)
{
	return UINT32_C(0x7f7f0000) | (uint32_t)r->config->refclock_type << 8 |
	       r->config->refclock_unit;
}

uint16_t refclock_status(const struct refclock *r)
{
	return (uint16_t)(STATUS_CONFIGURED |
			  (r->reach != 0 ? STATUS_REACHABLE : 0) |
			  (unsigned)reason_tally(r->reason) << 8 |
			  events_bits(&r->events));
}

void refclock_note(struct refclock *r, enum note_id id, struct outbox *out)
{
	struct effect n = { .kind = EFFECT_NOTE, .source = r->id };

	events_add(&r->events, note_event(id));
	n.note.id = id;
	n.note.addr = r->config->addr;
	n.note.number = refclock_status(r);
	n.note.second = r->number;
	outbox_add(out, &n);
}
