/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/shell.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

static const struct command {
	const char *name;
	shell_command *run;
	const char *usage;
	const char *help;
} commands[] = {
#define COMMAND(name, function, usage, help) \
	{ name, shell_do_##function, usage, help },
#include "client/ntpqcommands.def"
#undef COMMAND
};

void shell_init(struct shell *s)
{
	memset(s, 0, sizeof(*s));
	s->out = stdout;
	s->port = NTP_PORT;
	ctl_init(&s->ctl);
}

void shell_end(struct shell *s)
{
	ctl_close(&s->ctl);
}

static void complain_name(const char *host, int err)
{
	if (err == EAI_AGAIN || err == EAI_FAIL) {
		fprintf(stderr, "%s\n", gai_strerror(err));
	} else {
		fprintf(stderr, "***Can't find host %s\n", host);
	}
}

/* Opens the first address, from `from` on, that the kernel can reach. */
static int open_address(struct shell *s, size_t from)
{
	int err = -EHOSTUNREACH;

	for (size_t i = from; i < s->address_count; i++) {
		err = ctl_open(&s->ctl, &s->addresses[i]);
		if (err == 0) {
			s->address = i;
			return 0;
		}
	}
	return err;
}

bool shell_host(struct shell *s, const char *host)
{
	int err = names_resolve(host, s->family, s->addresses, SHELL_ADDRESSES,
				&s->address_count);

	s->listed = false;
	s->host[0] = '\0';
	ctl_close(&s->ctl);
	if (err != 0) {
		complain_name(host, err);
		return false;
	}
	for (size_t i = 0; i < s->address_count; i++) {
		s->addresses[i].port = s->port;
	}
	struct text name = text_over(s->host, sizeof(s->host));

	text_escaped(&name, host, strlen(host));
	err = open_address(s, 0);
	if (err < 0) {
		fprintf(stderr, "ntpq: connect: %s\n", strerror(-err));
		return false;
	}
	return true;
}

/* What the classic tool says to each error code of the protocol. */
static void complain_refused(const struct shell *s, uint16_t assoc)
{
	switch (s->answer.error) {
	case MODE6_ERR_PERMISSION:
	case MODE6_ERR_RESTRICTED:
		fputs("***Server disallowed request (authentication?)\n",
		      stderr);
		break;
	case MODE6_ERR_FORMAT:
		fputs("***Server reports a bad format request packet\n",
		      stderr);
		break;
	case MODE6_ERR_OPCODE:
		fputs("***Server reports a bad opcode in request\n", stderr);
		break;
	case MODE6_ERR_ASSOC:
		fprintf(stderr, "***Association ID %u unknown to server\n",
			assoc);
		break;
	case MODE6_ERR_VARIABLE:
		fputs("***A request variable unknown to the server\n", stderr);
		break;
	case MODE6_ERR_VALUE:
		fputs("***Server indicates a request variable was bad\n",
		      stderr);
		break;
	case MODE6_ERR_UNSPEC:
	default:
		fputs("***Server returned an unspecified error\n", stderr);
		break;
	}
}

static void complain(struct shell *s, enum ctl_result result, uint16_t assoc)
{
	switch (result) {
	case CTL_OK:
		break;
	case CTL_REFUSED:
		complain_refused(s, assoc);
		break;
	case CTL_SILENCE:
		fprintf(stderr,
			"%s: timed out, nothing received\n"
			"***Request timed out\n",
			s->host);
		break;
	case CTL_INCOMPLETE:
		fprintf(stderr,
			"%s: timed out with incomplete data\n"
			"***Response from server was incomplete\n",
			s->host);
		break;
	case CTL_MALFORMED:
		fprintf(stderr,
			"%s: fragments contradict each other\n"
			"***Response from server was incomplete\n",
			s->host);
		s->deceived = true;
		break;
	case CTL_SYSTEM:
		fprintf(stderr, "ntpq: read: %s\n", strerror(s->answer.system));
		break;
	}
}

bool shell_ask(struct shell *s, enum mode6_opcode opcode, uint16_t assoc,
	       const char *names)
{
	struct ctl_request q = { .opcode = opcode,
				 .assoc = assoc,
				 .data = names,
				 .len = strlen(names) };
	enum ctl_result result;

	if (s->ctl.fd < 0) {
		fputs("***No host open, use `host' command\n", stderr);
		return false;
	}
	if (q.len > MODE6_DATA) {
		fputs("***Internal error! Data too large\n", stderr);
		return false;
	}
	/* A name may have addresses at which nobody listens: try the next. */
	do {
		result = ctl_ask(&s->ctl, &q, &s->answer);
	} while (result == CTL_SYSTEM && open_address(s, s->address + 1) == 0);
	complain(s, result, assoc);
	return result == CTL_OK;
}

/* A name stands for itself; else a beginning that only one command has. */
static const struct command *find(const char *word)
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
			fprintf(stderr, "***Command `%s' ambiguous\n", word);
			return NULL;
		}
		found = &commands[i];
	}
	if (!found) {
		fprintf(stderr, "***Command `%s' unknown\n", word);
	}
	return found;
}

/* Cuts the line at blanks, in place; double quotes keep blanks. */
static void split(char *line, struct shell_words *words)
{
	char *at = line;

	words->count = 0;
	while (words->count < SHELL_WORDS) {
		char end = ' ';

		at += strspn(at, " \t\r\n");
		if (*at == '\0') {
			return;
		}
		if (*at == '"') {
			end = '"';
			at++;
		}
		words->word[words->count++] = at;
		at += end == '"' ? strcspn(at, "\"") : strcspn(at, " \t\r\n");
		if (*at == '\0') {
			return;
		}
		*at++ = '\0';
	}
}

void shell_run(struct shell *s, const char *line)
{
	char copy[SHELL_LINE];
	struct text t = text_over(copy, sizeof(copy));
	struct shell_words words;

	text_str(&t, line);
	if (t.cut) {
		fputs("***Command line too long\n", stderr);
		return;
	}
	split(copy, &words);
	if (words.count == 0) {
		return;
	}
	const struct command *command = find(words.word[0]);

	if (command) {
		struct shell_words args = { .count = words.count - 1 };

		memcpy(args.word, words.word + 1,
		       args.count * sizeof(args.word[0]));
		command->run(s, &args);
	}
	fflush(s->out);
}

static void help_list(struct shell *s)
{
	fputs("ntpq commands:\n", s->out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		bool last = i + 1 == ARRAY_LEN(commands);

		fprintf(s->out, "%-15s%s", commands[i].name,
			i % 5 == 4 || last ? "\n" : " ");
	}
}

void shell_do_help(struct shell *s, const struct shell_words *args)
{
	if (args->count == 0) {
		help_list(s);
		return;
	}
	const struct command *command = find(args->word[0]);

	if (command) {
		fprintf(s->out, "function: %s\nusage: %s %s\n", command->help,
			command->name, command->usage);
	}
}
