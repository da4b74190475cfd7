/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile daemon's datagrams, through everything that ntpq does with them
 * (SECURITY.md I8, I9): two length octets, then so many octets of a fragment,
 * and again. What reaches the terminal is printable.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/control/fragments.h"
#include "client/ntpq/associations.h"
#include "client/ntpq/cooked.h"
#include "client/ntpq/fixedreports.h"
#include "client/ntpq/ifstats.h"
#include "client/ntpq/mrulist.h"
#include "client/ntpq/peers.h"
#include "client/ntpq/reslist.h"
#include "client/ntpq/transcript.h"
#include "fuzz/fuzz.h"

static struct ctl_answer answer;
static struct associations associations;

static void must(bool good)
{
	if (!good) {
		abort();
	}
}

static void render_reports(FILE *out, struct vars v)
{
	struct vars_item item;

	for (int report = 0; report < FIXED_REPORTS; report++) {
		size_t count;
		const struct fixed_line *lines =
			fixed_lines((enum fixed_report)report, &count);

		for (size_t i = 0; i < count; i++) {
			if (vars_find(v, lines[i].name, &item)) {
				fixed_print(out, (enum fixed_report)report,
					    &lines[i], &item, true);
			}
		}
	}
}

static void render_clients(FILE *out, struct vars v)
{
	struct mru_style style = { .numeric = true };
	struct rows rows = mru_rows(v);
	struct mru_list list;
	struct mru_entry e;
	struct row row;

	mru_init(&list, 1);
	while (rows_next(&rows, &row)) {
		if (mru_entry_read(&e, &row)) {
			must(mru_add(&list, &e) != MRU_FULL);
		}
	}
	mru_print(out, &list, &style);
	mru_end(&list);
}

static void render(FILE *out)
{
	struct vars v = vars_over(answer.data, answer.len);
	struct peers_table table = { .numeric = true, .server = "" };

	cooked_vars(out, v, &(struct cooked_style){ .numeric = true });
	cooked_vars(out, v,
		    &(struct cooked_style){ .numeric = true, .units = true });
	cooked_raw(out, answer.data, answer.len);
	for (int layout = PEERS_REFID; layout <= PEERS_LOCAL; layout++) {
		table.layout = (enum peers_layout)layout;
		peers_row(out, &table, 1, answer.status, v);
	}
	associations_parse(&associations, answer.data, answer.len);
	associations_print(out, &associations, true);
	ifstats_print(out, v);
	reslist_print(out, v);
	render_reports(out, v);
	render_clients(out, v);
}

/* As --json has it: one line for each command, and each of them JSON. */
static void check_lines(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		must(stop);
		json_t *object =
			json_loadb(text, (size_t)(stop - text), 0, NULL);

		must(object && json_is_object(object));
		json_decref(object);
		text = stop + 1;
	}
}

static void transcript_clients(struct transcript *t, FILE *out)
{
	struct rows rows = mru_rows(vars_over(answer.data, answer.len));
	struct mru_entry e;
	struct row row;

	while (rows_next(&rows, &row)) {
		if (mru_entry_read(&e, &row)) {
			transcript_client(t, out, &e);
		}
	}
}

static void transcript_all(FILE *out)
{
	static const enum mode6_opcode opcodes[] = {
		MODE6_READSTAT,     MODE6_READVAR,   MODE6_READCLOCK,
		MODE6_READ_ORDLIST, MODE6_CONFIGURE,
	};
	struct transcript *t = transcript_new();

	must(t);
	for (size_t i = 0; i < ARRAY_LEN(opcodes); i++) {
		transcript_begin(t, "host", "command");
		for (uint16_t assoc = 0; assoc < 2; assoc++) {
			transcript_answer(t, opcodes[i], assoc, &answer);
		}
		transcript_end(t, out, "", 0);
	}
	transcript_begin(t, "host", "command");
	transcript_clients(t, out);
	transcript_failed(t, CTL_REFUSED, &answer);
	transcript_end(t, out, "", 0);
	transcript_begin(t, "host", "command");
	transcript_end(t, out, answer.data, answer.len);
	transcript_free(t);
}

static void collect(struct reader *r)
{
	struct fragments f;
	struct mode6 asked = { .opcode = MODE6_READVAR, .sequence = 0x4141 };

	answer.len = 0;
	fragments_init(&f, &asked);
	while (reader_left(r) > 2) {
		size_t len = read_be(r, 2);

		len = len < reader_left(r) ? len : reader_left(r);
		enum fragments_verdict verdict =
			fragments_add(&f, r->at, len, &answer);

		must(answer.len <= CTL_ANSWER);
		r->at += len;
		if (verdict != FRAGMENTS_FOREIGN && verdict != FRAGMENTS_MORE) {
			return;
		}
	}
}

/* What reaches a terminal or a program is printable. */
static void check_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		must(text[i] == '\n' || (text[i] >= 0x20 && text[i] <= 0x7e));
	}
}

static void render_into_memory(void (*to)(FILE *out),
			       void (*check)(const char *text, size_t len))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	must(out);
	to(out);
	must(fclose(out) == 0);
	check_printable(text, len);
	if (check) {
		check(text, len);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);

	collect(&r);
	/* What no fragment carries is rendered as well: it is the easier way
	 * to odd lists. */
	if (answer.len == 0 && size <= CTL_ANSWER) {
		memcpy(answer.data, data, size);
		answer.len = size;
	}
	render_into_memory(render, NULL);
	render_into_memory(transcript_all, check_lines);
	return 0;
}
