/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/transcript.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client/control/status.h"
#include "client/ntpq/varjson.h"

#define LINES_MOST 10000
#define DIGITS 15

struct transcript {
	json_t *object;
	bool structured; /* something was said as data */
	bool failed;
};

struct transcript *transcript_new(void)
{
	return calloc(1, sizeof(struct transcript));
}

void transcript_free(struct transcript *t)
{
	if (t) {
		json_decref(t->object);
	}
	free(t);
}

/* The object or list of this name, made when it is not there. */
static json_t *inside(json_t *object, const char *name, bool list)
{
	json_t *found = json_object_get(object, name);

	if (!found) {
		found = list ? json_array() : json_object();
		json_object_set_new(object, name, found);
	}
	return found;
}

static void describe(json_t *into, enum status_kind kind, uint16_t status)
{
	char words[256];
	struct text t = text_over(words, sizeof(words));

	status_print(kind, status, &t);
	json_object_set_new(into, "status", json_integer(status));
	json_object_set_new(into, "status_words", json_stringn(words, t.len));
	if (kind != STATUS_PEER) {
		return;
	}
	json_object_set_new(into, "configured",
			    json_boolean(status & STATUS_CONFIGURED));
	json_object_set_new(into, "reachable",
			    json_boolean(status & STATUS_REACHABLE));
	json_object_set_new(into, "authenticated",
			    json_boolean((status & STATUS_AUTHENABLE) &&
					 (status & STATUS_AUTHENTIC)));
	json_object_set_new(into, "selection",
			    json_string(status_selection(status)));
}

static json_t *association(struct transcript *t, uint16_t assoc)
{
	json_t *list = inside(t->object, "associations", true), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_integer_value(json_object_get(one, "id")) == assoc) {
			return one;
		}
	}
	one = json_object();
	json_object_set_new(one, "id", json_integer(assoc));
	json_array_append_new(list, one);
	return one;
}

/* They are listed once for a command, before they are asked about. */
static void add_list(struct transcript *t, const struct ctl_answer *a)
{
	json_t *list = inside(t->object, "associations", true);
	const uint8_t *at = (const uint8_t *)a->data;

	json_array_clear(list);
	for (size_t i = 0; i + 4 <= a->len; i += 4) {
		json_t *one = json_object();
		uint16_t status = (uint16_t)(at[i + 2] << 8 | at[i + 3]);

		json_object_set_new(one, "id",
				    json_integer(at[i] << 8 | at[i + 1]));
		describe(one, STATUS_PEER, status);
		json_array_append_new(list, one);
	}
}

/* "addr.0=..., hits.0=..., addr.1=...": an object for each number. */
static void add_rows(struct transcript *t, const struct ctl_answer *a)
{
	json_t *list = inside(t->object, "rows", true), *row = NULL;
	struct vars v = vars_over(a->data, a->len);
	struct vars_item item;
	char last[VARJSON_NAME] = "";

	while (vars_next(&v, &item)) {
		char name[VARJSON_NAME];

		varjson_name(&item, name);
		char *dot = strrchr(name, '.');

		if (!dot || !item.valued) {
			continue;
		}
		if (!row || strcmp(last, dot) != 0) {
			row = json_object();
			json_array_append_new(list, row);
			memcpy(last, dot, strlen(dot) + 1);
		}
		*dot = '\0';
		json_object_set_new(row, name, varjson_value(name, &item));
	}
}

static void add_reply(struct transcript *t, const struct ctl_answer *a)
{
	size_t len = a->len;

	while (len > 0 && strchr("\r\n ", a->data[len - 1])) {
		len--;
	}
	json_object_set_new(t->object, "reply", varjson_text(a->data, len));
}

static void add_readvar(struct transcript *t, uint16_t assoc,
			const struct ctl_answer *a)
{
	json_t *of = assoc == 0 ? inside(t->object, "system", false)
				: association(t, assoc);

	describe(of, assoc == 0 ? STATUS_SYSTEM : STATUS_PEER, a->status);
	varjson_add(inside(of, "variables", false), vars_over(a->data, a->len));
}

void transcript_answer(struct transcript *t, enum mode6_opcode opcode,
		       uint16_t assoc, const struct ctl_answer *a)
{
	t->structured = true;
	switch (opcode) {
	case MODE6_READSTAT:
		if (assoc == 0) {
			add_list(t, a);
			return;
		}
		add_readvar(t, assoc, a);
		return;
	case MODE6_UNSPEC:
	case MODE6_READVAR:
		add_readvar(t, assoc, a);
		return;
	case MODE6_READCLOCK: {
		json_t *clock = inside(t->object, "clock", false);

		json_object_set_new(clock, "id", json_integer(a->assoc));
		describe(clock, STATUS_CLOCK, a->status);
		varjson_add(inside(clock, "variables", false),
			    vars_over(a->data, a->len));
		return;
	}
	case MODE6_READ_ORDLIST:
		add_rows(t, a);
		return;
	case MODE6_WRITEVAR:
	case MODE6_WRITECLOCK:
	case MODE6_CONFIGURE:
	case MODE6_SAVECONFIG:
	case MODE6_SETTRAP:
	case MODE6_UNSETTRAP:
		add_reply(t, a);
		return;
	case MODE6_READ_MRU: /* its entries: transcript_client() */
	case MODE6_ASYNC:
	case MODE6_REQ_NONCE: /* nobody's business */
		return;
	}
}

static const char *refusal(uint8_t error)
{
	static const char *const words[] = {
		[MODE6_ERR_UNSPEC] = "unspecified",
		[MODE6_ERR_PERMISSION] = "permission",
		[MODE6_ERR_FORMAT] = "format",
		[MODE6_ERR_OPCODE] = "opcode",
		[MODE6_ERR_ASSOC] = "association",
		[MODE6_ERR_VARIABLE] = "variable",
		[MODE6_ERR_VALUE] = "value",
		[MODE6_ERR_RESTRICTED] = "restricted",
	};

	return error < ARRAY_LEN(words) ? words[error] : "unknown";
}

void transcript_failed(struct transcript *t, enum ctl_result result,
		       const struct ctl_answer *a)
{
	static const char *const kinds[] = {
		[CTL_OK] = "none",
		[CTL_REFUSED] = "refused",
		[CTL_SILENCE] = "silence",
		[CTL_INCOMPLETE] = "incomplete",
		[CTL_MALFORMED] = "malformed",
		[CTL_SYSTEM] = "system",
		[CTL_INTERRUPTED] = "interrupted",
	};
	json_t *error = json_object();

	t->failed = true;
	json_object_set_new(error, "kind", json_string(kinds[result]));
	if (result == CTL_REFUSED) {
		json_object_set_new(error, "reason",
				    json_string(refusal(a->error)));
	} else if (result == CTL_SYSTEM) {
		json_object_set_new(error, "reason",
				    json_string(strerror(a->system)));
	}
	json_object_set_new(t->object, "error", error);
}

void transcript_complaint(struct transcript *t, const char *kind,
			  const char *words)
{
	json_t *error;

	t->failed = true;
	if (!words || json_object_get(t->object, "error")) {
		return;
	}
	error = json_object();
	json_object_set_new(error, "kind", json_string(kind));
	json_object_set_new(error, "reason",
			    varjson_text(words, strlen(words)));
	json_object_set_new(t->object, "error", error);
}

static json_t *headed(const char *host, const char *line)
{
	json_t *object = json_object();

	json_object_set_new(object, "command",
			    varjson_text(line, strlen(line)));
	json_object_set_new(object, "host", varjson_text(host, strlen(host)));
	return object;
}

void transcript_begin(struct transcript *t, const char *host, const char *line)
{
	json_decref(t->object);
	*t = (struct transcript){ .object = headed(host, line) };
}

static void write_line(FILE *out, const json_t *object)
{
	json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
	fputc('\n', out);
	fflush(out);
}

void transcript_client(struct transcript *t, FILE *out,
		       const struct mru_entry *e)
{
	json_t *line = json_object(), *client = json_object();
	char addr[NETADDR_TEXT];
	struct text text = text_over(addr, sizeof(addr));

	t->structured = true;
	netaddr_print(&e->addr, &text);
	json_object_set(line, "command", json_object_get(t->object, "command"));
	json_object_set(line, "host", json_object_get(t->object, "host"));
	json_object_set_new(client, "addr", json_stringn(addr, text.len));
	json_object_set_new(client, "port", json_integer(e->addr.port));
	json_object_set_new(client, "first", varjson_moment(e->first));
	json_object_set_new(client, "last", varjson_moment(e->last));
	json_object_set_new(client, "count", json_integer(e->count));
	json_object_set_new(client, "mode", json_integer(e->mode_version & 7));
	json_object_set_new(client, "version",
			    json_integer(e->mode_version >> 3 & 7));
	json_object_set_new(client, "restrictions",
			    json_integer(e->restrictions));
	json_object_set_new(line, "client", client);
	write_line(out, line);
	json_decref(line);
}

void transcript_add(struct transcript *t, const char *name, json_t *value)
{
	t->structured = true;
	json_object_set_new(t->object, name, value);
}

void transcript_round(struct transcript *t, FILE *out)
{
	json_t *next = json_object();

	json_object_set(next, "command", json_object_get(t->object, "command"));
	json_object_set(next, "host", json_object_get(t->object, "host"));
	json_object_set_new(t->object, "ok", json_boolean(!t->failed));
	write_line(out, t->object);
	json_decref(t->object);
	*t = (struct transcript){ .object = next, .structured = true };
}

static void add_lines(struct transcript *t, const char *text, size_t len)
{
	json_t *lines = inside(t->object, "text", true);
	const char *end = text + len;

	while (text < end && json_array_size(lines) < LINES_MOST) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		stop = stop ? stop : end;
		json_array_append_new(
			lines, varjson_text(text, (size_t)(stop - text)));
		text = stop + 1;
	}
}

void transcript_end(struct transcript *t, FILE *out, const char *text,
		    size_t len)
{
	if (!t->structured && len > 0) {
		add_lines(t, text, len);
	}
	json_object_set_new(t->object, "ok", json_boolean(!t->failed));
	write_line(out, t->object);
}
