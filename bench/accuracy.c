/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * accuracy - how well a daemon keeps its clock, in worlds of all kinds: see
 * docs/accuracy.md.
 *
 * Ends with 1 when an oracle broke, or when a figure of the quick run got a
 * fifth worse than what was recorded.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "table.h"

#define SEEDS 5
#define DAYS 7
#define QUICK_DAYS 1
#define MOST_COURSES 64

struct wishes {
	unsigned first, seeds;
	struct course_plan plan;
	bool quick, record, bounds;
	enum table_style style;
	const char *only;
};

static struct figures all[MOST_COURSES];

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "accuracy: %s:%d: invariant: %s\n", file, line,
		      cond);
	abort();
}

static void usage(FILE *out)
{
	(void)fputs(
		"Usage: accuracy [OPTION]...\n"
		"Measures how well a daemon keeps its clock.\n\n"
		"  -q, --quick        a day, held to what was recorded\n"
		"  -r, --record       the quick run: record it anew\n"
		"  -s, --seeds N      so many worlds of each course\n"
		"  -f, --first N      the first seed\n"
		"  -o, --only NAME    one course\n"
		"  -d, --days N       that each of them lasts\n"
		"  -p, --poll N       minpoll and maxpoll\n"
		"  -b, --bounds       hold each fair course to its bound\n"
		"  -m, --markdown     the table as docs/accuracy.md has it\n"
		"  -l, --list         the courses\n"
		"  -h, --help\n",
		out);
}

static int list(void)
{
	for (size_t i = 0; i < course_count(); i++) {
		printf("%-18s %s\n", course_at(i)->name, course_at(i)->words);
	}
	return 0;
}

static bool wanted(const struct wishes *w, const struct course *c)
{
	return !w->only || strcmp(w->only, c->name) == 0;
}

/* One course, all seeds; its line is printed as soon as it is known. */
static bool measure(const struct wishes *w, const struct course *c,
		    struct figures *f)
{
	bool well = true;

	for (unsigned i = 0; i < w->seeds; i++) {
		well &= course_run(c, w->first + i, &w->plan, f);
	}
	table_row(w->style, c, f, stdout);
	(void)fflush(stdout);
	return well;
}

static bool measure_all(const struct wishes *w)
{
	unsigned measured = 0;
	bool well = true;

	table_head(w->style, stdout);
	for (size_t i = 0; i < course_count(); i++) {
		if (wanted(w, course_at(i))) {
			well &= measure(w, course_at(i), &all[i]);
			measured++;
		}
	}
	if (measured == 0) {
		(void)fprintf(stderr, "accuracy: no course '%s'\n", w->only);
	}
	return well && measured > 0;
}

static bool compare(const struct wishes *w)
{
	bool well = true;

	for (size_t i = 0; i < course_count(); i++) {
		if (wanted(w, course_at(i))) {
			well &= limits_hold(course_at(i), &all[i], stdout);
		}
	}
	return well;
}

static bool hold_bounds(const struct wishes *w)
{
	bool well = true;

	for (size_t i = 0; i < course_count(); i++) {
		const struct course *c = course_at(i);

		if (wanted(w, c) && !course_keeps_bound(c, &all[i])) {
			printf("%s: within the bound for %.4f %% only\n",
			       c->name, 100 * figures_in_bound(&all[i]));
			well = false;
		}
	}
	return well;
}

static bool record(void)
{
	FILE *out = fopen(LIMITS_FILE, "we");
	bool written = out && limits_record(all, out);

	if (out) {
		written &= fclose(out) == 0;
	}
	if (!written) {
		perror("accuracy: " LIMITS_FILE);
	}
	return written;
}

static bool number(const char *s, unsigned least, unsigned most, unsigned *v)
{
	uint64_t n = 0;

	if (!text_to_u64(s, strlen(s), &n) || n < least || n > most) {
		(void)fprintf(stderr, "accuracy: '%s' is not %u to %u\n", s,
			      least, most);
		return false;
	}
	*v = (unsigned)n;
	return true;
}

/* False: the option makes no sense. */
static bool wish(int option, const char *value, struct wishes *w)
{
	unsigned polls = 0;

	switch (option) {
	case 'q':
		return w->quick = true;
	case 'r':
		return w->record = true;
	case 's':
		return number(value, 1, 10000, &w->seeds);
	case 'f':
		return number(value, 1, 1000000000, &w->first);
	case 'o':
		w->only = value;
		return true;
	case 'd':
		return number(value, 1, 30, &w->plan.days);
	case 'p':
		return number(value, 3, 17, &polls) &&
		       (w->plan.polls = (int)polls);
	case 'b':
		return w->bounds = true;
	case 'm':
		w->style = TABLE_MARKDOWN;
		return true;
	default:
		return false;
	}
}

/* What is recorded, and held to it, is the quick run as the tests have it. */
static bool makes_sense(const struct wishes *w)
{
	bool usual = w->seeds == SEEDS && w->first == 1 && w->plan.days == 0 &&
		     w->plan.polls == 0;

	return (!w->quick || usual) && (!w->record || (w->quick && !w->only));
}

static int go(struct wishes *w)
{
	if (w->plan.days == 0) {
		w->plan.days = w->quick ? QUICK_DAYS : DAYS;
	}
	bool well = measure_all(w);

	if (w->bounds) {
		well &= hold_bounds(w);
	}
	if (w->record) {
		well &= record();
	} else if (w->quick) {
		well &= compare(w);
	}
	return well ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "quick", no_argument, NULL, 'q' },
		{ "record", no_argument, NULL, 'r' },
		{ "seeds", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "only", required_argument, NULL, 'o' },
		{ "days", required_argument, NULL, 'd' },
		{ "poll", required_argument, NULL, 'p' },
		{ "bounds", no_argument, NULL, 'b' },
		{ "markdown", no_argument, NULL, 'm' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct wishes w = { .first = 1, .seeds = SEEDS };
	int option;

	INVARIANT(course_count() <= MOST_COURSES);
	while ((option = getopt_long(argc, argv, "qrs:f:o:d:p:bmlh", options,
				     NULL)) != -1) {
		if (option == 'l') {
			return list();
		}
		if (option == 'h') {
			usage(stdout);
			return 0;
		}
		if (!wish(option, optarg, &w)) {
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc || !makes_sense(&w)) {
		usage(stderr);
		return 2;
	}
	return go(&w);
}
