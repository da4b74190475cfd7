/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpstat.c - is this host's clock synchronised? Three lines and an exit code.
 *
 *   0  synchronised    1  not, or not known how well    2  no daemon to ask
 *
 * Asks 127.0.0.1 only, and waits a second.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/ctl.h"
#include "client/status.h"
#include "client/vars.h"
#include "client/version.h"

#define LOCALHOST 0x7f000001
#define SOURCE_NTP 6
#define LEAP_ALARM 3
#define EVENT_RESTART 1 /* the code that the classic ntpstat looks at */

enum verdict { SYNCHRONISED = 0, UNSYNCHRONISED = 1, UNKNOWN = 2 };

static struct ctl_answer answer;

static const char *const sources[] = {
	"unspecified", "atomic clock", "VLF radio", "HF radio",   "UHF radio",
	"local net",   "NTP server",   "UDP/TIME",  "wristwatch", "modem",
};

static struct vars answer_vars(void)
{
	return vars_over(answer.data, answer.len);
}

static bool number(const char *name, double *value)
{
	struct vars_item item;

	return vars_find(answer_vars(), name, &item) &&
	       vars_double(&item, value);
}

/* Where the time comes from; its reference id when that is an NTP server. */
static bool print_source(void)
{
	unsigned source = status_source(answer.status);
	char refid[128];
	struct text t = text_over(refid, sizeof(refid));
	struct vars_item item;

	printf("synchronised to %s", source < ARRAY_LEN(sources)
					     ? sources[source]
					     : "unknown source");
	if (source != SOURCE_NTP) {
		return true;
	}
	if (!vars_find(answer_vars(), "refid", &item)) {
		printf(" <IP unknown>");
		return false;
	}
	vars_show(&item, &t);
	printf(" (%s)", refid);
	return true;
}

static bool print_stratum(void)
{
	double stratum;

	if (!number("stratum", &stratum)) {
		printf(", stratum unknown\n");
		return false;
	}
	/* The blank at the end is what scripts have always seen. */
	printf(" at stratum %.0f \n", stratum);
	return true;
}

static bool print_error(void)
{
	double delay_ms, disp_ms;

	if (!number("rootdelay", &delay_ms) || !number("rootdisp", &disp_ms)) {
		printf("accuracy unknown\n");
		return false;
	}
	printf("   time correct to within %.0f ms\n", disp_ms + delay_ms / 2);
	return true;
}

static bool print_poll(void)
{
	double tc;

	if (!number("tc", &tc) || tc < 0 || tc > 31) {
		printf("poll interval unknown\n");
		return false;
	}
	printf("   polling server every %.0f s\n", ldexp(1, (int)tc));
	return true;
}

static enum verdict print_answer(void)
{
	bool whole = true;
	enum verdict verdict = SYNCHRONISED;

	if (answer.status >> 14 == LEAP_ALARM) {
		puts("unsynchronised");
		if ((answer.status & 0xf) == EVENT_RESTART) {
			puts("  time server re-starting");
		}
		verdict = UNSYNCHRONISED;
	} else {
		whole = print_source();
		whole = print_stratum() && whole;
		whole = print_error() && whole;
	}
	whole = print_poll() && whole;
	return whole ? verdict : UNSYNCHRONISED;
}

static enum verdict report(enum ctl_result result)
{
	switch (result) {
	case CTL_OK:
		return print_answer();
	case CTL_SYSTEM:
	case CTL_INTERRUPTED:
		fputs("Unable to talk to NTP daemon. Is it running?\n", stderr);
		break;
	case CTL_SILENCE:
	case CTL_INCOMPLETE:
		fputs("timeout\n", stderr);
		break;
	case CTL_REFUSED:
	case CTL_MALFORMED:
		fprintf(stderr,
			"status word is 0x%04x\n"
			"return data appears to be invalid based on status "
			"word\n",
			answer.status);
		break;
	}
	return UNKNOWN;
}

int main(int argc, char **argv)
{
	netaddr daemon = netaddr_v4(LOCALHOST, NTP_PORT);
	struct ctl_request q = { .opcode = MODE6_READVAR };
	struct ctl ctl;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts(VERSION_LINE("ntpstat"));
		return EXIT_SUCCESS;
	}
	if (argc > 1) {
		fputs("usage: ntpstat\n", stderr);
		return UNKNOWN;
	}
	ctl_init(&ctl);
	ctl.first_wait = SPAN_S(1);
	ctl.tries = 1;

	int err = ctl_open(&ctl, &daemon);
	enum verdict verdict =
		report(err < 0 ? CTL_SYSTEM : ctl_ask(&ctl, &q, &answer));

	ctl_close(&ctl);
	return (int)verdict;
}
