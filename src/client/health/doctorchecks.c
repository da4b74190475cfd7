/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/health/doctorchecks.h"

#include <math.h>
#include <string.h>

#include "client/control/status.h"
#include "client/health/verdict.h"

#define WAKING_S 30 /* just started: not yet is no fault */
#define ENOUGH 4    /* sources bear one liar */
#define FREQ_WARN_PPM 200
#define FREQ_FAIL_PPM 490
#define WANDER_WARN_PPM 1
#define BOUND_WARN_S 0.1
#define BOUND_FAIL_S 1.5 /* what clients refuse */
#define EVENT_STEP 12    /* RFC 9327, section 3.2, as all daemons use it */

enum grade doctor_check_daemon(const struct patient *p, struct text *t)
{
	if (doctor_answered(p)) {
		text_str(t, p->overview->version[0] != '\0'
				    ? p->overview->version
				    : "a daemon without a name");
		return GRADE_OK;
	}
	if (p->result == CTL_REFUSED) {
		return doctor_say(t, GRADE_OK,
				  "it runs, and refuses to be asked");
	}
	if (p->site->here && p->site->pid != 0) {
		text_str(t, p->site->program);
		text_str(t, " runs, pid ");
		text_i64(t, p->site->pid);
		return GRADE_OK;
	}
	if (p->site->here) {
		return doctor_say(t, GRADE_FAIL, "none runs on this machine");
	}
	return doctor_say(
		t, GRADE_FAIL,
		p->result == CTL_SYSTEM
			? "nobody listens there, or there is no way there"
			: "nothing comes back");
}

enum grade doctor_check_control(const struct patient *p, struct text *t)
{
	if (doctor_answered(p)) {
		return doctor_say(t, GRADE_OK,
				  p->by_socket
					  ? "by its control socket, not by UDP"
					  : "by UDP port 123");
	}
	switch (p->result) {
	case CTL_REFUSED:
		return doctor_say(t, GRADE_FAIL, "it refuses (noquery)");
	case CTL_MALFORMED:
	case CTL_INCOMPLETE:
		return doctor_say(t, GRADE_FAIL,
				  "its answers are damaged or incomplete");
	case CTL_SILENCE:
		return doctor_say(t, GRADE_FAIL, "questions get no answer");
	case CTL_SYSTEM:
		return p->site->pid != 0
			       ? doctor_say(
					 t, GRADE_FAIL,
					 "it does not listen on UDP port 123")
			       : doctor_say(t, GRADE_UNKNOWN,
					    "nobody is there");
	case CTL_OK:
	case CTL_INTERRUPTED:
		break;
	}
	return doctor_unknown(t);
}

enum grade doctor_check_sources(const struct patient *p, struct text *t)
{
	const struct overview *o = p->overview;
	bool clock = o->count > 0 && o->sources[0].refclock;

	if (!doctor_answered(p)) {
		return doctor_unknown(t);
	}
	doctor_count(t, o->total, "source", "sources");
	if (o->total == 0) {
		return GRADE_FAIL;
	}
	if (clock) {
		text_str(t, ", one of them a reference clock");
		return GRADE_OK;
	}
	return o->total < ENOUGH - 1 ? GRADE_WARN : GRADE_OK;
}

/* What the silence of servers may come from, as far as it can be seen. */
static void explain_silence(const struct patient *p, struct text *t)
{
	const struct site *s = p->site;
	double sent = 0, received = 0;

	for (size_t i = 0; i < p->overview->count; i++) {
		const struct overview_source *source = &p->overview->sources[i];

		sent += isnan(source->sent) ? 0 : source->sent;
		received += isnan(source->received) ? 0 : source->received;
	}
	if (sent > 0 && sent < 1e15 && received == 0) {
		text_str(t, "; ");
		text_u64(t, (uint64_t)sent);
		text_str(t, " requests sent, no answer ever");
	}
	if (s->probed == 0) {
		return;
	}
	if (s->probe_answered > 0) {
		text_str(t, "; this command gets answers from them, so what "
			    "stops the daemon's is on this machine");
	} else if (s->probe_refused > 0) {
		text_str(t, "; port 123 there is closed (ICMP): no NTP server, "
			    "or a firewall that refuses");
	} else if (s->probe_no_route > 0) {
		text_str(t, "; there is no way to them (no route, or ICMP "
			    "unreachable)");
	} else {
		text_str(t, "; they do not answer this command either, and no "
			    "ICMP comes: as with a firewall that drops UDP "
			    "port 123");
	}
}

enum grade doctor_check_reach(const struct patient *p, struct text *t)
{
	struct verdict v = verdict_of(p->overview);

	if (!doctor_answered(p) || p->overview->total == 0) {
		return doctor_unknown(t);
	}
	text_u64(t, v.answering);
	text_str(t, " of ");
	doctor_count(t, v.answering + v.silent, "answers", "answer");
	if (v.silent == 0) {
		return GRADE_OK;
	}
	if (p->overview->uptime_s < WAKING_S) {
		return doctor_say(t, v.answering == 0 ? GRADE_WARN : GRADE_OK,
				  "; ntpd has just started");
	}
	if (v.answering == 0) {
		explain_silence(p, t);
	}
	return v.answering == 0 ? GRADE_FAIL : GRADE_WARN;
}

enum grade doctor_check_usable(const struct patient *p, struct text *t)
{
	struct verdict v = verdict_of(p->overview);

	if (!doctor_answered(p) || v.answering == 0) {
		return doctor_unknown(t);
	}
	text_u64(t, v.used);
	text_str(t, " of ");
	doctor_count(t, v.answering, "answering source is used",
		     "answering sources are used");
	if (v.used > 0 || p->overview->uptime_s < WAKING_S) {
		return GRADE_OK;
	}
	for (size_t i = 0; i < p->overview->count; i++) {
		const struct overview_source *s = &p->overview->sources[i];

		if (s->reach != 0 || !s->reach_known) {
			text_str(t, "; ");
			text_str(t, s->name);
			text_str(t, ": ");
			text_str(t, overview_reason(s));
			break;
		}
	}
	return GRADE_FAIL;
}

enum grade doctor_check_agree(const struct patient *p, struct text *t)
{
	struct verdict v = verdict_of(p->overview);
	const char *before = ": ";

	if (!doctor_answered(p) || v.answering < 2) {
		return doctor_unknown(t);
	}
	if (v.falsetickers == 0) {
		return doctor_say(t, GRADE_OK, "nobody is a falseticker");
	}
	text_str(t, v.falsetickers == v.answering
			    ? "no majority"
			    : "disagree with the majority");
	for (size_t i = 0; i < p->overview->count; i++) {
		const struct overview_source *s = &p->overview->sources[i];

		if (s->tally == TALLY_FALSETICK) {
			text_str(t, before);
			text_str(t, s->name);
			text_str(t, " (");
			verdict_signed(s->offset_s, t);
			text_char(t, ')');
			before = ", ";
		}
	}
	return v.falsetickers == v.answering ? GRADE_FAIL : GRADE_WARN;
}

/* The last two labels: "pool.ntp.org" is of "ntp.org". Not of addresses. */
static const char *operator_of(const char *name)
{
	const char *at = name + strlen(name);
	int dots = 0;
	netaddr a;

	if (netaddr_parse(&a, name, strlen(name))) {
		return name;
	}
	while (at > name && (dots += at[-1] == '.') < 2) {
		at--;
	}
	return at;
}

/* Addresses of one /24, or /48, count as of one operator. */
static bool same_network(const char *a, const char *b)
{
	netaddr one, two;

	if (!netaddr_parse(&one, a, strlen(a)) ||
	    !netaddr_parse(&two, b, strlen(b))) {
		return false;
	}
	return netaddr_in_prefix(&one, &two,
				 netaddr_is_v4(&one) ? 96 + 24 : 48);
}

static bool one_operator(const struct overview_source *a,
			 const struct overview_source *b)
{
	return same_network(a->address, b->address) ||
	       (strcmp(operator_of(a->name), operator_of(b->name)) == 0 &&
		/* The pool's servers are of many. */
		strcmp(operator_of(a->name), "ntp.org") != 0);
}

enum grade doctor_check_operators(const struct patient *p, struct text *t)
{
	const struct overview *o = p->overview;

	if (!doctor_answered(p) || o->count < 2) {
		return doctor_unknown(t);
	}
	for (size_t i = 1; i < o->count; i++) {
		if (!one_operator(&o->sources[0], &o->sources[i])) {
			return doctor_say(t, GRADE_OK,
					  "of more than one network");
		}
	}
	text_str(t, "all are of one network or name, as ");
	text_str(t, o->sources[0].name);
	return GRADE_WARN;
}

enum grade doctor_check_auth(const struct patient *p, struct text *t)
{
	unsigned keyed = 0, bad = 0;
	const char *first = NULL;

	for (size_t i = 0; i < p->overview->count; i++) {
		const struct overview_source *s = &p->overview->sources[i];

		keyed += s->keyed ? 1 : 0;
		if (s->keyed && !s->authentic && s->bad_auth > 0) {
			bad++;
			first = first ? first : s->name;
		}
	}
	if (!doctor_answered(p) || keyed == 0) {
		return doctor_say(t, GRADE_UNKNOWN, "no source has a key");
	}
	doctor_count(t, keyed, "source has a key", "sources have keys");
	if (bad == 0) {
		return GRADE_OK;
	}
	text_str(t, "; wrong are the answers of ");
	text_str(t, first);
	return GRADE_FAIL;
}

enum grade doctor_check_sync(const struct patient *p, struct text *t)
{
	if (!doctor_answered(p)) {
		return doctor_unknown(t);
	}
	if (verdict_of(p->overview).code == STANDING_SYNCHRONISED) {
		text_str(t, "yes, stratum ");
		text_double(t, p->overview->stratum, 0);
		return GRADE_OK;
	}
	if (p->overview->uptime_s < WAKING_S) {
		return doctor_say(t, GRADE_WARN,
				  "not yet; ntpd has just started");
	}
	return doctor_say(t, GRADE_FAIL, "no");
}

enum grade doctor_check_distance(const struct patient *p, struct text *t)
{
	double bound_s = p->overview->bound_s;

	if (!doctor_answered(p) || isnan(bound_s) ||
	    verdict_of(p->overview).code != STANDING_SYNCHRONISED) {
		return doctor_unknown(t);
	}
	text_str(t, "right within ");
	verdict_seconds(bound_s, t);
	text_str(t, ", root distance ");
	verdict_seconds(p->overview->root_distance_s, t);
	if (p->overview->root_distance_s > BOUND_FAIL_S) {
		return GRADE_FAIL;
	}
	return bound_s > BOUND_WARN_S ? GRADE_WARN : GRADE_OK;
}

enum grade doctor_check_frequency(const struct patient *p, struct text *t)
{
	double ppm = fabs(p->overview->freq_ppm);

	if (!doctor_answered(p) || isnan(ppm)) {
		return doctor_unknown(t);
	}
	text_str(t, "corrected by ");
	text_double(t, p->overview->freq_ppm, 3);
	text_str(t, " ppm");
	if (ppm >= FREQ_FAIL_PPM) {
		return GRADE_FAIL;
	}
	return ppm >= FREQ_WARN_PPM ? GRADE_WARN : GRADE_OK;
}

enum grade doctor_check_wander(const struct patient *p, struct text *t)
{
	double ppm = p->overview->wander_ppm;

	if (!doctor_answered(p) || isnan(ppm) || p->overview->uptime_s < 3600) {
		return doctor_say(t, GRADE_UNKNOWN, "known after an hour");
	}
	text_str(t, "changes by ");
	text_double(t, ppm, 3);
	text_str(t, " ppm");
	return ppm > WANDER_WARN_PPM ? GRADE_WARN : GRADE_OK;
}

enum grade doctor_check_step(const struct patient *p, struct text *t)
{
	if (!doctor_answered(p)) {
		return doctor_unknown(t);
	}
	return status_event(p->overview->status) == EVENT_STEP
		       ? doctor_say(t, GRADE_WARN,
				    "the last thing that happened was a step")
		       : doctor_say(t, GRADE_OK, "none was the last event");
}
