/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/health/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/control/status.h"
#include "client/units.h"

#define STRATUM_NONE 16

static const char *verdict_trouble(enum trouble t)
{
	static const char *const sentences[] = {
#define TROUBLE(id, name, sentence) [TROUBLE_##id] = (sentence),
#include "client/health/troubles.def"
#undef TROUBLE
	};

	return sentences[t];
}

const char *verdict_trouble_id(enum trouble t)
{
	static const char *const names[] = {
#define TROUBLE(id, name, sentence) [TROUBLE_##id] = (name),
#include "client/health/troubles.def"
#undef TROUBLE
	};

	return names[t];
}

static bool synchronised(const struct overview *o)
{
	return status_leap(o->status) != LEAP_UNSYNC &&
	       o->leap != (int)LEAP_UNSYNC && !(o->stratum >= STRATUM_NONE);
}

static void count(struct verdict *v, const struct overview_source *s)
{
	bool silent = s->reach_known && s->reach == 0;

	v->used += overview_in_use(s) ? 1 : 0;
	v->silent += silent ? 1 : 0;
	v->answering += silent ? 0 : 1;
	v->falsetickers += s->tally == TALLY_FALSETICK ? 1 : 0;
}

static bool just_asked(const struct overview *o)
{
	return o->uptime_s < 15;
}

static void find_troubles(struct verdict *v, const struct overview *o)
{
	bool *t = v->troubles;
	bool bad = v->code != STANDING_SYNCHRONISED;

	t[TROUBLE_NO_SOURCES] = o->total == 0;
	t[TROUBLE_NOT_YET] = bad && o->total > 0 && just_asked(o);
	t[TROUBLE_ALL_SILENT] =
		o->total > 0 && v->answering == 0 && !t[TROUBLE_NOT_YET];
	t[TROUBLE_NO_MAJORITY] =
		bad && v->falsetickers > 0 && v->falsetickers == v->answering;
	t[TROUBLE_NONE_USABLE] = bad && v->answering > 0 &&
				 !t[TROUBLE_NO_MAJORITY] && !t[TROUBLE_NOT_YET];
	t[TROUBLE_FALSETICKER] = v->falsetickers > 0 && !t[TROUBLE_NO_MAJORITY];
	t[TROUBLE_SOME_SILENT] =
		v->silent > 0 && v->answering > 0 && !just_asked(o);
	t[TROUBLE_ONE_SOURCE] = o->total == 1;
	t[TROUBLE_BOUND] = !bad && o->bound_s > VERDICT_BOUND_MAX_S;
	t[TROUBLE_LEAP] = !bad && (o->leap == (int)LEAP_INSERT ||
				   o->leap == (int)LEAP_DELETE);
}

struct verdict verdict_of(const struct overview *o)
{
	struct verdict v = { .code = synchronised(o)
					     ? STANDING_SYNCHRONISED
					     : STANDING_UNSYNCHRONISED };

	for (size_t i = 0; i < o->count; i++) {
		count(&v, &o->sources[i]);
	}
	find_troubles(&v, o);
	return v;
}

void verdict_seconds(double s, struct text *out)
{
	if (isnan(s)) {
		text_char(out, '-');
	} else {
		units_seconds(s, out);
	}
}

void verdict_signed(double s, struct text *out)
{
	if (s >= 0) {
		text_char(out, '+');
	}
	verdict_seconds(s, out);
}

void verdict_duration(double s, struct text *out)
{
	static const struct {
		double of;
		const char *name;
	} units[] = { { 86400, " d" }, { 3600, " h" }, { 60, " min" } };

	if (!(s >= 0 && s < 1e12)) {
		text_char(out, '-');
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (s >= 2 * units[i].of) {
			text_u64(out, (uint64_t)(s / units[i].of));
			text_str(out, units[i].name);
			return;
		}
	}
	text_u64(out, (uint64_t)s);
	text_str(out, " s");
}

static void print_bound(FILE *out, const struct overview *o)
{
	char shown[32];
	struct text t = text_over(shown, sizeof(shown));

	verdict_seconds(o->bound_s, &t);
	if (isnan(o->bound_s)) {
		fputs("; how exactly, the daemon does not say.", out);
	} else {
		fprintf(out, "; the clock is right within %s.", shown);
	}
}

static void print_since(FILE *out, const struct overview *o)
{
	char shown[32];
	struct text t = text_over(shown, sizeof(shown));

	if (!isnan(o->synced_s)) {
		verdict_duration(o->synced_s, &t);
		fprintf(out, " It has been so for %s.", shown);
	}
}

static void print_peer(FILE *out, const struct overview *o,
		       const struct verdict *v)
{
	const struct overview_source *peer = overview_peer(o);

	if (peer) {
		fprintf(out, " to %s", peer->name);
		if (peer->stratum >= 1 && peer->stratum < 16) {
			fprintf(out, " (stratum %.0f)", peer->stratum);
		}
	} else if (o->refid[0] != '\0') {
		fprintf(out, " to %s", o->refid);
	}
	if (v->used > 1) {
		fprintf(out, " and %u other source%s", v->used - 1,
			v->used > 2 ? "s" : "");
	}
}

void verdict_print(FILE *out, const struct overview *o, const struct verdict *v)
{
	if (v->code == STANDING_SYNCHRONISED) {
		fprintf(out, "%s: synchronised", o->host);
		print_peer(out, o, v);
		print_bound(out, o);
		print_since(out, o);
	} else {
		fprintf(out, "%s: NOT synchronised.", o->host);
	}
	for (enum trouble t = 0; t < TROUBLES; t++) {
		if (v->troubles[t]) {
			fprintf(out, " %s", verdict_trouble(t));
		}
	}
	fputc('\n', out);
}

/* Ends lines between words; a word that is too long stands alone. */
static void fold(FILE *out, const char *text, unsigned width)
{
	size_t column = 0;

	while (*text != '\0' && *text != '\n') {
		size_t len = strcspn(text, " \n");

		if (column > 0 && column + 1 + len > width) {
			fputc('\n', out);
			column = 0;
		} else if (column > 0) {
			fputc(' ', out);
			column++;
		}
		(void)fwrite(text, 1, len, out);
		column += len;
		text += len;
		text += *text == ' ';
	}
	fputc('\n', out);
}

void verdict_print_folded(FILE *out, const struct overview *o,
			  const struct verdict *v, unsigned width)
{
	char *text = NULL;
	size_t len = 0;
	FILE *whole = width > 0 ? open_memstream(&text, &len) : NULL;

	if (!whole) {
		verdict_print(out, o, v);
		return;
	}
	verdict_print(whole, o, v);
	(void)fclose(whole);
	fold(out, text, width);
	free(text);
}
