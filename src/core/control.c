/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/control.h"

#include <string.h>

#define OLDEST 1 /* versions answered */
#define NEWEST 4
#define WORD 4    /* requests and answers are made of so many octets */
#define LINE 72   /* columns that no line of text reaches */
#define ITEM 4096 /* "name=value"; the longest is sys_var_list */
#define END_LEN 2 /* "\r\n" */

/* An answer on its way out, one datagram after another. */
struct answer {
	struct outbox *out;
	struct mode6 header;
	size_t len; /* octets in `data` */
	uint8_t data[MODE6_DATA];
	size_t column; /* of the text */
	bool is_text;  /* something was said */
};

/* What a name is looked up in. */
struct scope {
	const struct report_variable *variables;
	const struct report_value *values;
	size_t count;
	const struct setvar_config *setvars;
};

/* The names of a request, "a, b=1, c", one after another. */
struct names {
	const char *at, *end;
};

static struct names names_in(const struct control_request *q)
{
	const char *text = (const char *)q->data;

	return (struct names){ text, text + q->header.count };
}

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* A value may stand behind a name, and means nothing when it is read. */
static bool names_next(struct names *n, const char **name, size_t *len)
{
	while (n->at < n->end && is_separator(*n->at)) {
		n->at++;
	}
	if (n->at == n->end) {
		return false;
	}
	*name = n->at;
	while (n->at < n->end && *n->at != ',' && *n->at != '=') {
		n->at++;
	}
	*len = (size_t)(n->at - *name);
	while (n->at < n->end && *n->at != ',') {
		n->at++;
	}
	return true;
}

static bool names_hold(struct names names, const char *word)
{
	const char *name;
	size_t len;

	while (names_next(&names, &name, &len)) {
		if (text_equal(word, name, len)) {
			return true;
		}
	}
	return false;
}

static bool scope_knows(const struct scope *scope, const char *name, size_t len)
{
	for (size_t i = 0; i < scope->count; i++) {
		if (text_equal(scope->variables[i].name, name, len)) {
			return true;
		}
	}
	for (const struct setvar_config *v = scope->setvars; v; v = v->next) {
		if (text_equal(v->name, name, len)) {
			return true;
		}
	}
	return false;
}

static void answer_flush(struct answer *a, bool more)
{
	uint8_t datagram[MODE6_HEADER + MODE6_DATA + WORD] = { 0 };
	struct writer w = writer_over(datagram, sizeof(datagram));

	a->header.more = more;
	a->header.count = (uint16_t)a->len;
	mode6_write(&a->header, &w);
	INVARIANT(!w.failed);
	memcpy(w.at, a->data, a->len);
	outbox_answer(a->out, datagram,
		      MODE6_HEADER + (a->len + WORD - 1) / WORD * WORD);
	a->header.offset = (uint16_t)(a->header.offset + a->len);
	a->len = 0;
}

static void answer_put(struct answer *a, const void *data, size_t len)
{
	const uint8_t *from = data;

	/* What an offset of 16 bits cannot reach is left out. */
	if (a->header.offset + a->len + len > UINT16_MAX) {
		return;
	}
	while (len > 0) {
		if (a->len == MODE6_DATA) {
			answer_flush(a, true);
		}
		size_t part = MODE6_DATA - a->len;

		part = part < len ? part : len;
		memcpy(a->data + a->len, from, part);
		a->len += part;
		from += part;
		len -= part;
	}
}

/* One "name=value", behind a comma and, where it would be long, a new line. */
static void answer_item(struct answer *a, const struct text *item)
{
	if (a->is_text) {
		bool fits = a->column + 2 + item->len < LINE;

		answer_put(a, fits ? ", " : ",\r\n", fits ? 2 : 3);
		a->column = fits ? a->column + 2 : 0;
	}
	answer_put(a, item->start, item->len);
	a->column += item->len;
	a->is_text = true;
}

static void answer_end(struct answer *a)
{
	if (a->is_text && a->len + END_LEN <= MODE6_DATA) {
		answer_put(a, "\r\n", END_LEN);
	}
	answer_flush(a, false);
}

static void answer_error(struct answer *a, enum mode6_error error)
{
	a->header.error = true;
	a->header.status = (uint16_t)((unsigned)error << 8);
	answer_flush(a, false);
}

static void answer_variables(struct answer *a, const struct scope *scope,
			     struct names names)
{
	bool all = names.at == names.end;
	char buffer[ITEM];

	for (size_t i = 0; i < scope->count; i++) {
		const struct report_variable *v = &scope->variables[i];
		struct text item = text_over(buffer, sizeof(buffer));

		if (!scope->values[i].known ||
		    (all ? v->list != LIST_DEFAULT
			 : !names_hold(names, v->name))) {
			continue;
		}
		text_str(&item, v->name);
		text_char(&item, '=');
		report_print(&scope->values[i], &item);
		answer_item(a, &item);
	}
	for (const struct setvar_config *v = scope->setvars; v; v = v->next) {
		struct text item = text_over(buffer, sizeof(buffer));

		if (all ? !v->by_default : !names_hold(names, v->name)) {
			continue;
		}
		text_escaped(&item, v->name, strlen(v->name));
		text_char(&item, '=');
		text_escaped(&item, v->value, strlen(v->value));
		answer_item(a, &item);
	}
	answer_end(a);
}

/* One name that is not known fails the whole request. */
static void answer_named(struct answer *a, const struct scope *scope,
			 struct names names)
{
	struct names rest = names;
	const char *name;
	size_t len;

	while (names_next(&rest, &name, &len)) {
		if (!scope_knows(scope, name, len)) {
			answer_error(a, MODE6_ERR_VARIABLE);
			return;
		}
	}
	answer_variables(a, scope, names);
}

static void answer_list(struct answer *a, const struct control_subject *subject)
{
	for (size_t i = 0; i < subject->listed; i++) {
		uint8_t pair[4];
		struct writer w = writer_over(pair, sizeof(pair));

		write_be(&w, subject->list[i].assoc, 2);
		write_be(&w, subject->list[i].status, 2);
		answer_put(a, pair, sizeof(pair));
	}
	answer_flush(a, false);
}

static void answer_system(struct answer *a, const struct control_request *q,
			  const struct system_report *s)
{
	struct report_value values[SYSTEM_VARS];
	struct scope scope = {
		.variables = report_system_variables,
		.values = values,
		.count = SYSTEM_VARS,
		.setvars = s->setvars,
	};

	report_system_values(s, values);
	if (q->header.opcode == MODE6_UNSPEC) {
		answer_flush(a, false); /* its status word is the answer */
	} else {
		answer_named(a, &scope, names_in(q));
	}
}

static void answer_peer(struct answer *a, const struct control_request *q,
			const struct peer_report *p)
{
	struct report_value values[PEER_VARS];
	struct scope scope = {
		.variables = report_peer_variables,
		.values = values,
		.count = PEER_VARS,
	};

	if (!p) {
		answer_error(a, MODE6_ERR_ASSOC);
		return;
	}
	report_peer_values(p, values);
	a->header.status = report_peer_status(p);
	if (q->header.opcode == MODE6_UNSPEC) {
		answer_flush(a, false);
	} else if (q->header.opcode == MODE6_READSTAT) {
		answer_variables(a, &scope, (struct names){ NULL, NULL });
	} else {
		answer_named(a, &scope, names_in(q));
	}
}

static void answer_clock(struct answer *a, const struct control_request *q,
			 const struct clock_report *c)
{
	struct report_value values[CLOCK_VARS];
	struct scope scope = {
		.variables = report_clock_variables,
		.values = values,
		.count = CLOCK_VARS,
	};

	if (!c) {
		answer_error(a, MODE6_ERR_ASSOC);
		return;
	}
	report_clock_values(c, values);
	a->header.status = report_clock_status(c);
	answer_named(a, &scope, names_in(q));
}

static enum control_need refused(struct control_request *q,
				 enum mode6_error error)
{
	q->need = CONTROL_NEEDS_NOTHING;
	q->refused = true;
	q->error = error;
	return q->need;
}

static enum control_need needs(struct control_request *q,
			       enum control_need need)
{
	q->need = need;
	return need;
}

static enum control_need parse_opcode(struct control_request *q)
{
	bool system = q->header.assoc == 0;

	switch (q->header.opcode) {
	case MODE6_READSTAT:
		return needs(q,
			     system ? CONTROL_NEEDS_LIST : CONTROL_NEEDS_PEER);
	case MODE6_UNSPEC:
	case MODE6_READVAR:
		return needs(q, system ? CONTROL_NEEDS_NOTHING
				       : CONTROL_NEEDS_PEER);
	case MODE6_READCLOCK:
		return needs(q, CONTROL_NEEDS_CLOCK);
	case MODE6_WRITEVAR:
	case MODE6_CONFIGURE:
	case MODE6_SAVECONFIG:
		return needs(q, CONTROL_NEEDS_CHANGE);
	/* What is not to be changed, and what lists clients: nobody may. */
	case MODE6_WRITECLOCK:
	case MODE6_SETTRAP:
	case MODE6_READ_MRU:
	case MODE6_READ_ORDLIST:
	case MODE6_REQ_NONCE:
	case MODE6_UNSETTRAP:
		return refused(q, MODE6_ERR_PERMISSION);
	default:
		return refused(q, MODE6_ERR_OPCODE);
	}
}

enum control_need control_parse(struct control_request *q, const uint8_t *data,
				size_t len)
{
	struct reader r = reader_over(data, len);

	*q = (struct control_request){ .need = CONTROL_DROP };
	if (!mode6_parse(&q->header, &r)) {
		return CONTROL_DROP;
	}
	const struct mode6 *m = &q->header;

	/* Not a request, or not the start of one: two daemons could loop. */
	if (m->version < OLDEST || m->version > NEWEST || m->response ||
	    m->error || m->more || m->offset != 0) {
		return CONTROL_DROP;
	}
	/* More than `count` may follow: classic ntpstat sends 576 octets. */
	if (len % WORD != 0 || reader_left(&r) < m->count) {
		return refused(q, MODE6_ERR_FORMAT);
	}
	q->data = r.at;
	return parse_opcode(q);
}

static struct answer answer_to(const struct control_request *q,
			       const struct system_report *s,
			       struct outbox *out)
{
	return (struct answer){
		.out = out,
		.header = {
			.leap = (uint8_t)s->leap,
			.version = q->header.version,
			.response = true,
			.opcode = q->header.opcode,
			.sequence = q->header.sequence,
			.status = report_system_status(s),
			.assoc = q->header.assoc,
		},
	};
}

void control_answer_text(const struct control_request *q,
			 const struct system_report *s, const char *text,
			 size_t len, struct outbox *out)
{
	struct answer a = answer_to(q, s, out);

	if (q->refused) {
		answer_error(&a, q->error);
		return;
	}
	answer_put(&a, text, len);
	answer_flush(&a, false);
}

void control_answer(const struct control_request *q,
		    const struct system_report *s,
		    const struct control_subject *subject, struct outbox *out)
{
	struct answer a = answer_to(q, s, out);

	if (q->refused) {
		answer_error(&a, q->error);
		return;
	}
	switch (q->need) {
	case CONTROL_NEEDS_NOTHING:
		answer_system(&a, q, s);
		break;
	case CONTROL_NEEDS_LIST:
		answer_list(&a, subject);
		break;
	case CONTROL_NEEDS_PEER:
		answer_peer(&a, q, subject->peer);
		break;
	case CONTROL_NEEDS_CLOCK:
		answer_clock(&a, q, subject->clock);
		break;
	case CONTROL_NEEDS_CHANGE: /* from who may not */
		answer_error(&a, MODE6_ERR_PERMISSION);
		break;
	case CONTROL_DROP:
		break;
	}
}
