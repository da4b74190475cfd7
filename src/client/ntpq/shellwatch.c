/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellwatch.c - status and sources again and again: on a terminal in place,
 * elsewhere one after the other, with --json a line each.
 */
#include <stdlib.h>
#include <string.h>

#include "client/control/complaint.h"
#include "client/health/humanjson.h"
#include "client/health/screen.h"
#include "client/health/sourcestable.h"
#include "client/health/verdict.h"
#include "client/ntpq/gather.h"
#include "client/ntpq/shell.h"
#include "client/ntpq/waitsync.h"

#define INTERVAL_S 2
#define INTERVAL_LEAST_S 0.1
#define INTERVAL_MOST_S 86400
#define PATIENCE SPAN_S(2) /* a picture that waits longer is no live one */

struct watch {
	double interval_s;
	uint64_t rounds; /* 0: for ever */
	bool screen;
};

static struct overview overview;

static bool read_words(struct watch *w, const struct shell_words *args)
{
	*w = (struct watch){ .interval_s = INTERVAL_S };
	return args->count <= 2 &&
	       (args->count < 1 ||
		(text_to_double(args->word[0], strlen(args->word[0]),
				&w->interval_s) &&
		 w->interval_s >= INTERVAL_LEAST_S &&
		 w->interval_s <= INTERVAL_MOST_S)) &&
	       (args->count < 2 ||
		text_to_u64(args->word[1], strlen(args->word[1]), &w->rounds));
}

static void transcript_round_of(struct shell *s, enum ctl_result result)
{
	if (result == CTL_OK) {
		struct verdict v = verdict_of(&overview);

		transcript_add(s->transcript, "verdict",
			       humanjson_verdict(&overview, &v));
		transcript_add(s->transcript, "sources",
			       humanjson_sources(&overview));
	} else {
		transcript_failed(s->transcript, result, &s->answer);
	}
	transcript_round(s->transcript, stdout);
}

static void print_round(FILE *out, const struct shell *s,
			enum ctl_result result, unsigned width, bool colour)
{
	if (result == CTL_OK) {
		struct verdict v = verdict_of(&overview);

		verdict_print_folded(out, &overview, &v, width);
		fputc('\n', out);
		sourcestable_print(out, &overview, width, colour);
	} else {
		fprintf(out, "%s: no answer\n", s->host);
	}
	fputc('\n', out);
}

static void show(const struct shell *s, enum ctl_result result)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		return;
	}
	/* A last column that is full would be wiped with the line's rest. */
	print_round(out, s, result, screen_width() - 1,
		    screen_has_colours(stdout));
	(void)fclose(out);
	screen_show(text, len);
	free(text);
}

static void watch(struct shell *s, const struct watch *w)
{
	bool going = true;

	for (uint64_t round = 1; going; round++) {
		enum ctl_result result = gather(s, &overview);

		if (s->transcript) {
			transcript_round_of(s, result);
		} else if (w->screen) {
			show(s, result);
		} else {
			print_round(s->out, s, result, s->width, false);
			going = fflush(s->out) == 0;
		}
		if (result == CTL_SYSTEM) {
			(void)shell_reopen(s);
		}
		going = going && result != CTL_INTERRUPTED &&
			round != w->rounds &&
			(w->screen ? screen_wait(w->interval_s)
				   : sync_sleep(w->interval_s));
	}
}

void shell_do_watch(struct shell *s, const struct shell_words *args)
{
	span wait = s->ctl.first_wait;
	unsigned tries = s->ctl.tries;
	struct watch w;

	if (!read_words(&w, args)) {
		complain("***Usage: watch [ interval-s [ rounds ] ]\n");
		s->failed = true;
		return;
	}
	w.screen = !s->transcript && s->out == stdout && screen_open();
	s->ctl.first_wait = PATIENCE;
	s->ctl.tries = 1;
	watch(s, &w);
	s->ctl.first_wait = wait;
	s->ctl.tries = tries;
	if (w.screen) {
		screen_close();
	}
}
