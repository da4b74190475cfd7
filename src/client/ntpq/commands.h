/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.h - the table of ntpq's commands, and how a line finds its one.
 *
 * ntpqcommands.def is the table: one line there and one function shell_do_X()
 * make a command.
 */
#ifndef CLIENT_COMMANDS_H
#define CLIENT_COMMANDS_H

#include "client/ntpq/shell.h"

struct command {
	const char *name;
	shell_command *run;
	const char *usage;
	const char *help;
};

/* The i-th of the table, or NULL behind its end. */
const struct command *command_at(size_t i);

#endif
