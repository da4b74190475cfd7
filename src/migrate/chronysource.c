/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom we ask: servers, and clocks of this machine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "migrate/chrony.h"

/* What becomes of a word; `as` and `why` may both be. */
static const struct word {
	const char *word;
	size_t values; /* behind it: none or one */
	const char *as, *needless, *left;
} words[] = {
#define TAKE(word, values, as) { #word, values, as, NULL, NULL },
#define TAKE_BUT(word, values, as, why) { #word, values, as, NULL, why },
#define NEEDLESS(word, values, why) { #word, values, NULL, why, NULL },
#define LEAVE(word, values, why) { #word, values, NULL, NULL, why },
#include "migrate/chronysource.def"
#undef TAKE
#undef TAKE_BUT
#undef NEEDLESS
#undef LEAVE
};

static const struct word *find(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(words[i].word, text) == 0) {
			return &words[i];
		}
	}
	return NULL;
}

static bool is_poll(const struct word *w)
{
	return w->as &&
	       (strcmp(w->as, "minpoll") == 0 || strcmp(w->as, "maxpoll") == 0);
}

/* Within our range; what was beyond it is said. */
static void take_poll(struct draft *d, const struct line *l, const char *value,
		      FILE *out)
{
	double log2_s = strtod(value, NULL);

	(void)fprintf(out, " %d", draft_poll(log2_s));
	if (log2_s < 3 || log2_s > 17) {
		draft_leave(d, l,
			    "polls are from 3, which is 8 s, to 17: the "
			    "nearest one is taken");
	}
}

/* A word of ours, with its values; what is said of it stands at the end. */
static void take_word(struct draft *d, const struct line *l,
		      const struct word *w, size_t at, FILE *out)
{
	bool ours = w->as && w->as[0] != '-';
	const char *value = l->word[at + w->values];

	if (ours) {
		(void)fprintf(out, " %s", w->as);
	}
	if (is_poll(w)) {
		take_poll(d, l, value, out);
	} else if (ours && w->values > 0) {
		(void)fprintf(out, " %s", value);
	}
	if (ours && strcmp(w->as, "key") == 0) {
		draft_line(d, PART_RECORDS, "trustedkey %s", value);
	}
	if (w->needless) {
		draft_needless(d, l, w->needless);
	} else if (strcmp(w->word, "port") == 0 && strcmp(value, "123") == 0) {
		draft_needless(d, l, "it is the port of NTP");
	} else if (w->left) {
		draft_leave(d, l, w->left);
	}
}

/* The words behind the name, to the line; those that we have not, to the end.
 */
static void take_words(struct draft *d, const struct line *l, FILE *out)
{
	bool strange = false;

	for (size_t i = 2; i < l->count; i++) {
		const struct word *w = find(l->word[i]);

		if (!w || i + w->values >= l->count) {
			if (!strange) {
				draft_leave_word(d, l, l->word[i],
						 "not understood");
			}
			strange = true;
			continue;
		}
		take_word(d, l, w, i, out);
		i += w->values;
	}
}

/* "-4 ", "-6 ", or nothing: what stands before the name. */
static const char *family(const struct line *l)
{
	for (size_t i = 2; i < l->count; i++) {
		const struct word *w = find(l->word[i]);

		if (w && w->as && w->as[0] == '-') {
			return w->as[1] == '4' ? "-4 " : "-6 ";
		}
	}
	return "";
}

/* Lines that grow word by word; NULL: no memory, and `err` says so. */
static FILE *begin(struct draft *d, char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);

	if (!out) {
		d->err = -ENOMEM;
	}
	return out;
}

static void end(struct draft *d, enum part part, FILE *out, char **text)
{
	if (fclose(out) == 0) {
		d->sources += draft_line(d, part, "%s", *text);
	} else {
		d->err = -ENOMEM;
	}
	free(*text);
}

void take_source(struct draft *d, const struct line *l)
{
	char *text = NULL;
	size_t len = 0;

	if (l->count < 2) {
		draft_leave(d, l, "nobody is named");
		return;
	}
	FILE *out = begin(d, &text, &len);

	if (!out) {
		return;
	}
	for (const char *p = l->word[0]; *p != '\0'; p++) {
		(void)fputc(*p | 0x20, out);
	}
	(void)fprintf(out, " %s%s", family(l), l->word[1]);
	take_words(d, l, out);
	end(d, PART_SOURCES, out, &text);
}

/* "broadcast INTERVAL ADDRESS [PORT]" */
void take_broadcast(struct draft *d, const struct line *l)
{
	if (l->count < 3) {
		draft_leave(d, l, "no address is named");
		return;
	}
	d->sources += draft_line(d, PART_SOURCES, "broadcast %s", l->word[2]);
	draft_needless(d, l,
		       "it is sent every 64 s (`minpoll`), and should be "
		       "signed: key N");
}

/*
 * "local [stratum N] [orphan]": there the stratum that is served, at ours
 * that of the clock, and one more is served.
 */
void take_local(struct draft *d, const struct line *l)
{
	long stratum = 10;
	bool orphan = false;

	for (size_t i = 1; i < l->count; i++) {
		if (strcasecmp(l->word[i], "stratum") == 0 &&
		    i + 1 < l->count) {
			stratum = strtol(l->word[++i], NULL, 10);
		} else if (strcasecmp(l->word[i], "orphan") == 0) {
			orphan = true;
		} else {
			draft_leave(d, l, "only `stratum` and `orphan` of it");
			i++;
		}
	}
	if (stratum < 1 || stratum > 15) {
		draft_leave(d, l, "a stratum is from 1 to 15");
	} else if (orphan) {
		draft_line(d, PART_CLOCKS, "tos orphan %ld", stratum);
	} else {
		draft_line(d, PART_CLOCKS,
			   "server 127.127.1.0\nfudge 127.127.1.0 stratum %ld",
			   stratum - 1);
	}
}

static const struct {
	const char *word, *fudge;
} fudges[] = { { "refid", "refid" },
	       { "offset", "time1" },
	       { "stratum", "stratum" } };

/* The words of a refclock line that stand on its server line. */
static void take_clock_words(const struct line *l, FILE *out)
{
	for (size_t i = 3; i < l->count; i++) {
		if (strcasecmp(l->word[i], "prefer") == 0) {
			(void)fputs(" prefer", out);
		} else if (strcasecmp(l->word[i], "noselect") == 0) {
			(void)fputs(" noselect", out);
		} else if (strcasecmp(l->word[i], "poll") == 0 &&
			   i + 1 < l->count) {
			int poll = draft_poll(strtod(l->word[++i], NULL));

			(void)fprintf(out, " minpoll %d maxpoll %d", poll,
				      poll);
		}
	}
}

/* Those that are fudged. False: there are others. */
static bool take_fudges(const struct line *l, long unit, FILE *out)
{
	bool all = true;

	for (size_t i = 3; i < l->count; i++) {
		size_t j = 0;

		while (j < ARRAY_LEN(fudges) &&
		       strcasecmp(l->word[i], fudges[j].word) != 0) {
			j++;
		}
		if (j < ARRAY_LEN(fudges) && i + 1 < l->count) {
			(void)fprintf(out, "\nfudge 127.127.28.%ld %s %s", unit,
				      fudges[j].fudge, l->word[++i]);
		} else if (strcasecmp(l->word[i], "poll") == 0) {
			i++;
		} else if (strcasecmp(l->word[i], "prefer") != 0 &&
			   strcasecmp(l->word[i], "noselect") != 0) {
			all = false;
		}
	}
	return all;
}

static void take_shm(struct draft *d, const struct line *l, long unit)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = begin(d, &text, &len);

	if (!out) {
		return;
	}
	(void)fprintf(out, "server 127.127.28.%ld", unit);
	take_clock_words(l, out);

	bool all = take_fudges(l, unit, out);

	end(d, PART_CLOCKS, out, &text);
	if (!all) {
		draft_needless(d, l,
			       "what is not in the lines of the clock: it "
			       "is read each second, and the estimator "
			       "decides");
	}
}

/* "refclock DRIVER PARAMETER ..." */
void take_refclock(struct draft *d, const struct line *l)
{
	long unit = l->count > 2 ? strtol(l->word[2], NULL, 10) : -1;

	if (l->count < 3) {
		draft_leave(d, l, "no driver is named");
	} else if (strcasecmp(l->word[1], "SHM") == 0 && unit >= 0 &&
		   unit < 256) {
		take_shm(d, l, unit);
	} else if (strcasecmp(l->word[1], "PPS") == 0 ||
		   strcasecmp(l->word[1], "SOCK") == 0 ||
		   strcasecmp(l->word[1], "PHC") == 0) {
		draft_leave(d, l,
			    "there is no driver for it yet; gpsd's shared "
			    "memory is `server 127.127.28.0`");
	} else {
		draft_leave(d, l, "not understood");
	}
}
