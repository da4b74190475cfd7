/* SPDX-License-Identifier: BSD-2-Clause */
/* broadcastclient, multicastclient, manycastserver and ttl. */
#include <string.h>

#include "config/parser.h"

#define USUAL_GROUP UINT32_C(0xe0000101) /* 224.0.1.1: NTP's own */

void parse_broadcastclient(struct parser *p)
{
	struct word w;

	p->config->broadcast_client = true;
	while (parser_word(p, &w)) {
		const struct option *o = parser_option(p, SCOPE_LISTEN, &w);

		if (!o || parser_value(p, o, p->config) != VALUE_TAKEN) {
			return;
		}
	}
}

static void add_group(struct parser *p, const netaddr *addr)
{
	bool finds = option_id(p->directive) == OPTION_DIRECTIVE_manycastserver;
	struct group_config *g = arena_take(p->arena, sizeof(*g));

	if (g) {
		g->finds = finds;
		g->addr = *addr;
		g->addr.port = NTP_PORT;
		*p->group_end = g;
		p->group_end = &g->next;
	}
}

/* Every word to the end of the line is a group. */
void parse_groups(struct parser *p)
{
	struct host h = { .word = { .text = NULL } };
	struct word w;
	bool any = false;

	while (parser_string(p, &w)) {
		any = true;
		h.word = w;
		if (!parser_host_check(p, &h, false)) {
			return;
		}
		if (!h.literal || !netaddr_is_multicast(&h.addr)) {
			parser_broken(p, &w, NULL,
				      "% is no multicast group's address");
			return;
		}
		add_group(p, &h.addr);
	}
	if (!any &&
	    option_id(p->directive) == OPTION_DIRECTIVE_multicastclient) {
		netaddr usual = netaddr_v4(USUAL_GROUP, 0);

		add_group(p, &usual);
	} else if (!any) {
		parser_broken(p, &w, p->directive,
			      "@ needs a group's address behind it");
	}
}

/* A broken line leaves what was said before as it is. */
void parse_ttls(struct parser *p)
{
	uint8_t ttls[CONFIG_TTLS] = { 0 };
	struct word w;
	uint64_t v;
	uint8_t n = 0;

	while (parser_word(p, &w)) {
		if (!text_to_u64(w.text, w.len, &v) || v > 255 ||
		    n == CONFIG_TTLS) {
			parser_broken(p, &w, p->directive,
				      "@ takes up to eight numbers up to 255");
			return;
		}
		ttls[n++] = (uint8_t)v;
	}
	memcpy(p->config->ttls, ttls, sizeof(ttls));
	p->config->ttl_count = n;
}
