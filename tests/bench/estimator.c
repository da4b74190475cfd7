/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimator - prints how well the estimator does, beside a textbook Kalman
 * filter that is told the truth about wander and noise, and how long it takes.
 */
#include <getopt.h>

#include "bench.h"

static const char usage[] =
	"estimator [OPTION]...\n"
	"  --seeds N     tables averaged over N seeds (1)\n"
	"  --first S     the first of them (1)\n"
	"  --course N    steady table and divergence: this course only\n"
	"  --law N       likewise, this noise only\n"
	"  --trouble N   table of troubles: this one only\n"
	"  --steady      the steady table only\n"
	"  --troubles    the table of troubles only\n"
	"  --time        the time of one sample only\n"
	"  --series DIR  every track and what was made of it, as DIR/ROW.csv\n"
	"  --diverge N   N seeds of each course and noise (with --troubles: of "
	"each\n"
	"                trouble): which diverge?\n"
	"  --samples N   length of the courses (600)\n"
	"  --definite N  N random updates of one filter: is its covariance "
	"still one?\n";

enum {
	OPTION_SEEDS = 1,
	OPTION_FIRST,
	OPTION_COURSE,
	OPTION_LAW,
	OPTION_TROUBLE,
	OPTION_STEADY,
	OPTION_TROUBLES,
	OPTION_TIME,
	OPTION_SERIES,
	OPTION_DIVERGE,
	OPTION_SAMPLES,
	OPTION_DEFINITE,
};

static const struct option options[] = {
	{ "seeds", required_argument, NULL, OPTION_SEEDS },
	{ "first", required_argument, NULL, OPTION_FIRST },
	{ "course", required_argument, NULL, OPTION_COURSE },
	{ "law", required_argument, NULL, OPTION_LAW },
	{ "trouble", required_argument, NULL, OPTION_TROUBLE },
	{ "steady", no_argument, NULL, OPTION_STEADY },
	{ "troubles", no_argument, NULL, OPTION_TROUBLES },
	{ "time", no_argument, NULL, OPTION_TIME },
	{ "series", required_argument, NULL, OPTION_SERIES },
	{ "diverge", required_argument, NULL, OPTION_DIVERGE },
	{ "samples", required_argument, NULL, OPTION_SAMPLES },
	{ "definite", required_argument, NULL, OPTION_DEFINITE },
	{ NULL, 0, NULL, 0 },
};

/* What is printed. */
struct task {
	struct choice choice;
	bool steady, troubles, time;
	int samples;
	long definite;
	bool diverge;
};

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: invariant: %s\n", file, line, cond);
	abort();
}

static bool take_number(struct task *t, int option, long long value)
{
	struct choice *c = &t->choice;

	switch (option) {
	case OPTION_DIVERGE:
		t->diverge = true;
		c->seeds = (int)value;
		return true;
	case OPTION_SEEDS:
		c->seeds = (int)value;
		return true;
	case OPTION_FIRST:
		c->first = (uint64_t)value;
		return true;
	case OPTION_COURSE:
		c->course = (int)value;
		return true;
	case OPTION_LAW:
		c->law = (int)value;
		return true;
	case OPTION_TROUBLE:
		c->trouble = (int)value;
		return true;
	case OPTION_SAMPLES:
		t->samples = (int)value;
		return true;
	case OPTION_DEFINITE:
		t->definite = (long)value;
		return true;
	default:
		return false;
	}
}

static bool take(struct task *t, int option, const char *argument)
{
	switch (option) {
	case OPTION_STEADY:
		t->steady = true;
		return true;
	case OPTION_TROUBLES:
		t->troubles = true;
		return true;
	case OPTION_TIME:
		t->time = true;
		return true;
	case OPTION_SERIES:
		t->choice.series = argument;
		return true;
	default:
		return argument &&
		       take_number(t, option, strtoll(argument, NULL, 0));
	}
}

static void run(const struct task *t)
{
	const struct choice *c = &t->choice;

	if (t->definite > 0) {
		bench_definite(t->definite, c->first);
		return;
	}
	if (t->diverge) {
		bench_diverge(c, t->samples, t->troubles);
		return;
	}
	bool all = !t->steady && !t->troubles && !t->time;

	if (all || t->steady) {
		bench_steady_table(c);
	}
	if (all || t->troubles) {
		bench_trouble_table(c);
	}
	if (all || t->time) {
		bench_time(c->first);
	}
}

int main(int argc, char **argv)
{
	struct task task = {
		.choice = { .seeds = 1,
			    .first = 1,
			    .course = -1,
			    .law = -1,
			    .trouble = -1 },
		.samples = 600,
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take(&task, option, optarg)) {
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc || task.choice.seeds < 1) {
		fputs(usage, stderr);
		return 2;
	}
	run(&task);
	return 0;
}
