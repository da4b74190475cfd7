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
#include "migrate/reader.h"

#define LINES_MOST 16384

/* A line that goes over unless our reader cannot read it. */
struct kept {
	char *text, *file;
	unsigned number;
	enum part part;
	bool source, broken, gone;
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

/* Where a line of that word stands in what we make. */
static enum part part_of(const struct line *l)
{
	static const struct {
		const char *word;
		enum part part;
	} parts[] = {
		{ "server", PART_SOURCES },    { "unpeer", PART_SOURCES },
		{ "unconfig", PART_SOURCES },  { "pool", PART_SOURCES },
		{ "peer", PART_SOURCES },      { "refclock", PART_CLOCKS },
		{ "fudge", PART_CLOCKS },      { "tos", PART_DISCIPLINE },
		{ "tinker", PART_DISCIPLINE }, { "leapfile", PART_DISCIPLINE },
		{ "restrict", PART_ACCESS },   { "unrestrict", PART_ACCESS },
		{ "discard", PART_ACCESS },    { "limit", PART_ACCESS },
	};

	if (is(l, "server") && l->count > 1 &&
	    strncmp(l->word[1], "127.127.", 8) == 0) {
		return PART_CLOCKS;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (is(l, parts[i].word)) {
			return parts[i].part;
		}
	}
	return PART_RECORDS;
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
		.part = part_of(l),
		.source = is(l, "server") || is(l, "pool") || is(l, "peer") ||
			  is(l, "refclock"),
		.gone = is(l, "includefile"),
	};
	whole.count++;
	if (!k->text || !k->file) {
		d->err = -ENOMEM;
		return;
	}
	(void)fprintf(whole.out, "%s\n", l->text);
}

static take_line take;

/* A file, or those of a folder that end in .conf. */
static void include(struct draft *d, const struct line *l)
{
	char pattern[512];
	int n = snprintf(pattern, sizeof(pattern), "%s/*.conf", l->word[1]);

	if (draft_read(d, l->word[1], "#", take)) {
		return;
	}
	if (errno == EINVAL && n > 0 && (size_t)n < sizeof(pattern)) {
		draft_read_all(d, pattern, "#", take);
	} else {
		keep(d, l); /* our reader says what is to be said */
	}
}

static void take(struct draft *d, const struct line *l)
{
	if (is(l, "includefile") && l->count > 1) {
		include(d, l);
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
	/* What is obsolete, or said twice, is not missed. */
	if (x->severity == COMPLAINT_INFO &&
	    !strstr(x->text, "not in effect yet")) {
		draft_needless(d, &l, x->text);
	} else {
		draft_leave(d, &l, x->text);
	}
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
		char *form = NULL, *why = NULL;

		if (k->gone) {
			continue;
		}
		if (k->broken) {
			why = reader_complaint(k->text, &form);
		}
		(void)fprintf(d->part[k->part], "%s%s", form ? form : k->text,
			      form ? "" : "\n");
		d->sources += k->source && (!form || form[0] != '\0');
		free(why);
		free(form);
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
