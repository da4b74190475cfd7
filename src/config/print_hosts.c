/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines about hosts and networks: sources, restrict, interface. */
#include <string.h>

#include "config/print.h"

static const char *family_option(enum family family)
{
	return family == FAMILY_V4 ? "-4 " : family == FAMILY_V6 ? "-6 " : "";
}

static void print_idle(const char *idle, struct text *out)
{
	if (idle) {
		text_char(out, ' ');
		text_str(out, idle);
	}
	text_char(out, '\n');
}

static const char *const directives[] = {
	[SOURCE_KIND_SERVER] = "server ",
	[SOURCE_KIND_POOL] = "pool ",
	[SOURCE_KIND_PEER] = "peer ",
	[SOURCE_KIND_BROADCAST] = "broadcast ",
	[SOURCE_KIND_MANYCAST] = "manycastclient ",
	[SOURCE_KIND_REFCLOCK] = "server ",
};

static void print_source(const struct source_config *s, struct text *out)
{
	text_str(out, directives[s->kind]);
	text_str(out, family_option(s->family));
	if (netaddr_is_none(&s->addr)) {
		print_word(s->host, out);
	} else {
		netaddr_print(&s->addr, out);
	}
	print_changed(SCOPE_SOURCE, s, out);
	print_idle(s->idle, out);
}

static void print_fudge(const struct source_config *s, struct text *out)
{
	size_t start = out->len, head;

	text_str(out, "fudge ");
	netaddr_print(&s->addr, out);
	head = out->len;
	print_changed(SCOPE_FUDGE, &s->fudge, out);
	if (out->len == head && !s->fudge.idle) {
		out->len = start;
		out->start[start] = '\0';
		return;
	}
	print_idle(s->fudge.idle, out);
}

void print_sources(const struct config *c, struct text *out)
{
	for (const struct source_config *s = c->sources; s; s = s->next) {
		print_source(s, out);
	}
	for (const struct source_config *s = c->sources; s; s = s->next) {
		if (s->fudge.given) {
			print_fudge(s, out);
		}
	}
}

/* The mask of a prefix, in the family that the prefix is of. */
static void print_mask(unsigned prefix, bool v4, struct text *out)
{
	netaddr mask = v4 ? netaddr_v4(0, 0) : (netaddr){ .port = 0 };

	for (unsigned bit = v4 ? 96 : 0; bit < prefix; bit++) {
		mask.ip[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	}
	text_str(out, " mask ");
	netaddr_print(&mask, out);
}

/* The words of a scope are neighbours, and there may be many such lines. */
static void print_flags(uint32_t flags, struct text *out)
{
	for (unsigned i = OPTION_RESTRICT_ippeerlimit; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);

		if (o->scope != SCOPE_RESTRICT) {
			break;
		}
		if (!(o->target.bits & flags)) {
			continue;
		}
		text_char(out, ' ');
		text_str(out, o->word);
		if (o->target.bits == RESTRICT_FUZZ) {
			text_str(out, " fuzz");
		}
	}
}

static void print_restrict(const struct restrict_config *r, struct text *out)
{
	bool v4 = r->family == FAMILY_V4;

	text_str(out, "restrict ");
	switch (r->kind) {
	case RESTRICT_DEFAULT:
	case RESTRICT_SOURCE:
		text_str(out, family_option(r->family));
		text_str(out,
			 r->kind == RESTRICT_DEFAULT ? "default" : "source");
		break;
	case RESTRICT_ADDRESS:
		netaddr_print(&r->addr, out);
		v4 = netaddr_is_v4(&r->addr);
		break;
	case RESTRICT_NAME:
		/* In quotes no name is taken for a misspelt keyword. */
		text_str(out, family_option(r->family));
		print_quoted(r->host, out);
		break;
	}
	if ((r->kind == RESTRICT_ADDRESS || r->kind == RESTRICT_NAME) &&
	    r->prefix < 128) {
		print_mask(r->prefix, v4, out);
	}
	text_str(out, " ippeerlimit ");
	text_i64(out, r->ippeerlimit);
	print_flags(r->flags, out);
	text_char(out, '\n');
}

void print_restricts(const struct config *c, struct text *out)
{
	for (const struct restrict_config *r = c->restricts; r; r = r->next) {
		print_restrict(r, out);
	}
}

/* A name that would be taken for a keyword goes in quotes. */
static void print_interface(const char *name, struct text *out)
{
	if (option_find(SCOPE_NIC, name, strlen(name))) {
		print_quoted(name, out);
	} else {
		print_word(name, out);
	}
}

static void print_nic(const struct nic_config *nic, struct text *out)
{
	unsigned skip = netaddr_is_v4(&nic->addr) ? 96 : 0;

	text_str(out, "interface ");
	text_str(out, option_of_bits(SCOPE_NICACTION, nic->action)->word);
	text_char(out, ' ');
	switch (nic->match) {
	case NIC_ALL:
	case NIC_IPV4:
	case NIC_IPV6:
	case NIC_WILDCARD:
		text_str(out, option_of_bits(SCOPE_NIC, nic->match)->word);
		break;
	case NIC_NAME:
		print_interface(nic->name, out);
		break;
	case NIC_ADDR:
		netaddr_print(&nic->addr, out);
		if (nic->prefix < 128) {
			text_char(out, '/');
			text_u64(out, nic->prefix - skip);
		}
		break;
	}
	text_char(out, '\n');
}

void print_nics(const struct config *c, struct text *out)
{
	for (const struct nic_config *nic = c->nics; nic; nic = nic->next) {
		print_nic(nic, out);
	}
}

void print_xdps(const struct config *c, struct text *out)
{
	for (const struct xdp_config *x = c->xdps; x; x = x->next) {
		text_str(out, "interface xdp ");
		print_word(x->name, out);
		text_char(out, ' ');
		text_str(out, option_of_bits(SCOPE_XDPMODE, x->mode)->word);
		text_char(out, '\n');
	}
}

void print_groups(const struct config *c, struct text *out)
{
	for (const struct group_config *g = c->groups; g; g = g->next) {
		text_str(out,
			 g->finds ? "manycastserver " : "multicastclient ");
		netaddr_print(&g->addr, out);
		text_char(out, '\n');
	}
	if (c->ttl_count > 0) {
		text_str(out, "ttl");
	}
	for (uint8_t i = 0; i < c->ttl_count; i++) {
		text_char(out, ' ');
		text_u64(out, c->ttls[i]);
	}
	if (c->ttl_count > 0) {
		text_char(out, '\n');
	}
}
