/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs/options.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"

#define SCREEN 79 /* columns */

/* What getopt_long(3) wants to know. */
struct spelling {
	char letters[3 * OPTIONS_MOST];
	struct option names[OPTIONS_MOST + 1];
};

static bool has_letter(const struct option_line *o)
{
	return o->letter <= UCHAR_MAX;
}

static void spell(const struct option_table *t, struct spelling *s)
{
	char *p = s->letters;
	size_t names = 0;

	if (t->in_order) {
		*p++ = '-';
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct option_line *o = &t->lines[i];
		bool takes = o->takes[0] != '\0';

		if (has_letter(o)) {
			*p++ = (char)o->letter;
			*p = ':';
			p += takes;
		}
		if (o->name[0] != '\0') {
			s->names[names++] = (struct option){
				.name = o->name,
				.has_arg =
					takes ? required_argument : no_argument,
				.val = o->letter,
			};
		}
	}
	*p = '\0';
	s->names[names] = (struct option){ 0 };
}

int options_next(const struct option_table *t, int argc, char **argv)
{
	struct spelling s;

	spell(t, &s);
	return getopt_long(argc, argv, s.letters, s.names, NULL);
}

/* "  -m, --maxerror=MS" */
static size_t print_left(const struct option_line *o, char *to, size_t size)
{
	struct text t = text_over(to, size);

	if (has_letter(o)) {
		text_str(&t, "  -");
		text_char(&t, (char)o->letter);
		text_str(&t, o->name[0] != '\0' ? ", " : "");
	} else {
		text_str(&t, "      ");
	}
	if (o->name[0] != '\0') {
		text_str(&t, "--");
		text_str(&t, o->name);
	}
	if (o->takes[0] != '\0') {
		text_char(&t, o->name[0] != '\0' ? '=' : ' ');
		text_str(&t, o->takes);
	}
	return strlen(to);
}

/* Words from this column on, folded at the end of the screen. */
static void print_words(const char *words, size_t column, FILE *out)
{
	size_t at = column;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (at > column && at + 1 + len > SCREEN) {
			(void)fprintf(out, "\n%*s", (int)column, "");
			at = column;
		}
		at += (size_t)fprintf(out, "%s%.*s", at > column ? " " : "",
				      (int)len, words);
		words += len + (words[len] == ' ');
	}
	(void)fputc('\n', out);
}

void options_help(const struct option_table *t, FILE *out)
{
	char left[SCREEN + 1];
	size_t widest = 0;

	for (size_t i = 0; i < t->count; i++) {
		size_t width = print_left(&t->lines[i], left, sizeof(left));

		if (t->lines[i].doc[0] != '\0' && width > widest) {
			widest = width;
		}
	}
	(void)fputs(t->usage, out);
	for (size_t i = 0; i < t->count; i++) {
		if (t->lines[i].doc[0] == '\0') {
			continue;
		}
		(void)print_left(&t->lines[i], left, sizeof(left));
		(void)fprintf(out, "%-*s  ", (int)widest, left);
		print_words(t->lines[i].doc, widest + 2, out);
	}
	(void)fputs(t->after ? t->after : "", out);
}
