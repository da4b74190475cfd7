/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/gather.h"

#include <math.h>
#include <string.h>

#include "client/moment.h"

/* Names that not every daemon knows: each set is asked for by itself. */
#define SYSTEM_MORE "ss_uptime"
#define SYSTEM_OURS "syncedfor"
#define SOURCE_MORE "sent,received,badauth"
#define SOURCE_OURS "reason"

static struct vars answered(const struct shell *s)
{
	return vars_over(s->answer.data, s->answer.len);
}

static enum ctl_result gather_system(struct shell *s, struct overview *o)
{
	static const char *const more[] = { SYSTEM_MORE, SYSTEM_OURS };

	overview_clear(o, s->host);
	if (s->ctl.fd < 0) {
		s->answer.system = 0;
		return CTL_SYSTEM;
	}
	enum ctl_result result = shell_try(s, MODE6_READVAR, 0, "");

	if (result != CTL_OK) {
		return result;
	}
	overview_system(o, s->answer.status, answered(s));
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		if (shell_try(s, MODE6_READVAR, 0, more[i]) == CTL_OK) {
			overview_system(o, s->answer.status, answered(s));
		}
	}
	if (isnan(o->clock_s)) {
		o->clock_s = overview_seconds(moment_wall());
	}
	return CTL_OK;
}

/* False when there is no use in asking on. */
static bool gather_source(struct shell *s, struct overview *o, uint16_t id,
			  bool wants[2])
{
	static const char *const more[] = { SOURCE_MORE, SOURCE_OURS };
	struct overview_source *source = &o->sources[o->count];
	enum ctl_result result = shell_try(s, MODE6_READVAR, id, "");

	if (result != CTL_OK) {
		return result == CTL_REFUSED; /* gone since it was listed */
	}
	overview_source(source, id, s->answer.status, answered(s), o->clock_s);
	o->count++;
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		if (!wants[i]) {
			continue;
		}
		result = shell_try(s, MODE6_READVAR, id, more[i]);
		wants[i] = result == CTL_OK;
		if (wants[i]) {
			overview_source_more(source, answered(s));
		}
	}
	return true;
}

static enum ctl_result gather_all(struct shell *s, struct overview *o)
{
	bool wants[] = { true, true };
	enum ctl_result result = gather_system(s, o);

	if (result != CTL_OK) {
		return result;
	}
	result = shell_try(s, MODE6_READSTAT, 0, "");
	if (result != CTL_OK) {
		return result;
	}
	associations_parse(&s->associations, s->answer.data, s->answer.len);
	s->listed = true;
	for (size_t i = 0; i < s->associations.count; i++) {
		const struct association *a = &s->associations.list[i];

		if (!association_in_use(a)) {
			continue;
		}
		o->total++;
		if (o->count < OVERVIEW_SOURCES &&
		    !gather_source(s, o, a->id, wants)) {
			return CTL_INCOMPLETE;
		}
	}
	return CTL_OK;
}

enum ctl_result gather(struct shell *s, struct overview *o)
{
	struct transcript *transcript = s->transcript;
	enum ctl_result result;

	s->transcript = NULL;
	result = gather_all(s, o);
	s->transcript = transcript;
	return result;
}
