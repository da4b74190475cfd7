/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shell.h - ntpq's commands, and the daemon they are put to.
 *
 * A shell has one host at a time: a name or an address, or the path of the
 * daemon's control socket. Errors of the daemon or of the network are
 * told on stderr and change the state of nothing; only an answer that no
 * daemon gives, but an attacker (SECURITY.md I8), marks the shell as
 * `deceived`.
 */
#ifndef CLIENT_SHELL_H
#define CLIENT_SHELL_H

#include <stdio.h>

#include "client/control/ctl.h"
#include "client/names.h"
#include "client/ntpq/associations.h"
#include "client/ntpq/peers.h"
#include "client/ntpq/transcript.h"
#include "client/ntpq/varlist.h"

#define SHELL_ADDRESSES 8 /* of one host name that are tried */
#define SHELL_WORDS 32    /* of one command line */
#define SHELL_LINE 1024

struct shell {
	FILE *out;
	FILE *log; /* where the debug level makes packets told */
	struct ctl ctl;
	enum names_family family;
	uint16_t port; /* of every host: 123 if not said */
	bool numeric, wide, raw;
	bool old_rv;       /* rv shows its status line always */
	bool refid_hash;   /* refids of stratum 2 and more: not as addresses */
	bool interactive;  /* Ctrl-C goes back to the prompt */
	bool direct;       /* mrulist prints each entry as it comes */
	bool authenticate; /* every request, not only those that need it */
	bool units;        /* times with their units */
	unsigned width;    /* lines are folded to; 0: as ever */
	struct transcript
		*transcript; /* --json: what is answered is written so */
	bool quit;
	bool deceived;
	bool failed;   /* what was to be done was not: the exit code says so */
	int exit_code; /* the worst of those commands that have codes */
	unsigned debug;
	int64_t delay_ms;
	int server_width; /* of the peers table's extra column, or 0 */

	struct controlkey key;
	char host[NAMES_TEXT];
	bool padded; /* this host answers padded questions only */
	netaddr addresses[SHELL_ADDRESSES];
	size_t address_count, address;

	bool listed; /* is `associations` this host's? */
	struct associations associations;
	struct varlist varlist; /* of addvars, for readlist and writelist */
	struct ctl_answer answer;
};

void shell_init(struct shell *s);
void shell_end(struct shell *s);

/* Chooses the host for what follows; complains, and is false, on failure. */
bool shell_host(struct shell *s, const char *host);
/* The same host anew, from its first address on; says nothing. */
bool shell_reopen(struct shell *s);

/*
 * To the daemon of this machine, by its control socket, until shell_back();
 * what the host was is in `before`. 0, or a negative errno.
 */
MUST_USE int shell_to_socket(struct shell *s, struct ctl *before);
void shell_back(struct shell *s, const struct ctl *before);

/* Carries out one line. */
void shell_run(struct shell *s, const char *line);
/*
 * With --json: a line that cannot be carried out. What was complained of last
 * is the reason; the kind is "command" or "host".
 */
void shell_unrun(struct shell *s, const char *host, const char *line,
		 const char *kind);

/*
 * For the commands: puts a question to the host and complains about whatever
 * is not an answer. The answer is in s->answer.
 */
MUST_USE bool shell_ask(struct shell *s, enum mode6_opcode opcode,
			uint16_t assoc, const char *names);
/*
 * Likewise what a daemon does only for its operator: with a key, or by its
 * unix socket. The data may be anything, of at most MODE6_DATA octets.
 */
MUST_USE bool shell_ask_signed(struct shell *s, enum mode6_opcode opcode,
			       uint16_t assoc, const char *data);
/* The key to sign with, if its number and its secret are known; or NULL. */
const struct controlkey *shell_key(const struct shell *s);
/*
 * The parts of it, for who has another use for a refusal: is there a host,
 * and room for the words; the question; what to say of the result.
 */
MUST_USE bool shell_ready(const struct shell *s, const char *data);
MUST_USE enum ctl_result shell_try(struct shell *s, enum mode6_opcode opcode,
				   uint16_t assoc, const char *data);
/* "server=HOST " where several hosts are asked. */
void shell_say_server(const struct shell *s, FILE *out);
void shell_complain(struct shell *s, enum ctl_result result, uint16_t assoc);

/* Fetches the list of associations; false when the daemon gives none. */
MUST_USE bool shell_list(struct shell *s);
/* Is there a list, and anything in it? Says so if that is not so. */
MUST_USE bool shell_listed(struct shell *s);

struct shell_words;

/* "4711" or "&2", the second of the list, which is then fetched if need be. */
MUST_USE bool shell_assoc(struct shell *s, const char *word, uint16_t *assoc);
/*
 * Likewise the first word, if it can be one; `rest` is the number of the word
 * behind it. Without one the question is for the system.
 */
MUST_USE bool shell_take_assoc(struct shell *s, const struct shell_words *args,
			       uint16_t *assoc, size_t *rest);

/* One function for each command: the words behind the command's name. */
struct shell_words {
	size_t count;
	const char *word[SHELL_WORDS];
	const char *rest; /* of the line, as it was typed */
};

typedef void shell_command(struct shell *s, const struct shell_words *args);

#define COMMAND(name, function, usage, help) \
	void shell_do_##function(struct shell *s, \
				 const struct shell_words *args);
#include "client/ntpq/ntpqcommands.def"
#undef COMMAND

#endif
