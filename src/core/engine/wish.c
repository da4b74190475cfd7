/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What somebody who may wishes to be changed: the host reads it, and comes
 * back with EVENT_SETTINGS, which has the answer too.
 */
#include "core/engine/stages.h"

#include <string.h>

#define RELOAD "reload"

/* The last act of a wish: the answer to who wished. */
static void answer(struct engine *e, const char *text, size_t len,
		   struct outbox *out)
{
	/* Nothing is counted: only the status word is in the answer. */
	const struct event nothing = { .kind = EVENT_CONTROL };
	struct system_report system;

	e->wishes = false;
	engine_report_system(e, &nothing, &system);
	control_answer_text(&e->wish, &system, text, len, out);
}

void engine_answer_wish(struct engine *e, const struct event *ev,
			struct outbox *out)
{
	bool written = e->wish.header.opcode == MODE6_WRITEVAR;

	if (written && !ev->settings.settings) {
		e->wish.refused = true;
		e->wish.error = MODE6_ERR_VALUE;
	}
	if (e->wishes && ev->settings.reply) {
		answer(e, ev->settings.reply,
		       written ? 0 : ev->settings.reply_len, out);
	}
	e->wishes = false;
	e->wish.signer.key = NULL; /* of a ring that goes */
}

static void reply(struct engine *e, const char *text, struct outbox *out)
{
	answer(e, text, strlen(text), out);
}

static void refuse(struct engine *e, enum mode6_error error, struct outbox *out)
{
	e->wish.refused = true;
	e->wish.error = error;
	answer(e, "", 0, out);
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if ((c < ' ' || c > '~') && c != '\t' && c != '\n' &&
		    c != '\r') {
			return false;
		}
	}
	return true;
}

static bool knows_system_variable(const char *name, size_t len)
{
	for (size_t i = 0; i < SYSTEM_VARS; i++) {
		if (text_equal(report_system_variables[i].name, name, len)) {
			return true;
		}
	}
	return false;
}

static const struct setvar_config *own_variable(const struct engine *e,
						const char *name, size_t len)
{
	const struct setvar_config *v = e->config->setvars;

	while (v && !text_equal(v->name, name, len)) {
		v = v->next;
	}
	return v;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* "name=value" becomes a line; else the error is in `error`. */
static bool variable_line(const struct engine *e, const char *text, size_t len,
			  struct text *line, enum mode6_error *error)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	const struct setvar_config *v = own_variable(e, text, name_len);

	*error = v || knows_system_variable(text, name_len)
			 ? MODE6_ERR_UNSPEC
			 : MODE6_ERR_VARIABLE;
	if (!v) {
		return false;
	}
	*error = MODE6_ERR_FORMAT;
	if (!equals || memchr(text, '"', len) || !is_printable(text, len) ||
	    memchr(text, '\n', len)) {
		return false;
	}
	text_str(line, "setvar ");
	text_str(line, v->name);
	text_str(line, " = \"");
	text_bytes(line, equals + 1, len - name_len - 1);
	text_str(line, v->by_default ? "\" default\n" : "\"\n");
	return true;
}

/* Variables that setvar made may be written; all others are our own. */
static void write_variables(struct engine *e, const char *data, size_t len,
			    struct outbox *out)
{
	char lines[OUTBOX_WISH];
	struct text text = text_over(lines, sizeof(lines));
	enum mode6_error error = MODE6_ERR_FORMAT;
	const char *at = data, *end = data + len;

	if (e->wish.header.assoc != 0) {
		refuse(e, MODE6_ERR_PERMISSION, out);
		return;
	}
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;

		while (at < stop && is_blank(*at)) {
			at++;
		}
		size_t item = (size_t)(stop - at);

		while (item > 0 && is_blank(at[item - 1])) {
			item--;
		}
		if (item > 0 && !variable_line(e, at, item, &text, &error)) {
			refuse(e, error, out);
			return;
		}
		at = comma ? comma + 1 : end;
	}
	if (text.len == 0 || text.cut) {
		refuse(e, error, out);
		return;
	}
	outbox_configure(out, WISH_LINES, lines, text.len);
}

static void configure(struct engine *e, const struct event *ev,
		      const char *data, size_t len, struct outbox *out)
{
	bool local = netaddr_is_none(&ev->control.from);

	if (len >= OUTBOX_WISH) {
		reply(e, "runtime configuration failed: request too long", out);
	} else if (!is_printable(data, len)) {
		reply(e,
		      "runtime configuration failed: request contains an "
		      "unprintable character",
		      out);
	} else if (local && text_equal(RELOAD, data, len)) {
		outbox_configure(out, WISH_RELOAD, data, len);
	} else {
		outbox_configure(out, WISH_LINES, data, len);
	}
}

void engine_wish(struct engine *e, const struct event *ev,
		 const struct control_request *q, struct outbox *out)
{
	const char *data = (const char *)q->data;
	size_t len = q->header.count;

	e->wish = *q;
	e->wish.data = NULL;
	e->wishes = true;
	while (len > 0 && (is_blank(data[len - 1]) || data[len - 1] == '\0')) {
		len--;
	}
	switch (q->header.opcode) {
	case MODE6_WRITEVAR:
		write_variables(e, data, len, out);
		break;
	case MODE6_CONFIGURE:
		configure(e, ev, data, len, out);
		break;
	default:
		/* I2: not for the network, whoever asks there. */
		if (netaddr_is_none(&ev->control.from) && len < OUTBOX_WISH) {
			outbox_configure(out, WISH_SAVE, data, len);
		} else {
			refuse(e, MODE6_ERR_PERMISSION, out);
		}
	}
}
