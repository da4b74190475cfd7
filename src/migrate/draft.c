/* SPDX-License-Identifier: BSD-2-Clause */
#include "migrate/draft.h"

#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/lexer.h"
#include "migrate/migrate.h"
#include "migrate/reader.h"

#define GUARD "nomodify notrap nopeer noquery"

static const char *const titles[PARTS] = {
	[PART_SOURCES] = "Whom we ask.",
	[PART_CLOCKS] = "Reference clocks.",
	[PART_DISCIPLINE] = "How the clock is kept.",
	[PART_ACCESS] = "Who may ask us.",
	[PART_RECORDS] = "Files and the process.",
	[PART_NEEDLESS] = "Not needed here:",
	[PART_LEFT] = "NOT CARRIED OVER:",
};

int draft_open(struct draft *d)
{
	*d = (struct draft){ .sources = 0 };
	for (size_t i = 0; i < PARTS; i++) {
		d->part[i] = open_memstream(&d->text[i], &d->len[i]);
		if (!d->part[i]) {
			draft_close(d);
			return -ENOMEM;
		}
	}
	return 0;
}

void draft_close(struct draft *d)
{
	for (size_t i = 0; i < PARTS; i++) {
		if (d->part[i]) {
			(void)fclose(d->part[i]);
		}
		free(d->text[i]);
	}
	free(d->rules);
}

/* As a comment: what could end it, or move a cursor, is a question mark. */
static void remark(struct draft *d, enum part part, const struct line *l,
		   const char *why)
{
	FILE *out = d->part[part];

	(void)fprintf(out, "# %s:%u: ", l->file, l->number);
	for (const char *p = l->text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		(void)fputc(c == '\t'              ? ' '
			    : c < ' ' || c == 0x7f ? '?'
						   : c,
			    out);
	}
	(void)fprintf(out, "\n#     %s\n", why);
}

void draft_needless(struct draft *d, const struct line *l, const char *why)
{
	remark(d, PART_NEEDLESS, l, why);
}

void draft_leave(struct draft *d, const struct line *l, const char *why)
{
	remark(d, PART_LEFT, l, why);
	d->left++;
}

void draft_leave_word(struct draft *d, const struct line *l, const char *word,
		      const char *why)
{
	char reason[256];
	struct text t = text_over(reason, sizeof(reason));

	text_escaped(&t, word, strnlen(word, 40));
	text_str(&t, ": ");
	text_str(&t, why);
	draft_leave(d, l, reason);
}

/* A # in the midst of a word, which would hide what is behind it. */
static bool hides(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line != '#' && line[strcspn(line, "#\n")] == '#') {
			return true;
		}
	}
	return false;
}

/* False: nothing of it is. */
static bool add(struct draft *d, enum part part, const char *text)
{
	char *form, *why;
	bool any = true;

	if (d->now && hides(text)) {
		draft_leave(d, d->now, "a # begins a comment in ntp.conf");
		return false;
	}
	why = reader_complaint(text, &form);
	if (why && d->now) {
		draft_leave(d, d->now, why);
	}
	if (why) {
		any = form && form[0] != '\0';
		(void)fputs(any ? form : "", d->part[part]);
	} else {
		(void)fprintf(d->part[part], "%s\n", text);
	}
	free(why);
	free(form);
	return any;
}

bool draft_line(struct draft *d, enum part part, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	int n = vasprintf(&text, format, args);

	va_end(args);
	if (n < 0) {
		d->err = -ENOMEM;
		return false;
	}
	bool any = add(d, part, text);

	free(text);
	return any;
}

/* Is it an address, a network or a name? Says so if not. */
static bool is_somebody(struct draft *d, const char *who)
{
	char line[sizeof("restrict ") + WHO];
	char *form, *why;

	(void)snprintf(line, sizeof(line), "restrict %s", who);
	why = reader_complaint(line, &form);

	/* A quote would swallow the flags behind it, a # would hide them. */
	bool good = !why && word_is_plain(who, strlen(who));

	if (!good && d->now) {
		draft_leave(d, d->now, why ? why : "not an address or a name");
	}
	free(why);
	free(form);
	return good;
}

void draft_rule(struct draft *d, const char *who, bool allowed)
{
	if (!is_somebody(d, who)) {
		return;
	}
	if (d->rule_count == d->rule_room) {
		size_t room = 2 * d->rule_room + 16;
		struct rule *more = realloc(d->rules, room * sizeof(*more));

		if (!more) {
			d->err = -ENOMEM;
			return;
		}
		d->rules = more;
		d->rule_room = room;
	}
	struct rule *r = &d->rules[d->rule_count++];

	(void)snprintf(r->who, sizeof(r->who), "%s", who);
	r->allowed = allowed;
}

static bool is_last_word(const struct draft *d, size_t i)
{
	for (size_t j = i + 1; j < d->rule_count; j++) {
		if (strcmp(d->rules[i].who, d->rules[j].who) == 0) {
			return false;
		}
	}
	return true;
}

void draft_access(struct draft *d)
{
	char more[32];

	(void)snprintf(more, sizeof(more), "%s%s",
		       d->limited ? "limited kod " : "",
		       d->signs ? "mssntp " : "");
	for (int v6 = 0; v6 < 2; v6++) {
		draft_line(d, PART_ACCESS, "restrict -%d default %s%s%s",
			   v6 ? 6 : 4, d->serves[v6] ? "" : "noserve ", more,
			   GUARD);
	}
	if (!d->serves[0] || !d->serves[1]) {
		draft_line(d, PART_ACCESS, "restrict source " GUARD);
	}
	for (size_t i = 0; i < d->rule_count; i++) {
		const struct rule *r = &d->rules[i];

		if (is_last_word(d, i)) {
			draft_line(d, PART_ACCESS, "restrict %s %s%s%s", r->who,
				   r->allowed ? "" : "noserve ", more, GUARD);
		}
	}
	draft_line(d, PART_ACCESS, "restrict 127.0.0.1\nrestrict ::1");
	/* Where it listens in one family says nothing about the other. */
	if (d->bound[0] != d->bound[1]) {
		draft_line(d, PART_RECORDS, "interface listen ipv%d",
			   d->bound[0] ? 6 : 4);
	}
}

void draft_print(struct draft *d, const char *from, FILE *to)
{
	(void)fprintf(to, MIGRATE_MARK "%s\n\ndriftfile /var/lib/ntp/drift\n",
		      from);
	for (size_t i = 0; i < PARTS; i++) {
		(void)fflush(d->part[i]);
		if (d->len[i] > 0) {
			(void)fprintf(to, "\n# %s\n%s", titles[i], d->text[i]);
		}
	}
}

int draft_poll(double log2_s)
{
	return (int)fmin(fmax(ceil(log2_s), 3), 17);
}

/* Splits in place, up to a comment; false: there is nothing. */
static bool split(struct line *l, char *words)
{
	l->count = 0;
	for (char *word = strtok(words, " \t\r\n\v\f");
	     word && l->count < LINE_WORDS && (l->count == 0 || word[0] != '#');
	     word = strtok(NULL, " \t\r\n\v\f")) {
		l->word[l->count++] = word;
	}
	return l->count > 0;
}

static void read_lines(struct draft *d, FILE *in, const char *path,
		       const char *comments, take_line *take)
{
	char *text = NULL;
	size_t room = 0;
	struct line l = { .file = path };

	for (; getline(&text, &room, in) > 0; l.number++) {
		text[strcspn(text, "\r\n")] = '\0';
		char *words = strdup(text);

		l.text = text;
		if (words && split(&l, words) &&
		    !strchr(comments, l.word[0][0])) {
			const struct line *outer = d->now;
			struct line here = l;

			here.number++;
			d->now = &here;
			take(d, &here);
			d->now = outer;
		}
		d->err = words ? d->err : -ENOMEM;
		free(words);
	}
	free(text);
}

static bool is_open(const struct draft *d, const char *path)
{
	for (unsigned i = 0; i < d->depth; i++) {
		if (strcmp(d->open[i], path) == 0) {
			return true;
		}
	}
	return d->depth == INCLUDE_DEPTH;
}

bool draft_read(struct draft *d, const char *path, const char *comments,
		take_line *take)
{
	if (is_open(d, path)) {
		errno = ELOOP;
		return false;
	}
	/* What is included is a file, and no terminal that waits for keys. */
	struct stat st = { .st_mode = S_IFREG };

	if (d->depth > 0 && stat(path, &st) != 0) {
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return false;
	}
	FILE *in = fopen(path, "re");

	if (!in) {
		return false;
	}
	d->open[d->depth++] = path;
	read_lines(d, in, path, comments, take);
	d->depth--;
	(void)fclose(in);
	return true;
}

void draft_read_all(struct draft *d, const char *pattern, const char *comments,
		    take_line *take)
{
	glob_t found = { .gl_pathc = 0 };

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const struct line file = { .file = found.gl_pathv[i],
						   .text = "" };

			if (!draft_read(d, file.file, comments, take)) {
				draft_leave(d, &file, "it cannot be read");
			}
		}
	}
	if (found.gl_pathc == 0 && d->now) {
		draft_needless(d, d->now, "no such file is here");
	}
	globfree(&found);
}
