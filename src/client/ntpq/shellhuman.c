/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellhuman.c - the commands whose answers a person reads: sources, status
 * and doctor. Their exit codes mean something: shell.exit_code.
 */
#include <string.h>

#include "client/health/doctor.h"
#include "client/health/humanjson.h"
#include "client/health/screen.h"
#include "client/health/sourcestable.h"
#include "client/health/verdict.h"
#include "client/ntpq/gather.h"
#include "client/ntpq/shell.h"
#include "host/serve/ctlsock.h"

static struct overview overview;

static void exit_with(struct shell *s, int code)
{
	s->exit_code = code > s->exit_code ? code : s->exit_code;
}

/* Why there is no overview, in words that help. */
static void complain(struct shell *s, enum ctl_result result)
{
	const char *host = s->host[0] != '\0' ? s->host : "the host";

	exit_with(s, STANDING_NO_DAEMON);
	if (s->transcript) {
		transcript_failed(s->transcript, result, &s->answer);
	}
	s->deceived = s->deceived || result == CTL_MALFORMED;
	switch (result) {
	case CTL_SYSTEM:
		fprintf(stderr,
			"%s: no NTP daemon answers (%s): \"ntpq doctor\" looks "
			"for the reason.\n",
			host, strerror(s->answer.system));
		break;
	case CTL_REFUSED:
		fprintf(stderr,
			"%s: the NTP daemon refuses to be asked: its ntp.conf "
			"may restrict us (noquery).\n",
			host);
		break;
	case CTL_INTERRUPTED:
		fputs("***Command interrupted\n", stderr);
		break;
	case CTL_SILENCE:
		fprintf(stderr,
			"%s: nothing comes back: no daemon, a firewall, or a "
			"daemon that does not let us ask.\n",
			host);
		break;
	case CTL_OK:
	case CTL_INCOMPLETE:
	case CTL_MALFORMED:
		fprintf(stderr, "%s: the answer is damaged or incomplete.\n",
			host);
		break;
	}
}

static bool colours(const struct shell *s)
{
	return s->out == stdout && screen_has_colours(stdout);
}

static bool look(struct shell *s)
{
	enum ctl_result result = gather(s, &overview);

	if (result != CTL_OK) {
		complain(s, result);
	}
	return result == CTL_OK;
}

void shell_do_sources(struct shell *s, const struct shell_words *args)
{
	(void)args;
	if (!look(s)) {
		return;
	}
	if (s->transcript) {
		transcript_add(s->transcript, "sources",
			       humanjson_sources(&overview));
	} else {
		sourcestable_print(s->out, &overview, s->width, colours(s));
	}
}

void shell_do_status(struct shell *s, const struct shell_words *args)
{
	struct verdict v;

	(void)args;
	if (!look(s)) {
		return;
	}
	v = verdict_of(&overview);
	if (s->transcript) {
		transcript_add(s->transcript, "verdict",
			       humanjson_verdict(&overview, &v));
	} else {
		verdict_print_folded(s->out, &overview, &v, s->width);
	}
	exit_with(s, (int)v.code);
}

/* A daemon of this machine that is deaf to UDP may answer there. */
static bool look_by_socket(struct shell *s)
{
	bool good;

	ctl_close(&s->ctl);
	good = ctl_open_path(&s->ctl, CTLSOCK_PATH) >= 0 &&
	       gather(s, &overview) == CTL_OK;
	(void)shell_reopen(s);
	return good;
}

void shell_do_doctor(struct shell *s, const struct shell_words *args)
{
	static struct finding findings[CHECKS];
	static struct site site;
	struct patient p = { .overview = &overview, .site = &site };
	bool all = args->count > 0 && strcmp(args->word[0], "all") == 0;

	site_clear(&site);
	site.here = site_is_here(s->host);
	p.result = gather(s, &overview);
	p.by_socket = s->ctl.local;
	if (p.result == CTL_INTERRUPTED) {
		complain(s, p.result);
		return;
	}
	if (p.result != CTL_OK && site.here && look_by_socket(s)) {
		p.result = CTL_OK;
		p.by_socket = true;
	}
	if (site.here) {
		site_look(&site, &overview);
	}
	doctor_examine(&p, findings);
	if (s->transcript) {
		transcript_add(s->transcript, "checks",
			       humanjson_findings(findings));
	} else {
		doctor_print(s->out, findings, all, colours(s));
	}
	exit_with(s, doctor_code(findings));
}
