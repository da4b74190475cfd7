/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/health/overview.h"

#include <math.h>
#include <string.h>

#include "base/date.h"
#include "client/control/status.h"
#include "core/source/flash.h"

static const char *const refclock_names[256] = {
#define REFCLOCK(type, name) [type] = (name),
#include "client/control/refclocks.def"
#undef REFCLOCK
};

void overview_clear(struct overview *o, const char *host)
{
	struct text t = text_over(o->host, sizeof(o->host));

	text_str(&t, host);
	o->version[0] = o->refid[0] = '\0';
	o->status = o->peer = 0;
	o->leap = o->stratum = o->offset_s = o->bound_s = NAN;
	o->root_distance_s = o->freq_ppm = o->wander_ppm = NAN;
	o->jitter_s = o->uptime_s = o->synced_s = NAN;
	o->clock_s = o->leap_expire_s = NAN;
	o->bound_claimed = false;
	o->count = o->total = 0;
}

static bool take(struct vars v, const char *name, double scale, double *out)
{
	double value;

	if (!vars_find_double(v, name, &value)) {
		return false;
	}
	*out = value * scale;
	return true;
}

static uint64_t take_bits(struct vars v, const char *name)
{
	uint64_t bits = 0;

	return vars_find_u64(v, name, &bits) ? bits : 0;
}

static void take_text(struct vars v, const char *name, char *out, size_t size)
{
	struct vars_item item;

	if (vars_find(v, name, &item)) {
		struct text t = text_over(out, size);

		vars_show(&item, &t);
	}
}

double overview_seconds(tstamp at)
{
	double s = ldexp((double)at.v, -32) - (double)UNIX_TO_NTP;

	return s < 0 ? s + 0x1p32 : s;
}

static bool take_stamp(struct vars v, const char *name, double *out)
{
	struct vars_item item;
	tstamp at;

	if (!vars_find(v, name, &item) || !vars_tstamp(&item, &at) ||
	    tstamp_is_zero(at)) {
		return false;
	}
	*out = overview_seconds(at);
	return true;
}

/* "202612280000", the minute at which a table of leap seconds ends. */
static void take_date(struct vars v, const char *name, double *out)
{
	struct vars_item item;
	int64_t unix_s;

	if (vars_find(v, name, &item) &&
	    date_parse_minute(item.value, item.value_len, &unix_s)) {
		*out = (double)unix_s;
	}
}

void overview_system(struct overview *o, uint16_t status, struct vars v)
{
	double delay_s = NAN, disp_s = NAN, peer;

	o->status = status;
	take_text(v, "version", o->version, sizeof(o->version));
	take_text(v, "refid", o->refid, sizeof(o->refid));
	(void)take(v, "leap", 1, &o->leap);
	(void)take(v, "stratum", 1, &o->stratum);
	(void)take(v, "offset", 1e-3, &o->offset_s);
	(void)take(v, "frequency", 1, &o->freq_ppm);
	(void)take(v, "clk_wander", 1, &o->wander_ppm);
	(void)take(v, "sys_jitter", 1e-3, &o->jitter_s);
	(void)take(v, "ss_uptime", 1, &o->uptime_s);
	(void)take(v, "syncedfor", 1, &o->synced_s);
	(void)take_stamp(v, "clock", &o->clock_s);
	take_date(v, "expire", &o->leap_expire_s);
	if (take(v, "peer", 1, &peer) && peer >= 0 && peer <= UINT16_MAX) {
		o->peer = (uint16_t)peer;
	}
	if (take(v, "rootdelay", 1e-3, &delay_s) &&
	    take(v, "rootdisp", 1e-3, &disp_s)) {
		o->root_distance_s = delay_s / 2 + disp_s;
	}
	if (take(v, "clockbound", 1e-3, &o->bound_s)) {
		o->bound_claimed = true;
	} else if (!o->bound_claimed && !isnan(o->root_distance_s)) {
		/* What is still to be corrected is wrong as well. */
		o->bound_s = o->root_distance_s +
			     (isnan(o->offset_s) ? 0 : fabs(o->offset_s));
	}
}

static void name_source(struct overview_source *s, struct vars v)
{
	struct vars_item item, host;
	netaddr a;

	if (!vars_find(v, "srcadr", &item)) {
		return;
	}
	if (vars_netaddr(&item, &a)) {
		struct text t = text_over(s->address, sizeof(s->address));

		netaddr_print(&a, &t);
		s->refclock = netaddr_is_refclock(&a);
	}
	struct text name = text_over(s->name, sizeof(s->name));

	if (s->refclock && refclock_names[a.ip[14]]) {
		text_str(&name, refclock_names[a.ip[14]]);
		text_char(&name, '(');
		text_u64(&name, a.ip[15]);
		text_char(&name, ')');
		return;
	}
	if (!vars_find(v, "srchost", &host) || host.value_len == 0) {
		host = item;
	}
	vars_show(&host, &name);
}

void overview_source(struct overview_source *s, uint16_t assoc, uint16_t status,
		     struct vars v, double clock_s)
{
	double delay = NAN, disp = NAN, root_delay = 0, root_disp = 0, rec;
	double poll = NAN, theirs;
	struct vars_item item;

	*s = (struct overview_source){ .assoc = assoc,
				       .status = status,
				       .tally = status_select(status),
				       .keyed = status & STATUS_AUTHENABLE,
				       .authentic = status & STATUS_AUTHENTIC };
	s->stratum = s->offset_s = s->delay_s = s->error_s = NAN;
	s->jitter_s = s->poll_s = s->last_s = NAN;
	s->sent = s->received = s->bad_auth = NAN;
	name_source(s, v);
	take_text(v, "refid", s->refid, sizeof(s->refid));
	(void)take(v, "stratum", 1, &s->stratum);
	s->reach_known = vars_find(v, "reach", &item);
	s->reach = (unsigned)(take_bits(v, "reach") & 0xff);
	s->flash = take_bits(v, "flash");
	if (take(v, "hpoll", 1, &poll) && poll >= -10 && poll <= 31) {
		s->poll_s = ldexp(1, (int)poll);
	}
	if (take(v, "ppoll", 1, &theirs) && theirs >= 3 && theirs < poll) {
		s->poll_s = ldexp(1, (int)theirs);
	}
	if (!take_stamp(v, "rec", &rec)) {
		return; /* it never answered: what follows means nothing */
	}
	if (!isnan(clock_s)) {
		s->last_s = fmax(clock_s - rec, 0);
	}
	(void)take(v, "offset", 1e-3, &s->offset_s);
	(void)take(v, "jitter", 1e-3, &s->jitter_s);
	(void)take(v, "rootdelay", 1e-3, &root_delay);
	(void)take(v, "rootdisp", 1e-3, &root_disp);
	if (take(v, "delay", 1e-3, &delay) &&
	    take(v, "dispersion", 1e-3, &disp)) {
		s->delay_s = delay;
		s->error_s = (delay + root_delay) / 2 + disp + root_disp;
	}
}

void overview_source_more(struct overview_source *s, struct vars v)
{
	take_text(v, "reason", s->reason, sizeof(s->reason));
	(void)take(v, "sent", 1, &s->sent);
	(void)take(v, "received", 1, &s->received);
	(void)take(v, "badauth", 1, &s->bad_auth);
}

const char *overview_state(const struct overview_source *s)
{
	static const char *const words[] = {
		[0] = "not used", [1] = "falseticker", [2] = "spare",
		[3] = "outlier",  [4] = "combined",    [5] = "backup",
		[6] = "used",     [7] = "used (PPS)",
	};

	return s->tally == 0 && s->reach_known && s->reach == 0
		       ? "silent"
		       : words[s->tally & 7];
}

/* Of a daemon that does not say why, the first test that it names. */
static enum reason guess(const struct overview_source *s)
{
	static const enum reason by_tally[] = {
		[1] = REASON_FALSETICKER, [2] = REASON_EXCESS,
		[3] = REASON_OUTLIER,     [4] = REASON_CANDIDATE,
		[5] = REASON_BACKUP,      [6] = REASON_SYSTEM_PEER,
		[7] = REASON_PPS_PEER,
	};
	static const struct {
		uint64_t flash;
		enum reason reason;
	} tests[] = {
		{ FLASH_DENIED, REASON_DENIED },
		{ FLASH_UNSYNC | FLASH_PKT_STRATUM, REASON_UNSYNCHRONISED },
		{ FLASH_STRATUM, REASON_STRATUM },
		{ FLASH_LOOP, REASON_LOOP },
		{ FLASH_DIST, REASON_DISTANCE },
	};

	if (s->tally != 0) {
		return by_tally[s->tally & 7];
	}
	if (s->reach_known && s->reach == 0) {
		return isnan(s->offset_s) ? REASON_NO_ANSWER
					  : REASON_UNREACHABLE;
	}
	for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
		if (s->flash & tests[i].flash) {
			return tests[i].reason;
		}
	}
	return REASON_OK;
}

const char *overview_reason(const struct overview_source *s)
{
	return s->reason[0] != '\0' ? s->reason : reason_words(guess(s));
}

unsigned overview_answered(const struct overview_source *s)
{
	unsigned count = 0;

	for (unsigned bits = s->reach & 0xff; bits != 0; bits &= bits - 1) {
		count++;
	}
	return count;
}

bool overview_in_use(const struct overview_source *s)
{
	return s->tally >= 4;
}

const struct overview_source *overview_peer(const struct overview *o)
{
	for (size_t i = 0; i < o->count; i++) {
		if (o->peer != 0 ? o->sources[i].assoc == o->peer
				 : o->sources[i].tally >= 6) {
			return &o->sources[i];
		}
	}
	return NULL;
}
