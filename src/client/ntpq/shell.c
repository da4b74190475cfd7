/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/shell.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "client/control/complaint.h"
#include "host/serve/ctlsock.h"

void shell_init(struct shell *s)
{
	memset(s, 0, sizeof(*s));
	s->out = stdout;
	s->log = stderr;
	s->key.type = MAC_MD5;
	s->port = NTP_PORT;
	s->delay_ms = 20;
	ctl_init(&s->ctl);
}

void shell_end(struct shell *s)
{
	ctl_close(&s->ctl);
	transcript_free(s->transcript);
	s->transcript = NULL;
}

static void complain_name(const char *host, int err)
{
	if (err == EAI_AGAIN || err == EAI_FAIL) {
		complain("%s\n", gai_strerror(err));
	} else {
		complain("***Can't find host %s\n", host);
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

/* The host's addresses; those of a socket's path are none. */
static int find_addresses(struct shell *s, const char *host)
{
	s->address_count = 0;
	return host[0] == '/'
		       ? 0
		       : names_resolve(host, s->family, s->addresses,
				       SHELL_ADDRESSES, &s->address_count);
}

bool shell_host(struct shell *s, const char *host)
{
	int err = find_addresses(s, host);

	s->listed = false;
	s->padded = false;
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
	err = host[0] == '/' ? ctl_open_path(&s->ctl, host)
			     : open_address(s, 0);
	if (err < 0) {
		complain("ntpq: connect: %s\n", strerror(-err));
		return false;
	}
	return true;
}

bool shell_reopen(struct shell *s)
{
	ctl_close(&s->ctl);
	return (s->host[0] == '/' ? ctl_open_path(&s->ctl, s->host)
				  : open_address(s, 0)) >= 0;
}

int shell_to_socket(struct shell *s, struct ctl *before)
{
	*before = s->ctl;
	s->ctl.fd = -1; /* and not closed: it is needed again */
	return ctl_open_path(&s->ctl, CTLSOCK_PATH);
}

void shell_back(struct shell *s, const struct ctl *before)
{
	struct ctl socket = s->ctl;

	s->ctl = *before;
	s->ctl.sequence = socket.sequence;
	s->ctl.rng = socket.rng;
	ctl_close(&socket);
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

/* Of several hosts it has to be said which one answers, or does not. */
void shell_say_server(const struct shell *s, FILE *out)
{
	if (s->server_width > 0) {
		fprintf(out, "server=%s ", s->host);
	}
}

void shell_complain(struct shell *s, enum ctl_result result, uint16_t assoc)
{
	if (s->transcript && result != CTL_OK) {
		transcript_failed(s->transcript, result, &s->answer);
	}
	switch (result) {
	case CTL_OK:
		break;
	case CTL_INTERRUPTED:
		fputs("***Command interrupted\n", stderr);
		break;
	case CTL_REFUSED:
		shell_say_server(s, stderr);
		complain_refused(s, assoc);
		break;
	case CTL_SILENCE:
		fprintf(stderr, "%s: timed out, nothing received\n", s->host);
		shell_say_server(s, stderr);
		fputs("***Request timed out\n", stderr);
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

/* Does the daemon refuse strangers only what is longer than their question? */
static bool wants_padding(const struct shell *s, const struct ctl_request *q,
			  enum ctl_result result)
{
	return result == CTL_REFUSED && !s->ctl.local && !s->padded &&
	       !q->key && s->answer.error == MODE6_ERR_PERMISSION &&
	       q->pad_to == 0;
}

enum ctl_result shell_try(struct shell *s, enum mode6_opcode opcode,
			  uint16_t assoc, const char *data)
{
	struct ctl_request q = { .opcode = opcode,
				 .assoc = assoc,
				 .data = data,
				 .len = strlen(data),
				 .pad_to = s->padded ? CTL_PADDED : 0,
				 .key = s->authenticate ? shell_key(s) : NULL };
	enum ctl_result result;

	INVARIANT(s->ctl.fd >= 0 && q.len <= MODE6_DATA);
	/* A name may have addresses at which nobody listens: try the next. */
	do {
		result = ctl_ask(&s->ctl, &q, &s->answer);
	} while (result == CTL_SYSTEM && !s->ctl.local &&
		 open_address(s, s->address + 1) == 0);
	if (wants_padding(s, &q, result)) {
		q.pad_to = CTL_PADDED;
		result = ctl_ask(&s->ctl, &q, &s->answer);
		s->padded = result == CTL_OK;
	}
	if (s->transcript && result == CTL_OK) {
		transcript_answer(s->transcript, opcode, assoc, &s->answer);
	}
	return result;
}

bool shell_ready(const struct shell *s, const char *data)
{
	if (s->ctl.fd < 0) {
		complain("***No host open, use `host' command\n");
		return false;
	}
	if (strlen(data) > MODE6_DATA) {
		complain("***Internal error! Data too large\n");
		return false;
	}
	return true;
}

bool shell_ask(struct shell *s, enum mode6_opcode opcode, uint16_t assoc,
	       const char *names)
{
	if (!shell_ready(s, names)) {
		return false;
	}
	enum ctl_result result = shell_try(s, opcode, assoc, names);

	shell_complain(s, result, assoc);
	return result == CTL_OK;
}
