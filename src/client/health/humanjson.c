/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/health/humanjson.h"

#include <math.h>
#include <stdlib.h>

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *whole(double value)
{
	return value >= 0 && value <= 1e15 ? json_integer((json_int_t)value)
					   : json_null();
}

static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

/* The paragraph for people, without its end of line. */
static json_t *summary(const struct overview *o, const struct verdict *v)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *value;

	if (!out) {
		return json_null();
	}
	verdict_print(out, o, v);
	(void)fclose(out);
	value = json_stringn(text, len > 0 ? len - 1 : 0);
	free(text);
	return value;
}

json_t *humanjson_verdict(const struct overview *o, const struct verdict *v)
{
	const struct overview_source *peer = overview_peer(o);
	json_t *object = json_object(), *troubles = json_array();

	for (enum trouble t = 0; t < TROUBLES; t++) {
		if (v->troubles[t]) {
			json_array_append_new(
				troubles, json_string(verdict_trouble_id(t)));
		}
	}
	set(object, "synchronised",
	    json_boolean(v->code == STANDING_SYNCHRONISED));
	set(object, "bound_s", number(o->bound_s));
	set(object, "bound_claimed", json_boolean(o->bound_claimed));
	set(object, "root_distance_s", number(o->root_distance_s));
	set(object, "stratum", whole(o->stratum));
	set(object, "leap", whole(o->leap));
	set(object, "source", peer ? json_string(peer->name) : json_null());
	set(object, "refid", text_or_null(o->refid));
	set(object, "synchronised_for_s", number(o->synced_s));
	set(object, "uptime_s", number(o->uptime_s));
	set(object, "frequency_ppm", number(o->freq_ppm));
	set(object, "sources", json_integer((json_int_t)o->total));
	set(object, "used", json_integer(v->used));
	set(object, "silent", json_integer(v->silent));
	set(object, "falsetickers", json_integer(v->falsetickers));
	set(object, "troubles", troubles);
	set(object, "summary", summary(o, v));
	return object;
}

static json_t *source(const struct overview_source *s)
{
	json_t *object = json_object();

	set(object, "association", json_integer(s->assoc));
	set(object, "name", json_string(s->name));
	set(object, "address", text_or_null(s->address));
	set(object, "refid", text_or_null(s->refid));
	set(object, "state", json_string(overview_state(s)));
	set(object, "reason", json_string(overview_reason(s)));
	set(object, "stratum", whole(s->stratum));
	set(object, "offset_s", number(s->offset_s));
	set(object, "error_s", number(s->error_s));
	set(object, "delay_s", number(s->delay_s));
	set(object, "jitter_s", number(s->jitter_s));
	set(object, "last_answer_s", number(s->last_s));
	set(object, "poll_s", number(s->poll_s));
	set(object, "answered_of_8",
	    s->reach_known ? json_integer(overview_answered(s)) : json_null());
	set(object, "authenticated",
	    s->keyed ? json_boolean(s->authentic) : json_null());
	return object;
}

json_t *humanjson_sources(const struct overview *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->count; i++) {
		json_array_append_new(list, source(&o->sources[i]));
	}
	return list;
}

static const char *grade(enum grade g)
{
	return g == GRADE_UNKNOWN ? "UNKNOWN" : doctor_grade(g);
}

json_t *humanjson_findings(const struct finding findings[CHECKS])
{
	json_t *list = json_array();

	for (enum check c = 0; c < CHECKS; c++) {
		const struct check_words *words = doctor_words(c);
		json_t *object = json_object();
		bool bad = findings[c].grade == GRADE_WARN ||
			   findings[c].grade == GRADE_FAIL;

		set(object, "check", json_string(words->name));
		set(object, "title", json_string(words->title));
		set(object, "grade", json_string(grade(findings[c].grade)));
		set(object, "found", json_string(findings[c].detail));
		set(object, "meaning",
		    bad ? json_string(words->meaning) : json_null());
		set(object, "remedy",
		    bad ? json_string(words->remedy) : json_null());
		json_array_append_new(list, object);
	}
	return list;
}
