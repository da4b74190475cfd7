/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/health/sourcestable.h"

#include <math.h>
#include <string.h>

#include "client/health/verdict.h"

#define NAME_LEAST 8
#define NAME_MOST 32
#define LINE 512

static const char *colour_of(const struct overview_source *s)
{
	switch (s->tally) {
	case TALLY_FALSETICK:
		return "\033[31m";
	case TALLY_REJECT:
		return "\033[33m";
	case TALLY_CANDIDATE:
	case TALLY_SYSPEER:
	case TALLY_PPSPEER:
		return "\033[32m";
	default:
		return "\033[0m";
	}
}

static int name_width(const struct overview *o)
{
	size_t width = NAME_LEAST;

	for (size_t i = 0; i < o->count; i++) {
		size_t len = strlen(o->sources[i].name);

		width = len > width ? len : width;
	}
	return (int)(width < NAME_MOST ? width : NAME_MOST);
}

static const char *auth_word(const struct overview_source *s)
{
	if (!s->keyed) {
		return "no";
	}
	return s->authentic ? "yes" : "FAILED";
}

/* Cut at the width, with the colour for the whole line. */
static void put(FILE *out, const char *line, unsigned width, const char *colour)
{
	size_t len = strlen(line);

	len = width != 0 && len > width ? width : len;
	fprintf(out, "%s%.*s%s\n", colour ? colour : "", (int)len, line,
		colour ? "\033[0m" : "");
}

static void print_source(FILE *out, const struct overview_source *s, int names,
			 unsigned width, bool colour)
{
	char line[LINE], stratum[8] = "-", reach[8] = "-";
	char offset[32], error[32], last[32];
	struct text o = text_over(offset, sizeof(offset));
	struct text e = text_over(error, sizeof(error));
	struct text l = text_over(last, sizeof(last));

	verdict_signed(s->offset_s, &o);
	verdict_seconds(s->error_s, &e);
	verdict_duration(s->last_s, &l);
	if (s->stratum >= 0 && s->stratum < 16) {
		snprintf(stratum, sizeof(stratum), "%.0f", s->stratum);
	}
	if (s->reach_known) {
		snprintf(reach, sizeof(reach), "%u/8", overview_answered(s));
	}
	snprintf(line, sizeof(line),
		 "%-*.*s  %-11s %2s %9s %9s %7s %5s %-6s  %s", names, names,
		 s->name, overview_state(s), stratum, offset, error, last,
		 reach, auth_word(s), overview_reason(s));
	put(out, line, width, colour ? colour_of(s) : NULL);
}

void sourcestable_print(FILE *out, const struct overview *o, unsigned width,
			bool colour)
{
	int names = name_width(o);
	char line[LINE];

	snprintf(line, sizeof(line), "%-*s  %-11s %2s %9s %9s %7s %5s %-6s  %s",
		 names, "source", "state", "st", "offset", "+-", "last",
		 "reach", "auth", "why");
	put(out, line, width, colour ? "\033[1m" : NULL);
	for (size_t i = 0; i < o->count; i++) {
		print_source(out, &o->sources[i], names, width, colour);
	}
	if (o->total == 0) {
		fputs("(no sources)\n", out);
	} else if (o->total > o->count) {
		fprintf(out, "and %zu more\n", o->total - o->count);
	}
}
