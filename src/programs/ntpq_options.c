/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs/ntpq_options.h"

#include <string.h>

#include "client/version.h"
#include "programs/options.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 10000

/* Long options without a letter of their own. */
enum { PORT = 256, OLD_RV, JSON };

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/ntpq_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage =
		"Usage: ntpq [-46dinpuwV] [-a key] [-k file] [-c command]... "
		"[-D level]\n"
		"            [-l file] [-r hash|ipv4] [-W width] [host ...]\n"
		"       ntpq doctor|sources|status|waitsync|watch [number ...] "
		"[host ...]\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
	.in_order = true,
};

static bool fail(const char *text)
{
	fprintf(stderr, "ntpq: %s\n", text);
	options_help(&options, stderr);
	return false;
}

static bool add_command(struct ntpq_options *o, const char *command)
{
	if (o->command_count == NTPQ_COMMANDS) {
		return fail("too many commands");
	}
	o->commands[o->command_count++] = command;
	return true;
}

static bool add_peers(struct ntpq_options *o)
{
	if (o->peers) {
		return fail("only one peers option allowed");
	}
	o->peers = true;
	return add_command(o, "peers");
}

static bool add_host(struct ntpq_options *o, const char *name)
{
	if (o->host_count == NTPQ_HOSTS) {
		return fail("too many hosts");
	}
	o->hosts[o->host_count++] = (struct ntpq_host){ name, o->family };
	return true;
}

/* The value of the option at hand as a number between these two. */
static bool take_number(uint64_t min, uint64_t max, uint64_t *v,
			const char *complaint)
{
	if (!text_to_u64(optarg, strlen(optarg), v) || *v < min || *v > max) {
		return fail(complaint);
	}
	return true;
}

static bool take_port(struct shell *s)
{
	uint64_t port;

	if (!take_number(1, UINT16_MAX, &port,
			 "a port is a number from 1 to 65535")) {
		return false;
	}
	s->port = (uint16_t)port;
	return true;
}

static bool take_debug(struct shell *s)
{
	uint64_t level;

	if (!take_number(0, 9, &level, "a debug level is from 0 to 9")) {
		return false;
	}
	s->debug = (unsigned)level;
	return true;
}

static bool take_width(struct shell *s)
{
	uint64_t width;

	if (!take_number(WIDTH_MIN, WIDTH_MAX, &width,
			 "a width is a number from 40 to 10000")) {
		return false;
	}
	s->width = (unsigned)width;
	return true;
}

static bool take_refid(struct shell *s)
{
	if (strcmp(optarg, "hash") != 0 && strcmp(optarg, "ipv4") != 0) {
		return fail("a refid is shown as hash or as ipv4");
	}
	s->refid_hash = strcmp(optarg, "hash") == 0;
	return true;
}

static bool done(struct ntpq_options *o)
{
	o->exit_now = true;
	return true;
}

static bool take_setting(struct ntpq_options *o, struct shell *s, int letter)
{
	switch (letter) {
	case 'a':
		o->key = optarg;
		return true;
	case 'D':
		return take_debug(s);
	case 'k':
		o->key_file = optarg;
		return true;
	case 'l':
		o->log_file = optarg;
		return true;
	case 'r':
		return take_refid(s);
	case 'W':
		return take_width(s);
	case PORT:
		return take_port(s);
	default:
		return fail("illegal option");
	}
}

/* -? asks for help, and so getopt(3) calls what it does not know, too. */
static bool take_option(struct ntpq_options *o, struct shell *s, int letter,
			const char *word)
{
	switch (letter) {
	case 1:
		return add_host(o, optarg);
	case '4':
		o->family = NAMES_V4;
		return true;
	case '6':
		o->family = NAMES_V6;
		return true;
	case 'c':
		return add_command(o, optarg);
	case 'd':
		s->debug++;
		return true;
	case 'i':
		o->interactive = true;
		return true;
	case 'n':
		s->numeric = true;
		return true;
	case OLD_RV:
		s->old_rv = true;
		return true;
	case JSON:
		s->transcript = transcript_new();
		return s->transcript != NULL;
	case 'p':
		return add_peers(o);
	case 'u':
		s->units = true;
		return true;
	case 'w':
		s->wide = true;
		return true;
	case 'V':
		puts(VERSION_LINE("ntpq"));
		return done(o);
	case '?':
		if (optopt != 0 || strncmp(word, "--", 2) == 0) {
			return fail("illegal option");
		}
		options_help(&options, stdout);
		return done(o);
	case 'h':
	case '!':
		options_help(&options, stdout);
		return done(o);
	default:
		return take_setting(o, s, letter);
	}
}

static bool is_word(const char *name)
{
	static const char *const words[] = { "doctor", "sources", "status",
					     "waitsync", "watch" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/*
 * `ntpq status HOST`: the first operand is a command and no host when it is
 * one of a few whole words and nothing else says what to do. Numbers behind
 * it are its own. A host of that name is asked by `ntpq -c status status`.
 */
static bool take_word(struct ntpq_options *o)
{
	struct text line = text_over(o->word, sizeof(o->word));
	size_t taken = 1;
	double number;

	if (o->command_count > 0 || o->interactive || o->host_count == 0 ||
	    !is_word(o->hosts[0].name)) {
		return true;
	}
	text_str(&line, o->hosts[0].name);
	while (taken < o->host_count && taken < 4 &&
	       text_to_double(o->hosts[taken].name,
			      strlen(o->hosts[taken].name), &number)) {
		text_char(&line, ' ');
		text_str(&line, o->hosts[taken++].name);
	}
	o->host_count -= taken;
	memmove(o->hosts, o->hosts + taken,
		o->host_count * sizeof(o->hosts[0]));
	return line.cut ? fail("argument too long") : add_command(o, o->word);
}

bool ntpq_options_read(struct ntpq_options *o, struct shell *s, int argc,
		       char **argv)
{
	int letter;

	for (int i = 1; i < argc; i++) {
		if (strlen(argv[i]) >= SHELL_LINE) {
			return fail("argument too long");
		}
	}
	opterr = 0;
	while ((letter = options_next(&options, argc, argv)) != -1) {
		if (!take_option(o, s, letter, argv[optind - 1])) {
			return false;
		}
		optopt = 0;
		if (o->exit_now) {
			return true;
		}
	}
	for (; optind < argc; optind++) {
		if (!add_host(o, argv[optind])) {
			return false;
		}
	}
	if (!take_word(o)) {
		return false;
	}
	if (o->interactive && o->command_count > 0) {
		return fail("-i excludes -c and -p");
	}
	return o->host_count > 0 || add_host(o, "localhost");
}
