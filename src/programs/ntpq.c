/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpq.c - asks a daemon about itself.
 *
 * Like the classic ntpq it exits with 0 even when a daemon is silent or
 * refuses; 1 is for wrong options, and for answers that only an attacker
 * gives.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/shell.h"
#include "client/version.h"

#define COMMANDS 64 /* on one command line */

struct options {
	const char *commands[COMMANDS];
	size_t command_count;
	bool peers, interactive, old_rv;
	bool exit_now;
};

static struct shell shell;

static const struct option long_options[] = {
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "command", required_argument, NULL, 'c' },
	{ "debug-level", no_argument, NULL, 'd' },
	{ "set-debug-level", required_argument, NULL, 'D' },
	{ "help", no_argument, NULL, '?' },
	{ "interactive", no_argument, NULL, 'i' },
	{ "numeric", no_argument, NULL, 'n' },
	{ "old-rv", no_argument, NULL, 'O' },
	{ "peers", no_argument, NULL, 'p' },
	{ "port", required_argument, NULL, 'P' },
	{ "version", no_argument, NULL, 'V' },
	{ "wide", no_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *out)
{
	fputs("Usage: ntpq [-46dinpw] [-c command]... [-D level] [host ...]\n"
	      "  -4, --ipv4             use IPv4 addresses of host names only\n"
	      "  -6, --ipv6             use IPv6 addresses of host names only\n"
	      "  -c, --command=CMD      run a command and exit; repeatable\n"
	      "  -d, --debug-level      say more about what is done\n"
	      "  -i, --interactive      read commands from the terminal\n"
	      "  -n, --numeric          print addresses, not host names\n"
	      "  -p, --peers            print a list of the peers\n"
	      "  -w, --wide             do not cut long names in that list\n"
	      "      --port=N           ask on this UDP port and not on 123\n"
	      "      --version          print the version\n"
	      "      --help             print this\n",
	      out);
}

static bool fail(const char *text)
{
	fprintf(stderr, "ntpq: %s\n", text);
	usage(stderr);
	return false;
}

static bool add_command(struct options *o, const char *command)
{
	if (o->command_count == COMMANDS) {
		return fail("too many commands");
	}
	o->commands[o->command_count++] = command;
	return true;
}

static bool add_peers(struct options *o)
{
	if (o->peers) {
		return fail("only one peers option allowed");
	}
	o->peers = true;
	return add_command(o, "peers");
}

static bool take_port(void)
{
	uint64_t port;

	if (!text_to_u64(optarg, strlen(optarg), &port) || port == 0 ||
	    port > UINT16_MAX) {
		return fail("a port is a number from 1 to 65535");
	}
	shell.port = (uint16_t)port;
	return true;
}

/* -? asks for help, and so getopt(3) calls what it does not know, too. */
static bool help_or_unknown(struct options *o, char **argv)
{
	const char *word = argv[optind - 1];

	if (optopt == 0 || strcmp(word, "-?") == 0) {
		usage(stdout);
		o->exit_now = true;
		return true;
	}
	return fail("illegal option");
}

static bool take_option(struct options *o, int letter, char **argv)
{
	switch (letter) {
	case '4':
		shell.family = NAMES_V4;
		return true;
	case '6':
		shell.family = NAMES_V6;
		return true;
	case 'c':
		return add_command(o, optarg);
	case 'd':
		shell.debug++;
		return true;
	case 'D':
		shell.debug = (unsigned)strtoul(optarg, NULL, 10);
		return true;
	case 'i':
		o->interactive = true;
		return true;
	case 'n':
		shell.numeric = true;
		return true;
	case 'O':
		return true;
	case 'p':
		return add_peers(o);
	case 'P':
		return take_port();
	case 'V':
		puts(VERSION_LINE("ntpq"));
		o->exit_now = true;
		return true;
	case 'w':
		shell.wide = true;
		return true;
	default:
		return help_or_unknown(o, argv);
	}
}

static bool take_options(struct options *o, int argc, char **argv)
{
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "46c:dD:inpw?", long_options,
				     NULL)) != -1) {
		if (!take_option(o, letter, argv)) {
			return false;
		}
		if (o->exit_now) {
			return true;
		}
	}
	if (o->interactive && o->command_count > 0) {
		return fail("-i excludes -c and -p");
	}
	return true;
}

static void run_commands(const struct options *o)
{
	for (size_t i = 0; i < o->command_count && !shell.quit; i++) {
		if (i > 0) {
			putchar('\n');
		}
		shell_run(&shell, o->commands[i]);
	}
}

static void read_commands(bool prompt)
{
	char line[SHELL_LINE];

	while (!shell.quit) {
		if (prompt) {
			fputs("ntpq> ", stdout);
			fflush(stdout);
		}
		if (!fgets(line, sizeof(line), stdin)) {
			break;
		}
		shell_run(&shell, line);
	}
}

static int width_of_servers(char **hosts, int count)
{
	size_t width = 0;

	if (count < 2) {
		return 0;
	}
	for (int i = 0; i < count; i++) {
		size_t len = strlen(hosts[i]);

		width = len > width ? len : width;
	}
	return width > NAMES_TEXT ? NAMES_TEXT : (int)width;
}

int main(int argc, char **argv)
{
	struct options o = { .command_count = 0 };
	char *localhost[] = { "localhost" };

	shell_init(&shell);
	if (!take_options(&o, argc, argv)) {
		return EXIT_FAILURE;
	}
	if (o.exit_now) {
		return EXIT_SUCCESS;
	}
	char **hosts = optind < argc ? argv + optind : localhost;
	int count = optind < argc ? argc - optind : 1;

	shell.server_width = width_of_servers(hosts, count);
	if (o.command_count == 0) {
		(void)shell_host(&shell, hosts[0]);
		read_commands(o.interactive || isatty(STDIN_FILENO));
	}
	for (int i = 0; i < count && o.command_count > 0; i++) {
		if (shell_host(&shell, hosts[i])) {
			run_commands(&o);
		}
	}
	shell_end(&shell);
	return shell.deceived || fflush(stdout) != 0 ? EXIT_FAILURE
						     : EXIT_SUCCESS;
}
