/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/commands.h"
#include "client/control/complaint.h"

#include <stdlib.h>
#include <string.h>

#include "client/nameahead.h"

#define BLANKS " \t\r\n"
#define LIST_COLUMNS 4

static const struct command commands[] = {
#define COMMAND(name, function, usage, help) \
	{ name, shell_do_##function, usage, help },
#include "client/ntpq/ntpqcommands.def"
#undef COMMAND
};

const struct command *command_at(size_t i)
{
	return i < ARRAY_LEN(commands) ? &commands[i] : NULL;
}

/*
 * By its name, or by a beginning that only one command has; NULL when there
 * is none, which has then been said on stderr.
 */
static const struct command *command_find(const char *word)
{
	const struct command *found = NULL;
	size_t len = strlen(word);

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, word) == 0) {
			return &commands[i];
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strncmp(commands[i].name, word, len) != 0) {
			continue;
		}
		if (found) {
			complain("***Command `%s' ambiguous\n", word);
			return NULL;
		}
		found = &commands[i];
	}
	if (!found) {
		complain("***Command `%s' unknown\n", word);
	}
	return found;
}

/*
 * Cuts the line at blanks, in place; double quotes keep blanks. What would be
 * one word too many is left out, but always part of words->rest.
 */
static void command_split(char *line, struct shell_words *words)
{
	char *at = line;

	words->count = 0;
	while (words->count < SHELL_WORDS) {
		char end = ' ';

		at += strspn(at, BLANKS);
		if (*at == '\0') {
			return;
		}
		if (*at == '"') {
			end = '"';
			at++;
		}
		words->word[words->count++] = at;
		at += end == '"' ? strcspn(at, "\"") : strcspn(at, BLANKS);
		if (*at == '\0') {
			return;
		}
		*at++ = '\0';
	}
}

/* The line behind its first word, as it was typed. */
static const char *rest_of(const char *line)
{
	line += strspn(line, BLANKS);
	line += strcspn(line, BLANKS);
	return line + strspn(line, BLANKS);
}

static void run(struct shell *s, const struct command *command,
		const struct shell_words *args)
{
	nameahead_begin();
	command->run(s, args);
}

/* What it prints for people is kept for the transcript. */
static void run_transcribed(struct shell *s, const struct command *command,
			    const struct shell_words *args, const char *line)
{
	FILE *out = s->out;
	char *text = NULL;
	size_t len = 0;

	s->out = open_memstream(&text, &len);
	if (!s->out) {
		s->out = out;
		perror("ntpq");
		s->failed = true;
		return;
	}
	bool failed = s->failed;

	s->failed = false;
	transcript_begin(s->transcript, s->host, line);
	run(s, command, args);
	(void)fclose(s->out);
	s->out = out;
	if (complaint_text() || s->failed) {
		transcript_complaint(s->transcript, "command",
				     complaint_text());
	}
	s->failed = s->failed || failed;
	transcript_end(s->transcript, out, text, len);
	free(text);
}

void shell_unrun(struct shell *s, const char *host, const char *line,
		 const char *kind)
{
	char shown[SHELL_LINE];
	struct text t = text_over(shown, sizeof(shown));

	if (s->transcript) {
		text_bytes(&t, line, strcspn(line, "\r\n"));
		transcript_begin(s->transcript, host, shown);
		transcript_complaint(s->transcript, kind, complaint_text());
		transcript_end(s->transcript, s->out, "", 0);
	}
}

void shell_run(struct shell *s, const char *line)
{
	char copy[SHELL_LINE];
	struct text t = text_over(copy, sizeof(copy));
	struct shell_words words;

	complaint_begin();
	text_str(&t, line);
	if (t.cut) {
		complain("***Command line too long\n");
		shell_unrun(s, s->host, line, "command");
		return;
	}
	command_split(copy, &words);
	if (words.count == 0) {
		return;
	}
	const struct command *command = command_find(words.word[0]);

	if (!command) {
		shell_unrun(s, s->host, line, "command");
	} else {
		struct shell_words args = { .count = words.count - 1,
					    .rest = rest_of(line) };

		memcpy(args.word, words.word + 1,
		       args.count * sizeof(args.word[0]));
		if (s->transcript) {
			run_transcribed(s, command, &args, line);
		} else {
			run(s, command, &args);
		}
	}
	fflush(s->out);
}

/* Down the columns, as a dictionary is read. */
static void help_list(struct shell *s)
{
	size_t rows = (ARRAY_LEN(commands) + LIST_COLUMNS - 1) / LIST_COLUMNS;

	fputs("ntpq commands:\n", s->out);
	for (size_t row = 0; row < rows; row++) {
		for (size_t i = row; i < ARRAY_LEN(commands); i += rows) {
			bool last = i + rows >= ARRAY_LEN(commands);

			fprintf(s->out, last ? "%s\n" : "%-18s",
				commands[i].name);
		}
	}
}

void shell_do_help(struct shell *s, const struct shell_words *args)
{
	if (args->count == 0) {
		help_list(s);
		return;
	}
	const struct command *command = command_find(args->word[0]);

	if (command) {
		fprintf(s->out, "function: %s\nusage: %s %s\n", command->help,
			command->name, command->usage);
	}
}
