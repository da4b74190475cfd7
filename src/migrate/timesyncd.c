/* SPDX-License-Identifier: BSD-2-Clause */
/* timesyncd.conf(5) and its drop-ins. It only asks, and never serves. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/lexer.h"
#include "migrate/draft.h"
#include "migrate/reader.h"

#define LIST_MAX 4096
#define BLANKS " \t\r"
#define POLL_MIN_S 32.0 /* what it does unless told */
#define POLL_MAX_S 2048.0

/* What all files say together: the last one counts, lists grow. */
static struct {
	char ntp[LIST_MAX], fallback[LIST_MAX];
	double poll_min_s, poll_max_s, distance_s;
	char file[512]; /* where the last fallback stood */
	unsigned number;
} said;

static const struct {
	const char *unit;
	double s;
} units[] = {
	{ "", 1 },      { "s", 1 },       { "sec", 1 },   { "ms", 1e-3 },
	{ "us", 1e-6 }, { "m", 60 },      { "min", 60 },  { "h", 3600 },
	{ "hr", 3600 }, { "hour", 3600 }, { "d", 86400 }, { "day", 86400 }
};

/* "34min 8s"; false: it is none. */
static bool read_span(const char *text, double *seconds)
{
	double sum = 0;

	while (*text != '\0') {
		char *end;
		double number = strtod(text, &end);
		size_t len, i = 0;

		if (end == text || !(number >= 0) || !isfinite(number)) {
			return false;
		}
		end += strspn(end, " ");
		len = strcspn(end, " 0123456789");
		while (i < ARRAY_LEN(units) &&
		       (strlen(units[i].unit) != len ||
			strncmp(units[i].unit, end, len) != 0)) {
			i++;
		}
		if (i == ARRAY_LEN(units)) {
			return false;
		}
		sum += number * units[i].s;
		text = end + len + strspn(end + len, " ");
	}
	*seconds = sum;
	return sum > 0;
}

/* A list grows; an empty value begins it anew. */
static void grow(struct draft *d, const struct line *l, char *list,
		 const char *value)
{
	size_t len = strlen(list);

	if (value[0] == '\0') {
		list[0] = '\0';
		return;
	}
	int n = snprintf(list + len, LIST_MAX - len, "%s ", value);

	if (n < 0 || (size_t)n >= LIST_MAX - len) {
		list[len] = '\0';
		draft_leave(d, l, "more servers than can be read");
	}
}

/* Those of the names that are none do not get into the list. */
static void take_names(struct draft *d, const struct line *l, char *list,
		       const char *value)
{
	size_t len;

	if (value[0] == '\0') {
		grow(d, l, list, value);
	}
	for (; *value != '\0'; value += len, value += strspn(value, BLANKS)) {
		char line[512], *form, *why;

		len = strcspn(value, BLANKS);
		(void)snprintf(line, sizeof(line), "server %.*s",
			       (int)(len < 400 ? len : 400), value);
		why = reader_complaint(line, &form);
		if (why || !word_is_plain(value, len)) {
			draft_leave(d, l, why ? why : "not a name");
		} else {
			grow(d, l, list, line + strlen("server "));
		}
		free(why);
		free(form);
	}
}

static void take_span(struct draft *d, const struct line *l, const char *value,
		      double *seconds)
{
	if (!read_span(value, seconds)) {
		draft_leave(d, l, "not a span of time");
	}
}

static void take(struct draft *d, const struct line *l)
{
	const char *text = l->text + strspn(l->text, " \t");
	const char *equals = strchr(text, '=');

	if (text[0] == '[' && strncmp(text, "[Time]", 6) == 0) {
		return;
	}
	if (!equals) {
		draft_leave(d, l, "not understood");
		return;
	}
	size_t len = strcspn(text, " \t=");
	const char *value = equals + 1 + strspn(equals + 1, " \t");

	if (len == 3 && strncmp(text, "NTP", len) == 0) {
		take_names(d, l, said.ntp, value);
	} else if (len == 11 && strncmp(text, "FallbackNTP", len) == 0) {
		take_names(d, l, said.fallback, value);
		(void)snprintf(said.file, sizeof(said.file), "%s", l->file);
		said.number = l->number;
	} else if (strncmp(text, "RootDistanceMaxSec", len) == 0) {
		take_span(d, l, value, &said.distance_s);
	} else if (strncmp(text, "PollIntervalMinSec", len) == 0) {
		take_span(d, l, value, &said.poll_min_s);
	} else if (strncmp(text, "PollIntervalMaxSec", len) == 0) {
		take_span(d, l, value, &said.poll_max_s);
	} else if (strncmp(text, "ConnectionRetrySec", len) == 0) {
		draft_needless(d, l,
			       "a server that is silent is asked less often");
	} else if (strncmp(text, "SaveIntervalSec", len) == 0) {
		draft_needless(d, l, "the clock's frequency is kept instead");
	} else {
		draft_leave(d, l, "not understood");
	}
}

static void print_sources(struct draft *d)
{
	char *list = said.ntp[0] != '\0' ? said.ntp : said.fallback;

	if (list == said.ntp && said.fallback[0] != '\0') {
		char text[LIST_MAX + 16];
		const struct line l = { .file = said.file,
					.number = said.number,
					.text = text };

		(void)snprintf(text, sizeof(text), "FallbackNTP=%s",
			       said.fallback);
		draft_needless(d, &l, "servers are named by NTP=");
	}
	for (char *name = strtok(list, " \t"); name;
	     name = strtok(NULL, " \t")) {
		FILE *out = d->part[PART_SOURCES];

		(void)fprintf(out, "server %s iburst", name);
		if (said.poll_min_s != POLL_MIN_S) {
			(void)fprintf(out, " minpoll %d",
				      draft_poll(log2(said.poll_min_s)));
		}
		if (said.poll_max_s != POLL_MAX_S) {
			(void)fprintf(out, " maxpoll %d",
				      draft_poll(log2(said.poll_max_s)));
		}
		(void)fputc('\n', out);
		d->sources++;
	}
	if (d->sources > 0) {
		return;
	}
	draft_line(d, PART_SOURCES, "# None is named: those of the NTP pool.");
	for (int i = 0; i < 4; i++) {
		draft_line(d, PART_SOURCES, "server %d.pool.ntp.org iburst", i);
		d->sources++;
	}
}

void timesyncd_read(struct draft *d, const char *path)
{
	char pattern[512];

	said.ntp[0] = said.fallback[0] = '\0';
	said.poll_min_s = POLL_MIN_S;
	said.poll_max_s = POLL_MAX_S;
	said.distance_s = 0;
	if (!draft_read(d, path, "#;", take)) {
		d->err = -errno;
		return;
	}
	if ((size_t)snprintf(pattern, sizeof(pattern), "%s.d/*.conf", path) <
	    sizeof(pattern)) {
		draft_read_all(d, pattern, "#;", take);
	}
	print_sources(d);
	if (said.distance_s > 0) {
		draft_line(d, PART_DISCIPLINE, "tos maxdist %g",
			   said.distance_s);
	}
	draft_access(d);
}
