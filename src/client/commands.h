/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.h - the table of ntpq's commands, and how a line finds its one.
 *
 * ntpqcommands.def is the table: one line there and one function shell_do_X()
 * make a command.
 */
#ifndef CLIENT_COMMANDS_H
#define CLIENT_COMMANDS_H

#include "client/shell.h"

struct command {
	const char *name;
	shell_command *run;
	const char *usage;
	const char *help;
};

/* The i-th of the table, or NULL behind its end. */
const struct command *command_at(size_t i);

/*
 * By its name, or by a beginning that only one command has; NULL when there
 * is none, which has then been said on stderr.
 */
const struct command *command_find(const char *word);

/*
 * Cuts the line at blanks, in place; double quotes keep blanks. What would be
 * one word too many is left out, but always part of words->rest.
 */
void command_split(char *line, struct shell_words *words);

#endif
