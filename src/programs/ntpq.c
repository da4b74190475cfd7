/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpq.c - asks a daemon about itself.
 *
 * Like the classic ntpq it exits with 0 even when a daemon is silent or
 * refuses; 1 is for wrong options, and for answers that only an attacker
 * gives (SECURITY.md I8). The commands for people have codes of their own.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/control/complaint.h"
#include "client/interrupt.h"
#include "client/ntpq/shell.h"
#include "programs/ntpq_options.h"
#include "programs/ntpq_terminal.h"

#define PROMPT "ntpq> "
#define EXIT_NO_DAEMON 2

static struct shell shell;
static struct ntpq_options options;

static void run_commands(void)
{
	for (size_t i = 0; i < options.command_count && !shell.quit; i++) {
		if (i > 0 && !shell.transcript) {
			putchar('\n');
		}
		shell_run(&shell, options.commands[i]);
	}
}

static void edit_commands(void)
{
	bool interrupted;

	interrupt_catch();
	shell.interactive = true;
	while (!shell.quit) {
		const char *line = terminal_line(&interrupted);

		if (line) {
			shell_run(&shell, line);
			interrupt_forget();
		} else if (!interrupted) {
			break;
		}
	}
	terminal_close();
}

static void read_commands(bool prompt)
{
	char line[SHELL_LINE];

	while (!shell.quit) {
		if (prompt) {
			fputs(PROMPT, stdout);
			fflush(stdout);
		}
		if (!fgets(line, sizeof(line), stdin)) {
			break;
		}
		shell_run(&shell, line);
	}
}

static void converse(void)
{
	bool tty = isatty(STDIN_FILENO);

	if (tty && isatty(STDOUT_FILENO) && terminal_open(PROMPT)) {
		edit_commands();
	} else {
		read_commands(options.interactive || tty);
	}
}

/* Where -d tells of packets. */
static bool open_log(void)
{
	if (options.log_file) {
		shell.log = fopen(options.log_file, "ae");
	}
	if (!shell.log) {
		perror(options.log_file);
		return false;
	}
	setvbuf(shell.log, NULL, _IOLBF, 0);
	shell.ctl.debug = shell.debug > 0 ? shell.log : NULL;
	return true;
}

/* Without a file, whoever sits there is asked for the secret. */
static bool take_key(void)
{
	uint32_t id;

	if (!options.key) {
		return true;
	}
	if (!controlkey_id_read(&id, options.key)) {
		fprintf(stderr, "***Invalid key identifier `%s'\n",
			options.key);
		return false;
	}
	shell.key.id = id;
	return !options.key_file ||
	       controlkey_load(&shell.key, options.key_file, id);
}

static int width_of_servers(void)
{
	size_t width = 0;

	if (options.host_count < 2) {
		return 0;
	}
	for (size_t i = 0; i < options.host_count; i++) {
		size_t len = strlen(options.hosts[i].name);

		width = len > width ? len : width;
	}
	return width > NAMES_TEXT ? NAMES_TEXT : (int)width;
}

/* Who asked for JSON gets an object for each command all the same. */
static void skip_commands(const struct ntpq_host *host)
{
	for (size_t i = 0; i < options.command_count; i++) {
		shell_unrun(&shell, host->name, options.commands[i], "host");
	}
}

static bool choose_host(const struct ntpq_host *host)
{
	shell.family = host->family;
	complaint_begin();
	return shell_host(&shell, host->name);
}

int main(int argc, char **argv)
{
	shell_init(&shell);
	if (!ntpq_options_read(&options, &shell, argc, argv)) {
		return EXIT_FAILURE;
	}
	if (options.exit_now) {
		return EXIT_SUCCESS;
	}
	if (!open_log()) {
		return EXIT_FAILURE;
	}
	if (!take_key()) {
		return EXIT_FAILURE;
	}
	shell.server_width = width_of_servers();
	if (options.command_count == 0) {
		(void)choose_host(&options.hosts[0]);
		converse();
	}
	for (size_t i = 0; i < options.host_count && options.command_count > 0;
	     i++) {
		if (choose_host(&options.hosts[i])) {
			run_commands();
			continue;
		}
		skip_commands(&options.hosts[i]);
		if (options.word[0] != '\0') {
			shell.exit_code = EXIT_NO_DAEMON;
		}
	}
	shell_end(&shell);
	if (shell.deceived || shell.failed || fflush(stdout) != 0) {
		shell.exit_code += shell.exit_code == 0 ? EXIT_FAILURE : 0;
	}
	return shell.exit_code;
}
