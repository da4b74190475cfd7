/* SPDX-License-Identifier: BSD-2-Clause */
/* restrict and interface (nic): lines about networks. */
#include <string.h>

#include "config/parser.h"

/*
 * The length of a mask: ones, then zeros. Others are legal in classic but
 * have no place in a tree of prefixes, nor a use.
 */
static bool mask_length(const netaddr *mask, unsigned *length)
{
	unsigned start = netaddr_is_v4(mask) ? 96 : 0, bit = start;

	while (bit < 128 && (mask->ip[bit / 8] & 0x80u >> bit % 8)) {
		bit++;
	}
	*length = bit;
	for (; bit < 128; bit++) {
		if (mask->ip[bit / 8] & 0x80u >> bit % 8) {
			return false;
		}
	}
	return true;
}

static bool read_mask(struct parser *p, struct restrict_config *r, bool literal)
{
	struct word w;
	netaddr mask;
	unsigned length;

	if (!parser_string(p, &w)) {
		parser_broken(p, &w, NULL, "'mask' needs a mask behind it");
		return false;
	}
	if (r->kind == RESTRICT_DEFAULT || r->kind == RESTRICT_SOURCE) {
		parser_broken(p, &w, NULL, "no mask goes with this line");
		return false;
	}
	if (!netaddr_parse(&mask, w.text, w.len) ||
	    !mask_length(&mask, &length)) {
		parser_broken(p, &w, NULL,
			      "% is no mask: ones, then zeros, as in "
			      "255.255.255.0");
		return false;
	}
	bool v4 = netaddr_is_v4(&mask);

	if (literal && v4 != netaddr_is_v4(&r->addr)) {
		parser_broken(p, &w, NULL,
			      "% is a mask of the other family than the "
			      "address");
		return false;
	}
	if (!literal) {
		r->family = v4 ? FAMILY_V4 : FAMILY_V6;
	}
	r->prefix = (uint8_t)length;
	return true;
}

static bool read_fuzz(struct parser *p)
{
	struct word w;

	if (!parser_word(p, &w) || !word_is(&w, "fuzz")) {
		parser_broken(p, &w, NULL,
			      "'serverresponse' needs 'fuzz' behind it");
		return false;
	}
	return true;
}

/* What the word surely was to be; 0: nobody knows. */
static uint32_t meant(const struct word *w)
{
	const struct option *near =
		option_near(SCOPE_RESTRICT, w->text, w->len);
	char word[16] = "";

	if (!near || near->type != TYPE_MASK || w->len >= sizeof(word)) {
		return 0;
	}
	memcpy(word, w->text, w->len);
	/* With `ntpport` the line would be about fewer. */
	return near->target.bits == RESTRICT_NTPPORT ||
			       text_distance(word, near->word) > 2
		       ? 0
		       : near->target.bits;
}

/*
 * What the word was to forbid cannot be known, so what strangers have no need
 * of is forbidden: classic would leave the rest of the line open. This host
 * itself may always look.
 */
static void shut(struct restrict_config *r, const struct word *w)
{
	r->flags |= meant(w);
	if (r->kind != RESTRICT_ADDRESS || !netaddr_is_loopback(&r->addr)) {
		r->flags |= RESTRICT_NOMODIFY | RESTRICT_NOTRAP |
			    RESTRICT_NOPEER | RESTRICT_NOQUERY;
	}
}

static bool read_flag(struct parser *p, struct restrict_config *r,
		      const struct option *o)
{
	if (o->type != TYPE_MASK) {
		return parser_value(p, o, r) != VALUE_LOST;
	}
	r->flags |= o->target.bits;
	return o->target.bits != RESTRICT_FUZZ || read_fuzz(p);
}

/*
 * False: not all of them could be read. The line is broken for good only when
 * it is not even clear whom it is about.
 */
static bool read_flags(struct parser *p, struct restrict_config *r,
		       bool literal)
{
	bool whole = true;
	struct word w;

	while (parser_word(p, &w)) {
		const struct option *o = parser_option(p, SCOPE_RESTRICT, &w);

		if (o && option_id(o) == OPTION_RESTRICT_mask) {
			if (!read_mask(p, r, literal)) {
				return false;
			}
		} else if (!o || !read_flag(p, r, o)) {
			shut(r, &w);
			p->broken = false;
			whole = false;
		}
	}
	return whole;
}

/*
 * A host called `defualt` is not impossible, only unlikely, and taking it for
 * one would leave the door open. In quotes it is a name for sure.
 */
static void mend_typo(struct parser *p, struct word *w)
{
	char name[16];

	if (w->quoted || w->len >= sizeof(name) || word_is(w, "default") ||
	    word_is(w, "source")) {
		return;
	}
	memcpy(name, w->text, w->len);
	name[w->len] = '\0';

	bool is_default = text_distance(name, "default") <= 2;

	if (!is_default && text_distance(name, "source") > 1) {
		return;
	}
	parser_complain(p, COMPLAINT_WARN, w, NULL,
			is_default ? "unknown word %: taken as 'default'"
				   : "unknown word %: taken as 'source'");
	w->text = is_default ? "default" : "source";
	w->len = strlen(w->text);
}

/* False: there was nothing but flags. */
static bool take_flags_before(struct parser *p, struct restrict_config *r,
			      struct host *h)
{
	const struct option *o;

	while (!h->word.quoted &&
	       (o = option_find(SCOPE_RESTRICT, h->word.text, h->word.len)) &&
	       o->type == TYPE_MASK) {
		enum family family = h->family;

		parser_complain(p, COMPLAINT_WARN, &h->word, NULL,
				"% should stand behind the address: taken all "
				"the same");
		r->flags |= o->target.bits;
		if (!parser_host_word(p, h)) {
			return false;
		}
		h->family = h->family == FAMILY_ANY ? family : h->family;
	}
	return true;
}

/* Who the line is about; false, with a complaint, when that is not clear. */
static bool read_whom(struct parser *p, struct restrict_config *r,
		      struct host *h)
{
	if (!parser_host_word(p, h) || !take_flags_before(p, r, h)) {
		return false;
	}
	mend_typo(p, &h->word);
	r->family = h->family;
	r->prefix = 128;
	if (word_is(&h->word, "default")) {
		r->kind = RESTRICT_DEFAULT;
		r->prefix = h->family == FAMILY_V4 ? 96 : 0;
		r->addr = h->family == FAMILY_V4 ? netaddr_v4(0, 0) : r->addr;
	} else if (word_is(&h->word, "source")) {
		r->kind = RESTRICT_SOURCE;
	} else if (!parser_host_check(p, h, true)) {
		return false;
	} else {
		r->kind = h->literal ? RESTRICT_ADDRESS : RESTRICT_NAME;
		r->family = h->family;
		r->addr = h->literal ? h->addr : r->addr;
		r->prefix = (uint8_t)h->prefix;
	}
	r->host = parser_keep(p, &h->word);
	return true;
}

void parse_restrict(struct parser *p)
{
	struct restrict_config r = { .ippeerlimit = -1 }, *kept;
	struct host h;

	if (!read_whom(p, &r, &h)) {
		return;
	}
	(void)read_flags(p, &r, h.literal);
	if (p->broken) {
		return;
	}
	if (r.kind == RESTRICT_ADDRESS) {
		netaddr_clear_host(&r.addr, r.prefix);
	}
	if ((r.flags & RESTRICT_KOD) && !(r.flags & RESTRICT_LIMITED)) {
		parser_complain(p, COMPLAINT_INFO, &h.word, NULL,
				"'kod' does nothing without 'limited'");
	}
	r.place = parser_place(p);
	kept = arena_take(p->arena, sizeof(*kept));
	if (kept && r.host) {
		*kept = r;
		*p->restrict_end = kept;
		p->restrict_end = &kept->next;
	}
}

static bool is_same_network(const struct restrict_config *a,
			    const struct restrict_config *b)
{
	bool port =
		(a->flags & RESTRICT_NTPPORT) == (b->flags & RESTRICT_NTPPORT);

	if (a->kind == RESTRICT_DEFAULT || a->kind == RESTRICT_SOURCE) {
		return a->kind == b->kind && a->family == b->family && port;
	}
	return port && a->prefix == b->prefix &&
	       (strcmp(a->host, b->host) == 0 ||
		(a->kind == RESTRICT_ADDRESS && b->kind == RESTRICT_ADDRESS &&
		 netaddr_same_host(&a->addr, &b->addr)));
}

/* With flags: these only are taken back. Without: the line is. */
void parse_unrestrict(struct parser *p)
{
	struct restrict_config r = { .ippeerlimit = -1 };
	struct restrict_config **at = &p->config->restricts;
	struct host h;
	bool any = false;

	if (!read_whom(p, &r, &h)) {
		return;
	}
	if (!read_flags(p, &r, h.literal)) {
		return;
	}
	if (r.kind == RESTRICT_ADDRESS) {
		netaddr_clear_host(&r.addr, r.prefix);
	}
	while (*at) {
		if (!r.host || !is_same_network(*at, &r)) {
			at = &(*at)->next;
			continue;
		}
		any = true;
		(*at)->flags &= ~r.flags | RESTRICT_NTPPORT;
		if ((r.flags & ~(uint32_t)RESTRICT_NTPPORT) != 0) {
			at = &(*at)->next;
			continue;
		}
		if (p->restrict_end == &(*at)->next) {
			p->restrict_end = at;
		}
		*at = (*at)->next;
	}
	if (!any) {
		parser_broken(p, &h.word, NULL,
			      "no restrict line is about % just so");
	}
}

/* An interface's name, or a pattern of such: what a shell would take. */
static bool is_interface(const struct word *w)
{
	for (size_t i = 0; i < w->len; i++) {
		if (w->text[i] <= ' ' || w->text[i] == '/' ||
		    w->text[i] == 0x7f) {
			return false;
		}
	}
	return w->len > 0;
}

static bool read_match(struct parser *p, struct nic_config *nic)
{
	const struct option *o = NULL;
	struct host h = { .prefix = 128 };

	if (!parser_string(p, &h.word)) {
		parser_broken(p, &h.word, NULL,
			      "an interface, an address, all, ipv4, ipv6 or "
			      "wildcard is missing");
		return false;
	}
	if (!h.word.quoted) {
		o = option_find(SCOPE_NIC, h.word.text, h.word.len);
	}
	if (o) {
		nic->match = (enum nic_match)o->target.bits;
		return true;
	}
	bool network = memchr(h.word.text, '/', h.word.len) ||
		       netaddr_parse(&h.addr, h.word.text, h.word.len);

	if (network) {
		nic->match = NIC_ADDR;
		if (!parser_host_check(p, &h, true)) {
			return false;
		}
		nic->addr = h.addr;
		nic->prefix = (uint8_t)h.prefix;
		netaddr_clear_host(&nic->addr, nic->prefix);
		return true;
	}
	if (!is_interface(&h.word)) {
		parser_broken(p, &h.word, NULL, "% is no interface's name");
		return false;
	}
	nic->match = NIC_NAME;
	nic->name = parser_keep(p, &h.word);
	return nic->name != NULL;
}

static void keep_xdp(struct parser *p, const struct word *name,
		     enum xdp_mode mode)
{
	for (struct xdp_config *x = p->config->xdps; x; x = x->next) {
		if (word_is(name, x->name)) {
			x->mode = mode;
			return;
		}
	}
	struct xdp_config *kept = arena_take(p->arena, sizeof(*kept));
	const char *text = parser_keep(p, name);

	if (kept && text) {
		*kept = (struct xdp_config){ .name = text, .mode = mode };
		*p->xdp_end = kept;
		p->xdp_end = &kept->next;
	}
}

/* interface xdp NAME [native | generic | auto] */
static void parse_xdp(struct parser *p)
{
	const struct option *o = option_at(OPTION_XDPMODE_auto);
	struct word name, w;

	if (!parser_string(p, &name) || !is_interface(&name)) {
		parser_broken(p, &name, NULL,
			      "the name of an interface is missing");
		return;
	}
	if (parser_word(p, &w)) {
		o = parser_option(p, SCOPE_XDPMODE, &w);
	}
	if (!o) {
		return;
	}
	parser_end(p);
	keep_xdp(p, &name, (enum xdp_mode)o->target.bits);
}

void parse_nic(struct parser *p)
{
	struct nic_config nic = { .place = parser_place(p) }, *kept;
	const struct option *o;
	struct word w;

	if (!parser_word(p, &w)) {
		parser_broken(p, &w, p->directive,
			      "@ needs listen, ignore, drop or xdp behind it");
		return;
	}
	o = parser_option(p, SCOPE_NICACTION, &w);
	if (o && o->target.bits == NIC_XDP) {
		parse_xdp(p);
		return;
	}
	if (!o || !read_match(p, &nic)) {
		return;
	}
	nic.action = (enum nic_action)o->target.bits;
	parser_end(p);
	kept = arena_take(p->arena, sizeof(*kept));
	if (kept) {
		*kept = nic;
		*p->nic_end = kept;
		p->nic_end = &kept->next;
	}
}
