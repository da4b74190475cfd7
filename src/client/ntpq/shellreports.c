/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellreports.c - the commands of ntpq that print a fixed report.
 */
#include <string.h>

#include "client/control/complaint.h"
#include "client/ntpq/cooked.h"
#include "client/ntpq/fixedreports.h"
#include "client/ntpq/shell.h"

/* Names that are asked for at once; all of them fit into one request. */
#define NAMES_AT_ONCE 16

struct report_job {
	enum fixed_report report;
	uint16_t assoc;
	bool begun; /* the status line stands there */
	const struct fixed_line *lines;
};

static void begin(struct shell *s, struct report_job *job)
{
	enum status_kind kind = job->assoc == 0 ? STATUS_SYSTEM : STATUS_PEER;

	if (!job->begun && fixed_has_status(job->report)) {
		cooked_status(s->out, kind, s->answer.assoc, s->answer.status);
	}
	job->begun = true;
}

/* What the daemon named but does not know to say now is left out. */
static void print_answer(struct shell *s, struct report_job *job, size_t from,
			 size_t to)
{
	struct vars v = vars_over(s->answer.data, s->answer.len);
	struct vars_item item;

	begin(s, job);
	for (size_t i = from; i < to; i++) {
		if (vars_find(v, job->lines[i].name, &item)) {
			fixed_print(s->out, job->report, &job->lines[i], &item,
				    s->numeric);
		}
	}
}

static enum ctl_result ask_for(struct shell *s, const struct report_job *job,
			       size_t from, size_t to)
{
	char names[SHELL_LINE];
	struct text t = text_over(names, sizeof(names));

	for (size_t i = from; i < to; i++) {
		text_str(&t, i > from ? "," : "");
		text_str(&t, job->lines[i].name);
	}
	INVARIANT(!t.cut && t.len <= MODE6_DATA);
	return shell_try(s, MODE6_READVAR, job->assoc, names);
}

static bool unknown_name(const struct shell *s, enum ctl_result result)
{
	return result == CTL_REFUSED && s->answer.error == MODE6_ERR_VARIABLE;
}

/* A daemon that does not know one name of many refuses all of them. */
static bool one_by_one(struct shell *s, struct report_job *job, size_t from,
		       size_t to)
{
	if (shell_try(s, MODE6_READVAR, job->assoc, "") == CTL_OK) {
		begin(s, job);
	}
	for (size_t i = from; i < to; i++) {
		enum ctl_result result = ask_for(s, job, i, i + 1);

		if (unknown_name(s, result)) {
			fixed_print(s->out, job->report, &job->lines[i], NULL,
				    s->numeric);
			continue;
		}
		if (result != CTL_OK) {
			shell_complain(s, result, job->assoc);
			return false;
		}
		print_answer(s, job, i, i + 1);
	}
	return true;
}

static void print_report(struct shell *s, enum fixed_report report,
			 uint16_t assoc)
{
	struct report_job job = { .report = report, .assoc = assoc };
	size_t count;

	job.lines = fixed_lines(report, &count);
	if (!shell_ready(s, "")) {
		return;
	}
	for (size_t from = 0; from < count; from += NAMES_AT_ONCE) {
		size_t to = from + NAMES_AT_ONCE < count ? from + NAMES_AT_ONCE
							 : count;
		enum ctl_result result = ask_for(s, &job, from, to);

		if (result == CTL_OK) {
			print_answer(s, &job, from, to);
		} else if (!unknown_name(s, result)) {
			shell_complain(s, result, assoc);
			return;
		} else if (!one_by_one(s, &job, from, to)) {
			return;
		}
	}
}

#define FIXED_COMMAND(name, report) \
	void shell_do_##name(struct shell *s, const struct shell_words *args) \
	{ \
		(void)args; \
		print_report(s, report, 0); \
	}

FIXED_COMMAND(authinfo, FIXED_AUTHINFO)
FIXED_COMMAND(iostats, FIXED_IOSTATS)
FIXED_COMMAND(kerninfo, FIXED_KERNINFO)
FIXED_COMMAND(monstats, FIXED_MONSTATS)
FIXED_COMMAND(ntsinfo, FIXED_NTSINFO)
FIXED_COMMAND(sysinfo, FIXED_SYSINFO)
FIXED_COMMAND(sysstats, FIXED_SYSSTATS)
FIXED_COMMAND(timerstats, FIXED_TIMERSTATS)

void shell_do_pstats(struct shell *s, const struct shell_words *args)
{
	uint16_t assoc;

	if (args->count == 0) {
		complain("***An association is needed, as in `pstats &1'\n");
		complain("usage: pstats assocID\n");
	} else if (shell_assoc(s, args->word[0], &assoc)) {
		if (assoc == 0) {
			complain("***Invalid association ID 0 specified\n");
			return;
		}
		print_report(s, FIXED_PSTATS, assoc);
	}
}
