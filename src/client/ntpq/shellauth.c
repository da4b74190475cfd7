/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellauth.c - who asks: a key, or the right to the daemon's unix socket.
 */
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/control/complaint.h"
#include "client/ntpq/shell.h"

#define ANSWER_TEXT 160

/* One line from whoever sits there; `hidden` is not shown as it is typed. */
static bool prompt(const char *question, bool hidden, char line[ANSWER_TEXT])
{
	struct termios before, quiet;

	fputs(question, stderr);
	fflush(stderr);
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0) {
		return false;
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, hidden ? &quiet : &before);
	bool got = fgets(line, ANSWER_TEXT, stdin) != NULL;

	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	if (hidden) {
		fputc('\n', stderr);
	}
	if (got) {
		line[strcspn(line, "\r\n")] = '\0';
	}
	return got;
}

static bool prompt_keyid(struct shell *s)
{
	char line[ANSWER_TEXT];

	if (prompt("Keyid: ", false, line) &&
	    controlkey_id_read(&s->key.id, line)) {
		return true;
	}
	complain("Invalid key identifier\n");
	return false;
}

static bool prompt_secret(struct shell *s)
{
	char line[ANSWER_TEXT], question[32];
	struct text t = text_over(question, sizeof(question));

	text_str(&t, mac_type_name(s->key.type));
	text_str(&t, " Password: ");
	bool good = prompt(question, true, line) &&
		    controlkey_secret_read(&s->key, line);

	explicit_bzero(line, sizeof(line));
	if (!good) {
		complain("Invalid password\n");
	}
	return good;
}

const struct controlkey *shell_key(const struct shell *s)
{
	return s->key.id != 0 && s->key.len > 0 ? &s->key : NULL;
}

static bool have_key(struct shell *s)
{
	return (s->key.id != 0 || prompt_keyid(s)) &&
	       (s->key.len > 0 || prompt_secret(s));
}

/*
 * The daemon of this machine needs no key from those its socket is for.
 * False: there is no such socket here.
 */
static bool by_socket(struct shell *s, enum mode6_opcode opcode, uint16_t assoc,
		      const char *data, bool *good)
{
	struct ctl remote;
	bool here = s->address_count > 0 && s->port == NTP_PORT &&
		    s->key.id == 0 &&
		    netaddr_is_loopback(&s->addresses[s->address]);
	bool asked;

	if (!here) {
		return false;
	}
	asked = shell_to_socket(s, &remote) == 0;
	if (asked) {
		*good = shell_ask(s, opcode, assoc, data);
	}
	shell_back(s, &remote);
	return asked;
}

bool shell_ask_signed(struct shell *s, enum mode6_opcode opcode, uint16_t assoc,
		      const char *data)
{
	bool before = s->authenticate, good;

	if (!shell_ready(s, data)) {
		return false;
	}
	if (s->ctl.local) {
		return shell_ask(s, opcode, assoc, data);
	}
	if (by_socket(s, opcode, assoc, data, &good)) {
		return good;
	}
	if (!have_key(s)) {
		return false;
	}
	s->authenticate = true;
	good = shell_ask(s, opcode, assoc, data);
	s->authenticate = before;
	return good;
}

void shell_do_authenticate(struct shell *s, const struct shell_words *args)
{
	const char *word = args->count > 0 ? args->word[0] : "";

	if (strcmp(word, "yes") == 0) {
		s->authenticate = have_key(s);
	} else if (strcmp(word, "no") == 0) {
		s->authenticate = false;
	} else if (args->count > 0) {
		complain("What?\n");
	} else {
		fprintf(s->out, "%s requests being sent\n",
			s->authenticate ? "authenticated" : "unauthenticated");
	}
}

void shell_do_keyid(struct shell *s, const struct shell_words *args)
{
	if (args->count > 0 && !controlkey_id_read(&s->key.id, args->word[0])) {
		complain("***Invalid key identifier `%s'\n", args->word[0]);
	} else if (args->count == 0 && s->key.id == 0) {
		fputs("no keyid defined\n", s->out);
	} else if (args->count == 0) {
		fprintf(s->out, "keyid is %u\n", s->key.id);
	}
}

void shell_do_keytype(struct shell *s, const struct shell_words *args)
{
	if (args->count == 0) {
		fprintf(s->out, "keytype is %s with %zu octet digests\n",
			mac_type_name(s->key.type),
			controlkey_code_len(s->key.type));
		return;
	}
	const char *word = args->word[0];
	enum mac_type type = mac_type_find(word, strlen(word));

	if (type == MAC_NONE) {
		complain("***Keytype %s is not supported\n", word);
	} else {
		s->key.type = type;
	}
}

void shell_do_passwd(struct shell *s, const struct shell_words *args)
{
	s->key.len = 0;
	if (args->count == 0) {
		(void)(s->key.id != 0 || prompt_keyid(s));
		if (s->key.id != 0 && !prompt_secret(s)) {
			s->key.len = 0;
		}
	} else if (!controlkey_secret_read(&s->key, args->word[0])) {
		complain("Invalid password\n");
	}
}
