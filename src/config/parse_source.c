/* SPDX-License-Identifier: BSD-2-Clause */
/* server, pool, peer, refclock and fudge. */
#include <string.h>

#include "config/known.h"
#include "config/parser.h"

/* What is known of a source line while its words are read. */
struct line {
	struct source_config source;
	bool minpoll_said, maxpoll_said;
	struct word mode; /* where `mode` stood; text NULL: nowhere */
	struct word subtype;
	double unit; /* of a refclock line */
};

static bool is_refclock_line(const struct parser *p)
{
	return p->directive->type == TYPE_REFCLOCK;
}

/* The row of a word on this line and the struct it belongs to. */
static const struct option *find(struct parser *p, struct line *l,
				 const struct word *w, void **base)
{
	const struct option *o = NULL;

	*base = &l->source;
	if (is_refclock_line(p) && !w->quoted) {
		o = option_find(SCOPE_FUDGE, w->text, w->len);
	}
	if (o && o->target.field != FIELD_NONE) {
		*base = &l->source.fudge;
		l->source.fudge.given = true;
		return o;
	}
	return parser_option(p, SCOPE_SOURCE, w);
}

static bool read_unit(struct parser *p, struct line *l)
{
	struct word w;
	uint64_t v;

	if (!parser_string(p, &w) || !text_to_u64(w.text, w.len, &v) ||
	    v > 255) {
		parser_broken(p, &w, NULL, "a unit is a number up to 255");
		return false;
	}
	l->unit = (double)v;
	return true;
}

/* False: nothing of the line is to be kept. */
static bool read_words(struct parser *p, struct line *l)
{
	struct word w;

	while (parser_word(p, &w)) {
		void *base;

		if (is_refclock_line(p) && word_is(&w, "unit")) {
			if (!read_unit(p, l)) {
				return false;
			}
			continue;
		}
		const struct option *o = find(p, l, &w, &base);

		if (!o) {
			break; /* what stood before it holds */
		}
		if (parser_value(p, o, base) == VALUE_LOST) {
			return false;
		}
		l->minpoll_said |= option_id(o) == OPTION_SOURCE_minpoll;
		l->maxpoll_said |= option_id(o) == OPTION_SOURCE_maxpoll;
		if (option_id(o) == OPTION_SOURCE_mode) {
			l->mode = w;
		}
		if (option_id(o) == OPTION_SOURCE_subtype) {
			l->subtype = w;
		}
	}
	return true;
}

/* The longer interval is the polite one, so it is the one that holds. */
static void order_polls(struct parser *p, struct line *l)
{
	struct source_config *s = &l->source;

	if (s->minpoll <= s->maxpoll) {
		return;
	}
	if (l->minpoll_said && l->maxpoll_said) {
		parser_complain(p, COMPLAINT_WARN, &p->first, NULL,
				"maxpoll is less than minpoll: raised to it");
	}
	if (l->minpoll_said) {
		s->maxpoll = s->minpoll;
	} else {
		s->minpoll = s->maxpoll;
	}
}

/* Only a driver that knows several kinds of clocks asks which it is. */
static void check_subtype(struct parser *p, const struct line *l)
{
	const struct option *several = option_at(OPTION_DRIVER_generic);
	const struct source_config *s = &l->source;

	if (!l->subtype.text) {
		return;
	}
	if (s->kind != SOURCE_KIND_REFCLOCK) {
		parser_complain(p, COMPLAINT_INFO, &l->subtype, NULL,
				"% is for reference clocks: it has no effect");
	} else if (s->refclock_type != several->low) {
		parser_complain(p, COMPLAINT_INFO, &l->subtype, NULL,
				"% has no effect: this driver knows clocks of "
				"one kind only");
	}
}

static void keep(struct parser *p, struct line *l)
{
	struct source_config *s = &l->source;
	struct source_config **place, *kept;

	order_polls(p, l);
	check_subtype(p, l);
	s->place = parser_place(p);
	s->idle = p->idle.start;
	if (!s->host) {
		return;
	}
	place = known_place(&p->config->known, p->arena, s);
	if (place && *place) {
		parser_complain(p, COMPLAINT_INFO, &p->first, NULL,
				"this source is on an earlier line already: "
				"line ignored");
		return;
	}
	kept = arena_take(p->arena, sizeof(*kept));
	if (kept && place) {
		*kept = *s;
		*place = kept;
		*p->source_end = kept;
		p->source_end = &kept->next;
	}
}

static struct line line_begin(enum source_kind kind)
{
	struct line l = { .source = { .kind = kind } };

	option_reset(SCOPE_SOURCE, &l.source);
	option_reset(SCOPE_FUDGE, &l.source.fudge);
	return l;
}

/* Is there a driver for 127.127.t.u? Says so if not, or not yet. */
static bool check_driver(struct parser *p, const struct word *w, unsigned type)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);

		if (o->scope == SCOPE_DRIVER && o->low == (double)type) {
			parser_say_idle(p, o, w);
			return true;
		}
	}
	parser_broken(p, w, NULL,
		      "% is a clock of a type without driver: line skipped");
	return false;
}

/* Can such a line be about this address? */
static bool may_be(enum source_kind kind, const netaddr *a)
{
	switch (kind) {
	case SOURCE_KIND_BROADCAST:
		return netaddr_is_v4(a) ? !netaddr_is_loopback(a) &&
						  netaddr_v4_bits(a) != 0
					: netaddr_is_multicast(a);
	case SOURCE_KIND_MANYCAST:
		return netaddr_is_multicast(a);
	case SOURCE_KIND_SERVER:
	case SOURCE_KIND_POOL:
	case SOURCE_KIND_PEER:
	case SOURCE_KIND_REFCLOCK:
		break;
	}
	return !netaddr_is_nonsense(a);
}

static bool is_group_line(enum source_kind kind)
{
	return kind == SOURCE_KIND_BROADCAST || kind == SOURCE_KIND_MANYCAST;
}

static bool check_address(struct parser *p, const struct host *h,
			  struct source_config *s)
{
	if (!h->literal && is_group_line(s->kind)) {
		parser_broken(p, &h->word, p->directive,
			      "@ needs an address, not a name");
		return false;
	}
	if (!h->literal) {
		return true;
	}
	s->addr = h->addr;
	s->addr.port = NTP_PORT;
	if (netaddr_is_refclock(&h->addr)) {
		s->kind = SOURCE_KIND_REFCLOCK;
		s->refclock_type = h->addr.ip[14];
		s->refclock_unit = h->addr.ip[15];
		return check_driver(p, &h->word, s->refclock_type);
	}
	if (!may_be(s->kind, &h->addr)) {
		parser_broken(p, &h->word, NULL,
			      "attempt to configure invalid address %: no "
			      "host has it");
		return false;
	}
	return true;
}

static enum source_kind kind_of(const struct option *o)
{
	static const struct {
		enum option_id id;
		enum source_kind kind;
	} kinds[] = {
		{ OPTION_DIRECTIVE_pool, SOURCE_KIND_POOL },
		{ OPTION_DIRECTIVE_peer, SOURCE_KIND_PEER },
		{ OPTION_DIRECTIVE_broadcast, SOURCE_KIND_BROADCAST },
		{ OPTION_DIRECTIVE_manycastclient, SOURCE_KIND_MANYCAST },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].id == option_id(o)) {
			return kinds[i].kind;
		}
	}
	return SOURCE_KIND_SERVER;
}

void parse_source(struct parser *p)
{
	struct line l = line_begin(kind_of(p->directive));
	struct host h;

	if (!parser_host_word(p, &h) || !parser_host_check(p, &h, false) ||
	    !check_address(p, &h, &l.source)) {
		return;
	}
	l.source.family = h.family;
	l.source.host = parser_keep(p, &h.word);
	if (!read_words(p, &l)) {
		return;
	}
	if (l.mode.text && l.source.kind != SOURCE_KIND_REFCLOCK) {
		parser_broken(p, &l.mode, NULL,
			      "'mode' does not apply for network peers: line "
			      "skipped");
		return;
	}
	keep(p, &l);
}

/* One line less: the source that `same` describes is found by it. */
static bool remove_source(struct parser *p, const struct source_config *same)
{
	struct source_config **at = &p->config->sources;

	for (; *at; at = &(*at)->next) {
		struct source_config *s = *at;
		bool found = netaddr_is_none(&same->addr) &&
					     netaddr_is_none(&s->addr)
				     ? strcmp(s->host, same->host) == 0
				     : netaddr_same_host(&s->addr, &same->addr);

		if (found) {
			struct source_config **place =
				known_place(&p->config->known, p->arena, s);

			if (place) {
				*place = NULL;
			}
			if (p->source_end == &(*at)->next) {
				p->source_end = at;
			}
			*at = s->next;
			return true;
		}
	}
	return false;
}

/* The number of an association, which only a request can know. */
static const struct source_config *
associated(struct parser *p, const struct word *w, uint64_t number)
{
	const struct source_config *s = NULL;

	if (!p->request) {
		parser_broken(p, w, NULL,
			      "% is the number of an association: a file "
			      "cannot know it");
		return NULL;
	}
	if (number > 0 && number <= UINT16_MAX) {
		s = p->request->find(p->request->context, (uint16_t)number);
	}
	if (!s) {
		parser_broken(p, w, NULL,
			      "% is no association that a line made");
	}
	return s;
}

void parse_unpeer(struct parser *p)
{
	struct source_config named = { .host = "" };
	const struct source_config *same = &named;
	uint64_t number;
	struct host h;

	if (!parser_host_word(p, &h)) {
		return;
	}
	if (text_to_u64(h.word.text, h.word.len, &number)) {
		same = associated(p, &h.word, number);
	} else if (parser_host_check(p, &h, false)) {
		named.host = parser_keep(p, &h.word);
		named.addr = h.literal ? h.addr : named.addr;
	} else {
		return;
	}
	parser_end(p);
	if (!same || !same->host || p->broken) {
		return;
	}
	if (!remove_source(p, same)) {
		parser_broken(p, &h.word, NULL, "no line made a source of %");
	}
}

void parse_refclock(struct parser *p)
{
	struct line l = line_begin(SOURCE_KIND_REFCLOCK);
	const struct option *driver;
	char buffer[NETADDR_TEXT];
	struct text t = text_over(buffer, sizeof(buffer));
	struct word w;

	if (!parser_word(p, &w)) {
		parser_broken(p, &w, p->directive,
			      "@ needs the name of a driver behind it");
		return;
	}
	driver = parser_option(p, SCOPE_DRIVER, &w);
	if (!driver || !read_words(p, &l)) {
		return;
	}
	struct source_config *s = &l.source;

	s->refclock_type = (uint8_t)driver->low;
	s->refclock_unit = (uint8_t)l.unit;
	s->addr = netaddr_v4(0x7f7f0000u | (uint32_t)s->refclock_type << 8 |
				     s->refclock_unit,
			     NTP_PORT);
	netaddr_print(&s->addr, &t);
	s->host = arena_copy(p->arena, t.start, t.len);
	keep(p, &l);
}

static uint32_t fudge_bit(const struct option *o)
{
	return UINT32_C(1) << (option_id(o) - OPTION_FUDGE_time1);
}

void parse_fudge(struct parser *p)
{
	struct fudge_line line = { .place = { 0 } }, *kept;
	struct host h;
	struct word w;

	if (!parser_host_word(p, &h) || !parser_host_check(p, &h, false)) {
		return;
	}
	if (!h.literal || !netaddr_is_refclock(&h.addr)) {
		parser_broken(p, &h.word, NULL,
			      "inappropriate address % for the fudge command, "
			      "line ignored");
		return;
	}
	while (parser_word(p, &w)) {
		const struct option *o = parser_option(p, SCOPE_FUDGE, &w);

		if (!o) {
			break;
		}
		enum value value = parser_value(p, o, &line.fudge);

		if (value == VALUE_LOST) {
			return;
		}
		line.said |= value == VALUE_TAKEN ? fudge_bit(o) : 0;
	}
	line.place = lexer_place(p->lexer, &h.word);
	line.addr = h.addr;
	line.fudge.idle = p->idle.start;
	kept = arena_take(p->arena, sizeof(*kept));
	if (kept) {
		*kept = line;
		*p->fudge_end = kept;
		p->fudge_end = &kept->next;
	}
}

static void apply(const struct fudge_line *line, struct fudge_config *fudge)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);

		if (o->scope != SCOPE_FUDGE || !(line->said & fudge_bit(o))) {
			continue;
		}
		const char *s = option_string(o, &line->fudge);

		option_set(o, fudge, option_number(o, &line->fudge));
		if (s) {
			option_set_string(o, fudge, s);
		}
	}
	if (line->fudge.idle) {
		fudge->idle = line->fudge.idle;
	}
	fudge->given = true;
}

void parse_fudge_all(struct parser *p)
{
	for (const struct fudge_line *line = p->fudges; line;
	     line = line->next) {
		const struct source_config clock = { .addr = line->addr };
		struct source_config **place =
			known_place(&p->config->known, p->arena, &clock);

		if (place && *place) {
			apply(line, &(*place)->fudge);
			continue;
		}
		/* The lexer has gone; the line remembers its place. */
		struct lexer then = { .file = line->place.file,
				      .line = line->place.line };
		struct word w = { .column = line->place.column };

		p->lexer = &then;
		parser_complain(p, COMPLAINT_WARN, &w, NULL,
				"no server line names this clock: fudge line "
				"ignored");
	}
}
