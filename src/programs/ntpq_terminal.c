/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs/ntpq_terminal.h"

#include <histedit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/interrupt.h"
#include "client/ntpq/commands.h"

#define HISTORY 500

static struct {
	EditLine *editor;
	History *history;
	const char *prompt;
} terminal;

static char *prompt(EditLine *editor)
{
	/* libedit wants it writable, and writes nothing. */
	static char text[64];

	(void)editor;
	snprintf(text, sizeof(text), "%s", terminal.prompt);
	return text;
}

/* An octet at a time; nothing beyond ASCII is ever typed to ntpq. */
static int read_key(EditLine *editor, wchar_t *key)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned char octet;
	int ready;

	(void)editor;
	do {
		ready = interrupt_poll(&p, 1, -1);
	} while (ready == 0);
	ssize_t got = ready > 0 ? read(STDIN_FILENO, &octet, 1) : -1;

	if (got == 1) {
		*key = octet < 0x80 ? (wchar_t)octet : L'?';
	}
	return (int)got;
}

/* How much all commands that begin so have in common; *count of them. */
static size_t common(const char *word, size_t len, const char **name,
		     size_t *count)
{
	size_t same = 0;
	const struct command *c;

	*count = 0;
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		if (strncmp(c->name, word, len) != 0) {
			continue;
		}
		if ((*count)++ == 0) {
			*name = c->name;
			same = strlen(c->name);
		}
		while (strncmp(c->name, *name, same) != 0) {
			same--;
		}
	}
	return same;
}

static void list_matches(const char *word, size_t len)
{
	const struct command *c;

	putchar('\n');
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		if (strncmp(c->name, word, len) == 0) {
			printf("%s  ", c->name);
		}
	}
	putchar('\n');
	fflush(stdout);
}

/* The first word of a line is a command; so is what `help` is asked about. */
static unsigned char complete(EditLine *editor, int key)
{
	const LineInfo *line = el_line(editor);
	const char *start = line->buffer, *name = NULL;
	char rest[64];
	size_t count;

	(void)key;
	if (line->cursor - start >= 5 && strncmp(start, "help ", 5) == 0) {
		start += 5;
	}
	size_t len = (size_t)(line->cursor - start);

	if (len >= sizeof(rest) || memchr(start, ' ', len)) {
		return CC_ERROR;
	}
	size_t same = common(start, len, &name, &count);

	if (count == 0) {
		return CC_ERROR;
	}
	if (count > 1 && same == len) {
		list_matches(start, len);
		return CC_REDISPLAY;
	}
	snprintf(rest, sizeof(rest), "%.*s%s", (int)(same - len), name + len,
		 count == 1 ? " " : "");
	return el_insertstr(editor, rest) == 0 ? CC_REFRESH : CC_ERROR;
}

bool terminal_open(const char *text)
{
	HistEvent event;

	terminal.prompt = text;
	terminal.editor = el_init("ntpq", stdin, stdout, stderr);
	terminal.history = history_init();
	if (!terminal.editor || !terminal.history) {
		terminal_close();
		return false;
	}
	history(terminal.history, &event, H_SETSIZE, HISTORY);
	history(terminal.history, &event, H_SETUNIQUE, 1);
	el_set(terminal.editor, EL_PROMPT, prompt);
	el_set(terminal.editor, EL_EDITOR, "emacs");
	el_set(terminal.editor, EL_HIST, history, terminal.history);
	el_set(terminal.editor, EL_GETCFN, read_key);
	el_set(terminal.editor, EL_ADDFN, "ntpq-complete", "complete a command",
	       complete);
	el_set(terminal.editor, EL_BIND, "^I", "ntpq-complete", NULL);
	el_set(terminal.editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
	return true;
}

void terminal_close(void)
{
	if (terminal.editor) {
		el_end(terminal.editor);
	}
	if (terminal.history) {
		history_end(terminal.history);
	}
	terminal.editor = NULL;
	terminal.history = NULL;
}

const char *terminal_line(bool *interrupted)
{
	HistEvent event;
	int len = 0;
	const char *line = el_gets(terminal.editor, &len);

	*interrupted = interrupt_seen();
	if (*interrupted) {
		interrupt_forget();
		el_reset(terminal.editor);
		puts("^C");
		return NULL;
	}
	if (!line || len <= 0) {
		putchar('\n');
		return NULL;
	}
	if (line[strspn(line, " \t\r\n")] != '\0') {
		history(terminal.history, &event, H_ENTER, line);
	}
	return line;
}
