/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs/ntpd_oneshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/files/normalform.h"
#include "host/system/journal.h"

static void print_complaints(FILE *f, const struct config_result *r)
{
	for (const struct complaint *c = r->complaints; c; c = c->next) {
		char line[JOURNAL_LINE];
		struct text text = text_over(line, sizeof(line));

		complaint_print(c, &text);
		(void)fprintf(f, "%s\n", line);
	}
}

int ntpd_check_config(const struct ntpd_config *c)
{
	char *text;

	if (c->missing) {
		(void)fprintf(stderr, "ntpd: %s: %s\n", c->path,
			      strerror(c->missing));
		return EXIT_FAILURE;
	}
	text = normalform(&c->config);
	if (!text) {
		return EXIT_FAILURE;
	}
	(void)fputs(text, stdout);
	(void)fflush(stdout);
	free(text);
	print_complaints(stderr, &c->result);
	print_complaints(stderr, &c->by_hand);
	return c->result.warnings + c->result.fatals + c->by_hand.warnings +
				       c->by_hand.fatals ==
			       0
		       ? EXIT_SUCCESS
		       : EXIT_FAILURE;
}

int ntpd_save_config(const struct ntpd_config *c, const char *path)
{
	char *text = normalform(&c->config);
	FILE *f = text ? fopen(path, "we") : NULL;
	bool good = f && fputs(text, f) >= 0;

	print_complaints(stderr, &c->result);
	print_complaints(stderr, &c->by_hand);
	if (f && fclose(f) != 0) {
		good = false;
	}
	free(text);
	if (!good) {
		(void)fprintf(stderr,
			      "ntpd: cannot save configuration to %s: "
			      "%s\n",
			      path, strerror(errno));
		return EXIT_FAILURE;
	}
	(void)fprintf(stderr, "configuration saved to %s\n", path);
	return EXIT_SUCCESS;
}
