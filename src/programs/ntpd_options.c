/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs/ntpd_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "programs/ntpd_version.h"

enum option_kind { FLAG, TEXT, NUMBER };

struct option {
	const char *name, *takes, *doc;
	enum option_kind kind;
	char letter;
};

static const struct option table[OPTIONS] = {
#define OPTION(id, letter, name, kind, takes, doc) \
	[OPTION_##id] = { name, takes, doc, kind, letter },
#include "programs/ntpd_options.def"
#undef OPTION
};

/* Which options cannot stand together. */
static const enum option_id conflicts[][2] = {
	{ OPTION_IPV4, OPTION_IPV6 },
	{ OPTION_AUTHREQ, OPTION_AUTHNOREQ },
	{ OPTION_QUIT, OPTION_SAVECONFIG },
	{ OPTION_QUIT, OPTION_WAIT_SYNC },
	{ OPTION_NOFORK, OPTION_WAIT_SYNC },
	{ OPTION_SAVECONFIG, OPTION_WAIT_SYNC },
};

/* Where in the command line we are. */
struct cursor {
	char *const *argv;
	int argc, at;
	const char *value; /* of the option at hand; NULL: the next word */
};

static void usage(FILE *f)
{
	(void)fputs("ntpd - NTP daemon program - Ver. " NTPD_VERSION "\n"
		    "Usage:  ntpd [ -<flag> [<val>] | --<name>[{=| }<val>] ]"
		    "... \\\n"
		    "\t\t[ <server1> ... <serverN> ]\n",
		    f);
}

static void mistake(void)
{
	usage(stderr);
	(void)fputs("Try 'ntpd --help' for more information.\n", stderr);
}

static int help(void)
{
	usage(stdout);
	(void)puts("");
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &table[i];
		char letter[3] = { '-', o->letter, '\0' };

		(void)printf("  %2s  --%s%s%s\n\t\t%s\n",
			     o->letter ? letter : "", o->name,
			     o->kind == FLAG ? "" : "=", o->takes, o->doc);
	}
	(void)puts("\nEach server on the command line is asked as with "
		   "`server NAME iburst`.");
	return EXIT_SUCCESS;
}

static int find_letter(char letter)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (table[i].letter == letter) {
			return i;
		}
	}
	return letter == '!' ? OPTION_HELP : -1;
}

/* The one name that begins so; -1: none or several. */
static int find_name(const char *s, size_t len)
{
	int found = -1, matches = 0;

	for (int i = 0; i < OPTIONS; i++) {
		if (strncmp(table[i].name, s, len) != 0) {
			continue;
		}
		if (table[i].name[len] == '\0') {
			return i;
		}
		found = i;
		matches++;
	}
	return matches == 1 ? found : -1;
}

static bool take_number(struct ntpd_options *o, int id, const char *text)
{
	int64_t v;

	if (!text_to_i64(text, strlen(text), &v) || v < INT32_MIN ||
	    v > INT32_MAX) {
		(void)fprintf(stderr,
			      "ntpd error:  '%s' is not a recognizable "
			      "number.\n",
			      text);
		return false;
	}
	o->number[id] = (long)v;
	return true;
}

/* One option, with its value if it takes one. */
static bool take(struct ntpd_options *o, int id, struct cursor *c)
{
	const struct option *option = &table[id];

	o->count[id]++;
	if (option->kind == FLAG) {
		if (c->value) {
			(void)fprintf(stderr,
				      "ntpd: option doesn't take an argument "
				      "-- %s\n",
				      option->name);
		}
		return !c->value;
	}
	if (!c->value && ++c->at < c->argc) {
		c->value = c->argv[c->at];
	}
	if (!c->value) {
		(void)fprintf(stderr,
			      "ntpd: option requires an argument -- %s\n",
			      option->name);
		return false;
	}
	o->text[id] = c->value;
	o->uses[o->use_count++] =
		(struct option_use){ (enum option_id)id, c->value };
	return option->kind == TEXT || take_number(o, id, c->value);
}

static bool take_long(struct ntpd_options *o, struct cursor *c)
{
	const char *name = c->argv[c->at] + 2;
	size_t len = strcspn(name, "=");
	int id = find_name(name, len);

	if (id < 0) {
		(void)fprintf(stderr, "ntpd: illegal option -- %.*s\n",
			      (int)len, name);
		return false;
	}
	c->value = name[len] == '=' ? name + len + 1 : NULL;
	return take(o, id, c);
}

static bool take_letters(struct ntpd_options *o, struct cursor *c)
{
	const char *p = c->argv[c->at] + 1;

	for (bool more = true; more && *p; p++) {
		int id = find_letter(*p);

		if (id < 0) {
			(void)fprintf(stderr, "ntpd: illegal option -- %c\n",
				      *p);
			return false;
		}
		/* A letter with a value ends the word: the rest is the value.
		 */
		more = table[id].kind == FLAG;
		c->value = !more && p[1] ? p + 1 : NULL;
		if (!take(o, id, c)) {
			return false;
		}
	}
	return true;
}

/* 0, or the exit code of a contradiction. */
static int check(const struct ntpd_options *o)
{
	for (size_t i = 0; i < ARRAY_LEN(conflicts); i++) {
		const enum option_id *pair = conflicts[i];

		if (option_given(o, pair[0]) && option_given(o, pair[1])) {
			(void)fprintf(stderr,
				      "ntpd error:  the '%s' and '%s' options "
				      "conflict\n",
				      table[pair[0]].name, table[pair[1]].name);
			return EXIT_FAILURE;
		}
	}
	if (o->number[OPTION_UPDATE] < 0) {
		(void)fprintf(stderr,
			      "ntpd: the update interval must not be "
			      "negative: %ld\n",
			      o->number[OPTION_UPDATE]);
		return 2;
	}
	if (option_given(o, OPTION_PORT) &&
	    (o->number[OPTION_PORT] < 1 || o->number[OPTION_PORT] > 65535)) {
		(void)fprintf(stderr, "ntpd error:  %ld is not a port\n",
			      o->number[OPTION_PORT]);
		return EXIT_FAILURE;
	}
	if (o->number[OPTION_WAIT_SYNC] < 0) {
		(void)fprintf(stderr, "ntpd error:  cannot wait for %ld s\n",
			      o->number[OPTION_WAIT_SYNC]);
		return EXIT_FAILURE;
	}
	return 0;
}

int options_parse(struct ntpd_options *o, int argc, char *const *argv)
{
	struct cursor c = { .argv = argv, .argc = argc, .at = 1 };
	bool good = true;
	int code;

	memset(o, 0, sizeof(*o));
	o->uses = calloc((size_t)argc + 1, sizeof(*o->uses));
	if (!o->uses) {
		return EXIT_FAILURE;
	}
	for (; good && c.at < argc && argv[c.at][0] == '-' && argv[c.at][1];
	     c.at++) {
		if (strcmp(argv[c.at], "--") == 0) {
			c.at++;
			break;
		}
		good = argv[c.at][1] == '-' ? take_long(o, &c)
					    : take_letters(o, &c);
	}
	if (good && option_given(o, OPTION_HELP)) {
		return help();
	}
	if (good && option_given(o, OPTION_VERSION)) {
		(void)puts(NTPD_VERSION_LINE);
		return EXIT_SUCCESS;
	}
	code = good ? check(o) : EXIT_FAILURE;
	if (code != 0) {
		mistake();
		return code;
	}
	o->servers = argv + c.at;
	o->server_count = c.at < argc ? (size_t)(argc - c.at) : 0;
	return -1;
}

void options_free(struct ntpd_options *o)
{
	free(o->uses);
	o->uses = NULL;
}
