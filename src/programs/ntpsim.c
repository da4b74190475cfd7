/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpsim - daemons in virtual time: worlds with a name, worlds from a seed, and
 * what a record has of a run.
 *
 * Ends with 1 when an oracle broke or a replay differs, and says where; the
 * seed it prints repeats a world.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/options.h"
#include "sim/replay.h"
#include "sim/report.h"
#include "sim/resteer.h"
#include "sim/scenario.h"

#define DEFAULT_SEED 1

struct wishes {
	uint64_t seed, last; /* all seeds from one to the other */
	double days;
	unsigned nodes;
	bool twice, trace, brief;
	const struct scenario *scenario;       /* NULL: a random world */
	const char *record, *replay, *resteer; /* files; NULL: none */
};

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "ntpsim: %s:%d: invariant: %s\n", file, line,
		      cond);
	abort();
}

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/ntpsim_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "Usage: ntpsim --list\n"
		 "       ntpsim [OPTION]... SCENARIO|all\n"
		 "       ntpsim [OPTION]... --seed N | --seeds A..B\n"
		 "       ntpsim --replay FILE | --resteer FILE\n"
		 "Runs whole time daemons in a virtual world, or what was "
		 "recorded of "
		 "one.\n\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
};

static struct world *play(const struct wishes *wishes, uint64_t seed,
			  struct tape *tape)
{
	struct world *w = world_new(seed);

	w->tape = tape;
	if (wishes->trace) {
		w->trace = stdout;
	}
	if (wishes->scenario) {
		double total_s = wishes->days * 86400;

		wishes->scenario->tell(w);
		if (moment_to_s(w->now) < total_s) {
			world_run(w, total_s - moment_to_s(w->now));
		}
	} else {
		random_tell(w, &(struct random_plan){ wishes->nodes,
						      wishes->days });
	}
	return w;
}

static void compare(const struct wishes *wishes, struct world *w)
{
	struct world *again = play(wishes, w->seed, NULL);

	if (again->trail.hash != w->trail.hash) {
		oracle_break(w, ORACLE_REPEATS, NULL,
			     "hash %016" PRIx64 ", then %016" PRIx64,
			     w->trail.hash, again->trail.hash);
	}
	world_end(again);
}

/* NULL, and said why, when the file cannot be written. */
static struct world *play_recorded(const struct wishes *wishes, uint64_t seed)
{
	FILE *file = fopen(wishes->record, "wb");
	struct world *w = NULL;
	struct tape tape;
	bool good = false;

	if (file) {
		tape_begin(&tape, file);
		w = play(wishes, seed, &tape);
		w->tape = NULL;
		good = tape_end(&tape);
		good &= fclose(file) == 0;
	}
	if (!good) {
		(void)fprintf(stderr, "ntpsim: %s: %s\n", wishes->record,
			      strerror(errno));
	}
	if (w && !good) {
		world_end(w);
		return NULL;
	}
	return w;
}

static bool run(const struct wishes *wishes, uint64_t seed)
{
	struct world *w = wishes->record ? play_recorded(wishes, seed)
					 : play(wishes, seed, NULL);

	if (!w) {
		return false;
	}

	if (wishes->twice) {
		compare(wishes, w);
	}
	bool well = !w->oracle.any;

	printf("%s seed %" PRIu64 " hash %016" PRIx64 ": %u nodes, %.2f days, "
	       "%" PRIu64 " effects%s\n",
	       wishes->scenario ? wishes->scenario->name : "random", seed,
	       w->trail.hash, w->count, moment_to_s(w->now) / 86400,
	       w->trail.effects, well ? "" : " BROKEN");
	if (!wishes->brief) {
		world_report(w, stdout);
	}
	if (!wishes->brief || !well) {
		world_verdict(w, stdout);
	}
	world_end(w);
	return well;
}

static bool run_seeds(const struct wishes *wishes)
{
	bool well = true;

	for (uint64_t seed = wishes->seed; seed <= wishes->last; seed++) {
		well &= run(wishes, seed);
	}
	return well;
}

static bool run_all(struct wishes *wishes)
{
	bool well = true;

	for (size_t i = 0; i < scenario_count(); i++) {
		wishes->scenario = scenario_at(i);
		well &= run_seeds(wishes);
	}
	return well;
}

/* The whole file; NULL, and said why. */
static uint8_t *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (f && fseek(f, 0, SEEK_END) == 0) {
		size = ftell(f);
		rewind(f);
	}
	if (size >= 0) {
		data = malloc((size_t)size + 1);
	}
	if (data) {
		*len = fread(data, 1, (size_t)size, f);
	}
	if (!data || ferror(f)) {
		(void)fprintf(stderr, "ntpsim: %s: %s\n", path,
			      strerror(errno));
		free(data);
		data = NULL;
	}
	if (f) {
		(void)fclose(f);
	}
	return data;
}

/* What a record has of a run, once more. */
static int repeat(const struct wishes *w)
{
	static const int codes[] = {
		[REPLAY_SAME] = 0, [REPLAY_DIFFERS] = 1, [REPLAY_BROKEN] = 2
	};
	size_t len = 0;
	uint8_t *data = read_file(w->replay ? w->replay : w->resteer, &len);
	int code = 2;

	if (data && w->replay) {
		code = codes[replay_run(data, len, stdout)];
	} else if (data) {
		code = resteer_run(data, len, stdout) ? 0 : 2;
	}
	free(data);
	return code;
}

static int list(void)
{
	for (size_t i = 0; i < scenario_count(); i++) {
		printf("%-18s %s\n", scenario_at(i)->name,
		       scenario_at(i)->words);
	}
	return 0;
}

static bool number(const char *s, size_t len, uint64_t *v)
{
	if (text_to_u64(s, len, v)) {
		return true;
	}
	(void)fprintf(stderr, "ntpsim: '%s' is not a number\n", s);
	return false;
}

static bool seeds(const char *s, struct wishes *w)
{
	const char *dots = strstr(s, "..");

	return dots && number(s, (size_t)(dots - s), &w->seed) &&
	       number(dots + 2, strlen(dots + 2), &w->last);
}

static bool nodes(const char *s, struct wishes *w)
{
	uint64_t v = 0;

	if (!number(s, strlen(s), &v) || v < 4 || v > VNET_NODES) {
		(void)fprintf(stderr, "ntpsim: 4 to %d nodes\n", VNET_NODES);
		return false;
	}
	w->nodes = (unsigned)v;
	return true;
}

/* False: the option makes no sense. */
static bool wish(int option, const char *value, struct wishes *w)
{
	switch (option) {
	case 's':
		return number(value, strlen(value), &w->seed) &&
		       (w->last = w->seed, true);
	case 'S':
		return seeds(value, w);
	case 'd':
		return text_to_double(value, strlen(value), &w->days) &&
		       w->days > 0;
	case 'n':
		return nodes(value, w);
	case '2':
		w->twice = true;
		return true;
	case 't':
		w->trace = true;
		return true;
	case 'b':
		w->brief = true;
		return true;
	case 'w':
		w->record = value;
		return true;
	case 'r':
		w->replay = value;
		return true;
	case 'R':
		w->resteer = value;
		return true;
	default:
		return false;
	}
}

static int go(struct wishes *w, const char *name, bool seeded)
{
	bool repeats = w->replay || w->resteer;

	if (repeats && !name && !seeded && !w->record &&
	    !(w->replay && w->resteer)) {
		return repeat(w);
	}
	/* A record has one world in it. */
	bool many = (name && strcmp(name, "all") == 0) || w->seed != w->last;

	if ((!name && !seeded) || repeats || (w->record && many)) {
		options_help(&options, stderr);
		return 2;
	}
	if (name && strcmp(name, "all") == 0) {
		return run_all(w) ? 0 : 1;
	}
	w->scenario = name ? scenario_find(name) : NULL;
	if (name && !w->scenario) {
		(void)fprintf(stderr,
			      "ntpsim: no scenario '%s'; see ntpsim --list\n",
			      name);
		return 2;
	}
	return run_seeds(w) ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct wishes w = { .seed = DEFAULT_SEED, .last = DEFAULT_SEED };
	bool seeded = false;
	int option;

	while ((option = options_next(&options, argc, argv)) != -1) {
		if (option == 'l') {
			return list();
		}
		if (option == 'h') {
			options_help(&options, stdout);
			return 0;
		}
		if (!wish(option, optarg, &w)) {
			options_help(&options, stderr);
			return 2;
		}
		seeded |= option == 's' || option == 'S';
	}
	return go(&w, argv[optind], seeded);
}
