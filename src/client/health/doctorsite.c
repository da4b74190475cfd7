/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctorsite.c - the checks of what the machine itself shows.
 */
#include <math.h>

#include "client/health/doctorchecks.h"

#define DAY_S 86400.0
#define LEAP_SOON_DAYS 30

enum grade doctor_check_config(const struct patient *p, struct text *t)
{
	const struct site *s = p->site;

	if (!s->config_known) {
		return doctor_unknown(t);
	}
	text_str(t, s->config);
	if (s->config_missing) {
		return doctor_say(t, GRADE_FAIL, " cannot be read");
	}
	if (s->complaints == 0) {
		return doctor_say(t, GRADE_OK, " is understood");
	}
	text_str(t, ": ");
	doctor_count(t, s->complaints, "complaint", "complaints");
	text_str(t, ", the first: ");
	text_str(t, s->complaint);
	return GRADE_WARN;
}

enum grade doctor_check_dns(const struct patient *p, struct text *t)
{
	const struct site *s = p->site;

	if (s->names == 0) {
		return doctor_say(t, GRADE_UNKNOWN, "no names to look up");
	}
	doctor_count(t, s->names, "name was looked up", "names were looked up");
	if (s->names_failed == 0) {
		return GRADE_OK;
	}
	text_str(t, "; without an address: ");
	text_str(t, s->name_failed);
	return s->names_failed == s->names ? GRADE_FAIL : GRADE_WARN;
}

enum grade doctor_check_rivals(const struct patient *p, struct text *t)
{
	if (!p->site->here) {
		return doctor_unknown(t);
	}
	if (p->site->rival[0] == '\0') {
		return doctor_say(t, GRADE_OK, "no other time daemon is seen");
	}
	text_str(t, p->site->rival);
	/* Without a daemon of ours it does no harm. */
	return p->site->pid != 0 ? GRADE_FAIL : GRADE_WARN;
}

enum grade doctor_check_rights(const struct patient *p, struct text *t)
{
	const struct site *s = p->site;

	if (!s->here) {
		return doctor_unknown(t);
	}
	text_str(t,
		 s->may_set ? "can be had" : "CAP_SYS_TIME is not to be had");
	if (s->container[0] != '\0') {
		text_str(t, "; this is a container: ");
		text_str(t, s->container);
	} else if (s->virtual_machine) {
		text_str(t, "; this is a virtual machine");
	}
	return s->may_set ? GRADE_OK : GRADE_WARN;
}

enum grade doctor_check_kernel(const struct patient *p, struct text *t)
{
	if (!p->site->here || !p->site->kernel_known) {
		return doctor_unknown(t);
	}
	return p->site->kernel_synced
		       ? doctor_say(t, GRADE_OK, "synchronised")
		       : doctor_say(t, GRADE_WARN, "not synchronised");
}

enum grade doctor_check_leap(const struct patient *p, struct text *t)
{
	const struct overview *o = p->overview;
	bool told = doctor_answered(p) && !isnan(o->leap_expire_s);
	double end_s = told ? o->leap_expire_s : p->site->leap_expire_s;

	if (!told && !p->site->leap_known) {
		return doctor_unknown(t);
	}
	if (p->site->leapfile[0] != '\0') {
		text_str(t, p->site->leapfile);
		text_str(t, ": ");
	}
	if (isnan(end_s)) {
		return doctor_say(t, GRADE_WARN, "there is no table");
	}
	if (isnan(o->clock_s)) {
		return doctor_unknown(t);
	}
	double days = floor((end_s - o->clock_s) / DAY_S);

	if (!(fabs(days) < 1e6)) {
		return doctor_unknown(t);
	}
	if (days < 0) {
		text_str(t, "it ended ");
		doctor_count(t, (uint64_t)-days, "day ago", "days ago");
		return GRADE_WARN;
	}
	text_str(t, "valid for ");
	doctor_count(t, (uint64_t)days, "day", "days");
	return days < LEAP_SOON_DAYS ? GRADE_WARN : GRADE_OK;
}

enum grade doctor_check_port(const struct patient *p, struct text *t)
{
	const struct site *s = p->site;

	if (!s->here) {
		return doctor_unknown(t);
	}
	if (!s->port_held) {
		return doctor_say(t,
				  doctor_answered(p) ? GRADE_UNKNOWN : GRADE_OK,
				  "free");
	}
	text_str(t, "held by ");
	text_str(t, s->holder[0] != '\0' ? s->holder
					 : "a program that cannot be seen");
	return s->holder_pid != 0 && s->holder_pid != s->pid ? GRADE_FAIL
							     : GRADE_OK;
}

enum grade doctor_check_files(const struct patient *p, struct text *t)
{
	const struct site *s = p->site;

	text_str(t, s->driftfile);
	switch (s->drift) {
	case SITE_DRIFT_UNKNOWN:
		break;
	case SITE_DRIFT_NONE:
		return doctor_say(t, GRADE_WARN,
				  "the configuration names none");
	case SITE_DRIFT_NO_FOLDER:
		return doctor_say(t, GRADE_FAIL, ": its folder is missing");
	case SITE_DRIFT_READONLY:
		return doctor_say(
			t, GRADE_FAIL,
			": its folder is not writable for the daemon");
	case SITE_DRIFT_GOOD:
		return doctor_say(t, GRADE_OK, ": its folder is writable");
	}
	return doctor_unknown(t);
}
