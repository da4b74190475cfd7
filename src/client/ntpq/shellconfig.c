/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellconfig.c - the commands of ntpq that a daemon obeys only to its
 * operator: changes of its configuration, and two lists.
 */
#include <errno.h>
#include <string.h>

#include "client/control/complaint.h"
#include "client/ntpq/cooked.h"
#include "client/ntpq/ifstats.h"
#include "client/ntpq/reslist.h"
#include "client/ntpq/shell.h"

/* What the daemon says is text, of which it ends the line or not. */
static void show_text(struct shell *s)
{
	cooked_raw(s->out, s->answer.data, s->answer.len);
}

/* The line without what stands at its ends. */
static const char *trimmed(const char *line, char out[SHELL_LINE])
{
	struct text t = text_over(out, SHELL_LINE);
	size_t len = strlen(line);

	while (len > 0 && strchr(" \t\r\n", line[len - 1])) {
		len--;
	}
	text_bytes(&t, line, len);
	return out;
}

void shell_do_config(struct shell *s, const struct shell_words *args)
{
	char line[SHELL_LINE];

	if (args->count == 0) {
		complain("***A line of configuration is needed, as in "
			 "`:config server 192.0.2.1'\n");
		complain("usage: :config <configuration command line>\n");
	} else if (shell_ask_signed(s, MODE6_CONFIGURE, 0,
				    trimmed(args->rest, line))) {
		show_text(s);
	}
}

/* Each line on its own, so that a mistake is told with its line. */
static void send_file(struct shell *s, FILE *in)
{
	char raw[SHELL_LINE], line[SHELL_LINE];
	unsigned number = 0;

	fputs("Sending configuration file, one line at a time.\n", s->out);
	while (fgets(raw, sizeof(raw), in)) {
		size_t blanks = strspn(raw, " \t\r\n");

		number++;
		if (raw[blanks] == '\0' || raw[blanks] == '#') {
			continue;
		}
		trimmed(raw + blanks, line);
		if (!shell_ask_signed(s, MODE6_CONFIGURE, 0, line)) {
			complain("Line No: %u Failed: %s\n", number, line);
			return;
		}
		fprintf(s->out, "Line No: %u ", number);
		show_text(s);
	}
	fputs("Done sending file\n", s->out);
}

void shell_do_configfile(struct shell *s, const struct shell_words *args)
{
	if (args->count == 0) {
		complain("***The name of a file is needed\n");
		complain("usage: config-from-file <configuration filename>\n");
		return;
	}
	FILE *in = fopen(args->word[0], "r");

	if (!in) {
		complain("***Could not open `%s': %s\n", args->word[0],
			 strerror(errno));
		return;
	}
	send_file(s, in);
	fclose(in);
}

void shell_do_saveconfig(struct shell *s, const struct shell_words *args)
{
	if (args->count == 0) {
		complain("***The name of a file of the daemon's is needed\n");
		complain("usage: saveconfig filename\n");
	} else if (shell_ask_signed(s, MODE6_SAVECONFIG, 0, args->word[0])) {
		show_text(s);
	}
}

static void do_list(struct shell *s, const char *name,
		    void (*print)(FILE *out, struct vars v))
{
	if (!shell_ask_signed(s, MODE6_READ_ORDLIST, 0, name)) {
		return;
	}
	if (s->raw) {
		show_text(s);
	} else {
		print(s->out, vars_over(s->answer.data, s->answer.len));
	}
}

void shell_do_ifstats(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_list(s, "ifstats", ifstats_print);
}

void shell_do_reslist(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_list(s, "addr_restrictions", reslist_print);
}
