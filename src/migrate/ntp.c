/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntp.conf of ntp.org's suite and of ntpsec: the words are ours, so lines go
 * over as they are. What is not in effect here, our own reader says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "migrate/draft.h"

#define LINES_MOST 16384

/* A line that goes over unless our reader cannot read it. */
struct kept {
	char *text, *file;
	unsigned number;
	bool source, broken;
};

/* All of them, of all files, as one text for our reader. */
static struct {
	FILE *out;
	char *text;
	size_t len;
	struct kept *lines;
	size_t count;
} whole;

/* A directory of ntpsec's belongs to its own user. */
static bool is_elsewhere(const struct line *l)
{
	return l->count > 1 && strstr(l->word[1], "/ntpsec") != NULL;
}

static bool is(const struct line *l, const char *word)
{
	return strcmp(l->word[0], word) == 0;
}

static void keep(struct draft *d, const struct line *l)
{
	struct kept *k = &whole.lines[whole.count];

	if (whole.count == LINES_MOST) {
		draft_leave(d, l, "more lines than can be read");
		return;
	}
	*k = (struct kept){
		.text = strdup(l->text),
		.file = strdup(l->file),
		.number = l->number,
		.source = is(l, "server") || is(l, "pool") || is(l, "peer") ||
			  is(l, "refclock"),
	};
	whole.count++;
	if (!k->text || !k->file) {
		d->err = -ENOMEM;
		return;
	}
	(void)fprintf(whole.out, "%s\n", l->text);
}

static void take(struct draft *d, const struct line *l)
{
	if (is(l, "includefile") && l->count > 1) {
		if (!draft_read(d, l->word[1], "#", take)) {
			draft_leave(d, l, "it cannot be read");
		}
	} else if (is(l, "driftfile")) {
		draft_needless(d, l,
			       is_elsewhere(l)
				       ? "the clock's frequency is learned anew"
				       : "it is the first line of this file");
	} else if (is(l, "statsdir") && is_elsewhere(l)) {
		draft_line(d, PART_RECORDS, "statsdir /var/log/ntpstats/");
	} else if (is_elsewhere(l)) {
		draft_leave(d, l, "a file of another daemon's user: move it");
	} else {
		keep(d, l);
	}
}

static void complain(struct draft *d, const struct complaint *x)
{
	if (x->place.line < 1 || x->place.line > whole.count) {
		return;
	}
	struct kept *k = &whole.lines[x->place.line - 1];
	const struct line l = { .file = k->file,
				.number = k->number,
				.text = k->text };

	k->broken |= x->severity != COMPLAINT_INFO;
	draft_leave(d, &l, x->text);
}

/* Lines that our reader does not take, or that have no effect here. */
static void check(struct draft *d)
{
	size_t room = config_arena_size(whole.len);
	void *memory = malloc(room);
	struct arena arena = arena_over(memory, memory ? room : 0);
	struct config c;

	config_defaults(&c);
	struct config_result r = config_parse(&c, &arena, "ntp.conf",
					      whole.text, whole.len, NULL);

	d->err = r.out_of_memory ? -ENOMEM : d->err;
	for (const struct complaint *x = r.complaints; x; x = x->next) {
		complain(d, x);
	}
	free(memory);
}

static void print(struct draft *d)
{
	for (size_t i = 0; i < whole.count; i++) {
		const struct kept *k = &whole.lines[i];

		if (!k->broken) {
			draft_line(d, k->source ? PART_SOURCES : PART_RECORDS,
				   "%s", k->text);
			d->sources += k->source;
		}
	}
}

static void forget(void)
{
	for (size_t i = 0; i < whole.count; i++) {
		free(whole.lines[i].text);
		free(whole.lines[i].file);
	}
	free(whole.lines);
	free(whole.text);
	whole.text = NULL;
}

void ntp_read(struct draft *d, const char *path)
{
	whole.count = 0;
	whole.lines = calloc(LINES_MOST, sizeof(*whole.lines));
	whole.out = open_memstream(&whole.text, &whole.len);
	if (!whole.lines || !whole.out) {
		d->err = -ENOMEM;
	} else if (!draft_read(d, path, "#", take)) {
		d->err = -errno;
	}
	if (whole.out && fclose(whole.out) == 0 && d->err == 0) {
		check(d);
		print(d);
	}
	forget();
}
