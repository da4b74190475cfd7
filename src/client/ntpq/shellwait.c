/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellwait.c - ntpq's waitsync.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/control/complaint.h"
#include "client/ntpq/shell.h"
#include "client/ntpq/waitsync.h"

#define INTERVAL_S 1
#define LONGEST_S 86400

struct goal {
	uint64_t tries; /* 0: without end */
	double limit_s; /* 0: any error will do */
	double interval_s;
};

static bool number_in(const struct shell_words *args, size_t i, double low,
		      double *value)
{
	if (args->count <= i) {
		return true;
	}
	return text_to_double(args->word[i], strlen(args->word[i]), value) &&
	       *value >= low && *value <= LONGEST_S;
}

static bool take_goal(const struct shell_words *args, struct goal *g)
{
	*g = (struct goal){ .interval_s = INTERVAL_S };
	if ((args->count > 0 &&
	     !text_to_u64(args->word[0], strlen(args->word[0]), &g->tries)) ||
	    !number_in(args, 1, 0, &g->limit_s) ||
	    !number_in(args, 2, 0.01, &g->interval_s)) {
		complain("***Usage: waitsync [ tries [ max-error-s [ "
			 "interval-s ] "
			 "] ]\n");
		return false;
	}
	return true;
}

static void print_try(const struct shell *s, uint64_t number,
		      const struct sync_state *state)
{
	static const char *const words[] = {
		[SYNC_GOOD] = "synchronised",
		[SYNC_POOR] = "not exact enough yet",
		[SYNC_NOT] = "not synchronised",
		[SYNC_SILENT] = "no answer",
	};

	fprintf(s->out, "try %" PRIu64 ": %s", number, words[state->sync]);
	if (!isnan(state->error_s) && state->sync <= SYNC_POOR) {
		fprintf(s->out, ", right within %.6f s", state->error_s);
	}
	fputc('\n', s->out);
	fflush(s->out);
}

void shell_do_waitsync(struct shell *s, const struct shell_words *args)
{
	struct goal g;
	struct sync_state state = { SYNC_SILENT, NAN };
	bool goes_on = true;

	if (!take_goal(args, &g) || !shell_ready(s, "")) {
		s->failed = true;
		return;
	}
	for (uint64_t i = 1; goes_on; i++) {
		state = sync_look(s, g.limit_s);
		print_try(s, i, &state);
		goes_on = state.sync != SYNC_GOOD && i != g.tries &&
			  sync_sleep(g.interval_s);
	}
	s->failed = s->failed || state.sync != SYNC_GOOD;
}
