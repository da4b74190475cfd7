/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellsettings.c - the commands of ntpq that concern ntpq itself.
 */
#include <inttypes.h>
#include <string.h>

#include "client/control/complaint.h"
#include "client/ntpq/shell.h"
#include "client/version.h"

static bool word_is(const struct shell_words *args, const char *word)
{
	return args->count > 0 && strcmp(args->word[0], word) == 0;
}

/* False when the word is no number; then it has been said. */
static bool take_ms(const struct shell_words *args, int64_t *ms)
{
	if (text_to_i64(args->word[0], strlen(args->word[0]), ms) && *ms >= 0 &&
	    *ms <= 3600000) {
		return true;
	}
	complain("***Invalid number of milliseconds `%s'\n", args->word[0]);
	return false;
}

void shell_do_timeout(struct shell *s, const struct shell_words *args)
{
	int64_t ms;

	if (args->count == 0) {
		ms = span_to_ns(s->ctl.first_wait) / 1000000;
		fprintf(s->out, "primary timeout %" PRId64 " ms\n", ms);
	} else if (take_ms(args, &ms)) {
		/* As in the classic tool, later fragments get half. */
		s->ctl.first_wait = SPAN_MS(ms);
		s->ctl.next_wait = SPAN_MS(ms / 2);
	}
}

void shell_do_delay(struct shell *s, const struct shell_words *args)
{
	int64_t ms;

	if (args->count == 0) {
		fprintf(s->out, "delay %" PRId64 " ms\n", s->delay_ms);
	} else if (take_ms(args, &ms)) {
		s->delay_ms = ms;
	}
}

static enum names_family family_word(const char *word)
{
	if (strcmp(word, "-4") == 0) {
		return NAMES_V4;
	}
	return strcmp(word, "-6") == 0 ? NAMES_V6 : NAMES_ANY;
}

/* What cannot be reached leaves the host as it was. */
static bool change_host(struct shell *s, const char *host)
{
	char before[sizeof(s->host)];

	memcpy(before, s->host, sizeof(before));
	if (shell_host(s, host)) {
		return true;
	}
	if (before[0] != '\0' && shell_host(s, before)) {
		fprintf(s->out, "current host remains %s\n", s->host);
	}
	return false;
}

void shell_do_host(struct shell *s, const struct shell_words *args)
{
	size_t at = 0;

	if (args->count > 0) {
		enum names_family family = family_word(args->word[0]);

		at = family != NAMES_ANY ? 1 : 0;
		s->family = family != NAMES_ANY ? family : s->family;
	}
	if (args->count > at && !change_host(s, args->word[at])) {
		return;
	}
	if (s->ctl.fd < 0) {
		fputs("no current host\n", s->out);
	} else {
		fprintf(s->out, "current host %s %s\n",
			args->count > at ? "set to" : "is", s->host);
	}
}

void shell_do_hostnames(struct shell *s, const struct shell_words *args)
{
	if (args->count == 0) {
		fprintf(s->out, "hostnames %s\n",
			s->numeric ? "not being shown" : "being shown");
	} else if (word_is(args, "yes") || word_is(args, "no")) {
		s->numeric = word_is(args, "no");
	} else {
		complain("What?\n");
	}
}

void shell_do_debug(struct shell *s, const struct shell_words *args)
{
	if (word_is(args, "no")) {
		s->debug = 0;
	} else if (word_is(args, "more")) {
		s->debug++;
	} else if (word_is(args, "less")) {
		s->debug -= s->debug > 0 ? 1 : 0;
	} else if (args->count > 0) {
		complain("What?\n");
		return;
	}
	s->ctl.debug = s->debug > 0 ? s->log : NULL;
	fprintf(s->out, "debug level %s %u\n",
		args->count > 0 ? "set to" : "is", s->debug);
}

void shell_do_ntpversion(struct shell *s, const struct shell_words *args)
{
	uint64_t version;

	if (args->count == 0) {
		fprintf(s->out, "NTP version being claimed is %u\n",
			s->ctl.version);
	} else if (text_to_u64(args->word[0], strlen(args->word[0]),
			       &version) &&
		   version >= 1 && version <= 4) {
		s->ctl.version = (uint8_t)version;
	} else {
		complain("***Invalid NTP version `%s'\n", args->word[0]);
	}
}

void shell_do_raw(struct shell *s, const struct shell_words *args)
{
	(void)args;
	s->raw = true;
	fputs("Output set to raw\n", s->out);
}

void shell_do_cooked(struct shell *s, const struct shell_words *args)
{
	(void)args;
	s->raw = false;
	fputs("Output set to cooked\n", s->out);
}

void shell_do_units(struct shell *s, const struct shell_words *args)
{
	(void)args;
	s->units = !s->units;
}

void shell_do_direct(struct shell *s, const struct shell_words *args)
{
	(void)args;
	s->direct = !s->direct;
	fprintf(s->out, "Direct mode %s\n", s->direct ? "set" : "cleared");
}

void shell_do_drefid(struct shell *s, const struct shell_words *args)
{
	if (word_is(args, "hash") || word_is(args, "ipv4")) {
		s->refid_hash = word_is(args, "hash");
	} else if (args->count > 0) {
		complain("What?\n");
		return;
	}
	fprintf(s->out, "drefid value is %s\n",
		s->refid_hash ? "hash" : "ipv4");
}

void shell_do_poll(struct shell *s, const struct shell_words *args)
{
	(void)args;
	fputs("poll not implemented yet\n", s->out);
}

void shell_do_version(struct shell *s, const struct shell_words *args)
{
	(void)args;
	fputs(VERSION_LINE("ntpq") "\n", s->out);
}

void shell_do_quit(struct shell *s, const struct shell_words *args)
{
	(void)args;
	s->quit = true;
}
