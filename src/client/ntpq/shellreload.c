/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellreload.c - has the daemon of this host read its files again. Only its
 * control socket will do: who sits behind it, the kernel knows.
 */
#include <string.h>

#include "client/ntpq/cooked.h"
#include "client/ntpq/shell.h"
#include "host/serve/ctlsock.h"

#define RELOAD "reload"
#define SUCCEEDED "Config Succeeded"

/* The words, without the end of line if they have one. */
static void show(FILE *out, const struct ctl_answer *a)
{
	cooked_raw(out, a->data, a->len);
}

static enum ctl_result ask(struct shell *s)
{
	struct ctl_request q = { .opcode = MODE6_CONFIGURE,
				 .data = RELOAD,
				 .len = strlen(RELOAD) };
	enum ctl_result result = CTL_SYSTEM;
	struct ctl remote;
	int error;

	if (s->ctl.local) {
		return ctl_ask(&s->ctl, &q, &s->answer);
	}
	error = shell_to_socket(s, &remote);
	if (error) {
		s->answer.system = -error;
	} else {
		result = ctl_ask(&s->ctl, &q, &s->answer);
	}
	shell_back(s, &remote);
	return result;
}

static void transcript(const struct shell *s, enum ctl_result result)
{
	if (s->transcript && result == CTL_OK) {
		transcript_answer(s->transcript, MODE6_CONFIGURE, 0,
				  &s->answer);
	} else if (s->transcript) {
		transcript_failed(s->transcript, result, &s->answer);
	}
}

void shell_do_reload(struct shell *s, const struct shell_words *args)
{
	enum ctl_result result = ask(s);
	size_t least = strlen(SUCCEEDED);

	transcript(s, result);

	(void)args;
	s->failed = true;
	if (result == CTL_SYSTEM && !s->ctl.local) {
		(void)fprintf(
			stderr,
			"***%s: %s: only the daemon of this host reads its "
			"files again, for root and its group\n",
			CTLSOCK_PATH, strerror(s->answer.system));
		return;
	}
	if (result == CTL_REFUSED && s->answer.error == MODE6_ERR_PERMISSION) {
		fputs("***The daemon reads its files again for root and its "
		      "group only\n",
		      stderr);
		return;
	}
	if (result != CTL_OK) {
		shell_complain(s, result, 0);
		return;
	}
	s->failed = s->answer.len < least ||
		    memcmp(s->answer.data, SUCCEEDED, least) != 0;
	show(s->failed ? stderr : s->out, &s->answer);
}
