/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/control/control.h"

#include "core/control/pieces.h"
#include "core/control/query.h"

#include <string.h>

#define OLDEST 1 /* versions answered */
#define NEWEST 4
#define WORD 4    /* requests are made of so many octets */
#define ITEM 4096 /* "name=value"; the longest is sys_var_list */

/* What a name is looked up in. */
struct scope {
	const struct report_variable *variables;
	const struct report_value *values;
	size_t count;
	const struct setvar_config *setvars;
};

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

static void answer_variables(struct pieces *a, const struct scope *scope,
			     struct query names)
{
	bool all = query_is_empty(&names);
	char buffer[ITEM];

	for (size_t i = 0; i < scope->count; i++) {
		const struct report_variable *v = &scope->variables[i];
		struct text item = text_over(buffer, sizeof(buffer));

		if (!scope->values[i].known ||
		    (all ? v->list != LIST_DEFAULT
			 : !query_names(names, v->name))) {
			continue;
		}
		text_str(&item, v->name);
		text_char(&item, '=');
		report_print(&scope->values[i], &item);
		pieces_item(a, &item);
	}
	for (const struct setvar_config *v = scope->setvars; v; v = v->next) {
		struct text item = text_over(buffer, sizeof(buffer));

		if (all ? !v->by_default : !query_names(names, v->name)) {
			continue;
		}
		text_escaped(&item, v->name, strlen(v->name));
		text_char(&item, '=');
		text_escaped(&item, v->value, strlen(v->value));
		pieces_item(a, &item);
	}
	pieces_end(a);
}

/* One name that is not known fails the whole request. */
static void answer_named(struct pieces *a, const struct scope *scope,
			 struct query names)
{
	struct query rest = names;
	struct query_item item;

	while (query_next(&rest, &item)) {
		if (!scope_knows(scope, item.name, item.name_len)) {
			pieces_error(a, MODE6_ERR_VARIABLE);
			return;
		}
	}
	answer_variables(a, scope, names);
}

static void answer_list(struct pieces *a, const struct control_subject *subject)
{
	for (size_t i = 0; i < subject->listed; i++) {
		uint8_t pair[4];
		struct writer w = writer_over(pair, sizeof(pair));

		write_be(&w, subject->list[i].assoc, 2);
		write_be(&w, subject->list[i].status, 2);
		pieces_put(a, pair, sizeof(pair));
	}
	pieces_end(a);
}

static void answer_system(struct pieces *a, const struct control_request *q,
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
		pieces_end(a); /* its status word is the answer */
	} else {
		answer_named(a, &scope, query_over(q->data, q->header.count));
	}
}

static void answer_peer(struct pieces *a, const struct control_request *q,
			const struct peer_report *p)
{
	struct report_value values[PEER_VARS];
	struct scope scope = {
		.variables = report_peer_variables,
		.values = values,
		.count = PEER_VARS,
	};

	if (!p) {
		pieces_error(a, MODE6_ERR_ASSOC);
		return;
	}
	report_peer_values(p, values);
	a->header.status = report_peer_status(p);
	if (q->header.opcode == MODE6_UNSPEC) {
		pieces_end(a);
	} else if (q->header.opcode == MODE6_READSTAT) {
		answer_variables(a, &scope, (struct query){ NULL, NULL });
	} else {
		answer_named(a, &scope, query_over(q->data, q->header.count));
	}
}

static void answer_clock(struct pieces *a, const struct control_request *q,
			 const struct clock_report *c)
{
	struct report_value values[CLOCK_VARS];
	struct scope scope = {
		.variables = report_clock_variables,
		.values = values,
		.count = CLOCK_VARS,
	};

	if (!c) {
		pieces_error(a, MODE6_ERR_ASSOC);
		return;
	}
	report_clock_values(c, values);
	a->header.status = report_clock_status(c);
	answer_named(a, &scope, query_over(q->data, q->header.count));
}

static void answer_nonce(struct pieces *a, const char *nonce)
{
	char buffer[ITEM];
	struct text item = text_over(buffer, sizeof(buffer));

	text_str(&item, "nonce=");
	text_str(&item, nonce);
	pieces_item(a, &item);
	pieces_end(a);
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

/* Which list: none is named for the sockets'. */
static enum control_need parse_list(struct control_request *q)
{
	struct query names = query_over(q->data, q->header.count);
	struct query_item item;

	if (!query_next(&names, &item) ||
	    text_equal("ifstats", item.name, item.name_len)) {
		return needs(q, CONTROL_NEEDS_SOCKETS);
	}
	if (text_equal("addr_restrictions", item.name, item.name_len)) {
		return needs(q, CONTROL_NEEDS_RESTRICTIONS);
	}
	return refused(q, MODE6_ERR_VARIABLE);
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
	case MODE6_REQ_NONCE:
		return needs(q, CONTROL_NEEDS_NONCE);
	case MODE6_READ_MRU:
		return needs(q, CONTROL_NEEDS_CLIENTS);
	case MODE6_READ_ORDLIST:
		return parse_list(q);
	case MODE6_WRITEVAR:
	case MODE6_CONFIGURE:
	case MODE6_SAVECONFIG:
		return needs(q, CONTROL_NEEDS_CHANGE);
	/* Nobody may: clocks are not set so, and there are no traps. */
	case MODE6_WRITECLOCK:
	case MODE6_SETTRAP:
	case MODE6_UNSETTRAP:
		return refused(q, MODE6_ERR_PERMISSION);
	default:
		return refused(q, MODE6_ERR_OPCODE);
	}
}

void control_permit(struct control_request *q, const struct caller *caller)
{
	bool may = true;

	switch (q->need) {
	case CONTROL_NEEDS_CLIENTS:
		may = caller->sees_clients;
		break;
	case CONTROL_NEEDS_SOCKETS:
	case CONTROL_NEEDS_RESTRICTIONS:
		may = caller->sees_guards;
		break;
	case CONTROL_NEEDS_CHANGE:
		may = caller->modifies || caller->forbidden;
		break;
	case CONTROL_DROP:
	case CONTROL_NEEDS_NOTHING:
	case CONTROL_NEEDS_LIST:
	case CONTROL_NEEDS_PEER:
	case CONTROL_NEEDS_CLOCK:
	case CONTROL_NEEDS_NONCE:
		break;
	}
	if (!may && !q->refused) {
		(void)refused(q, MODE6_ERR_PERMISSION);
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

struct mode6 control_header(const struct control_request *q,
			    const struct system_report *s)
{
	struct mode6 m = pieces_header(&q->header);

	m.leap = (uint8_t)s->leap;
	m.status = report_system_status(s);
	return m;
}

/* False: it is refused, and that is the whole answer. */
static bool begin_answer(struct pieces *a, const struct control_request *q,
			 const struct system_report *s, struct outbox *out)
{
	*a = (struct pieces){ .out = out,
			      .signer = q->signer,
			      .header = control_header(q, s) };
	if (q->refused) {
		pieces_error(a, q->error);
	}
	return !q->refused;
}

void control_answer_text(const struct control_request *q,
			 const struct system_report *s, const char *text,
			 size_t len, struct outbox *out)
{
	struct pieces a;

	if (begin_answer(&a, q, s, out)) {
		pieces_put(&a, text, len);
		pieces_end(&a);
	}
}

void control_answer(const struct control_request *q,
		    const struct system_report *s,
		    const struct control_subject *subject, struct outbox *out)
{
	struct pieces a;

	if (!begin_answer(&a, q, s, out)) {
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
	case CONTROL_NEEDS_NONCE:
		answer_nonce(&a, subject->nonce);
		break;
	case CONTROL_NEEDS_CLIENTS: /* these are not for us to answer */
	case CONTROL_NEEDS_SOCKETS:
	case CONTROL_NEEDS_RESTRICTIONS:
	case CONTROL_NEEDS_CHANGE:
	case CONTROL_DROP:
		break;
	}
}
