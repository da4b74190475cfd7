/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/scenario.h"

#include <string.h>

#define CONFIG_MAX 4096

static const struct scenario scenarios[] = {
#define SCENARIO(function, name, words) { (name), (words), tell_##function },
#include "sim/scenarios.def"
#undef SCENARIO
};

size_t scenario_count(void)
{
	return ARRAY_LEN(scenarios);
}

const struct scenario *scenario_at(size_t index)
{
	return &scenarios[index];
}

const struct scenario *scenario_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		if (strcmp(scenarios[i].name, name) == 0) {
			return &scenarios[i];
		}
	}
	return NULL;
}

static void add_line(struct text *out, const char *line, size_t len,
		     const netaddr *addr)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '@') {
			netaddr_print(addr, out);
		} else {
			text_char(out, line[i]);
		}
	}
	text_char(out, '\n');
}

static void add_for_each(const struct world *w, struct text *out,
			 const char *line, size_t len)
{
	for (unsigned i = 0; i < w->count; i++) {
		if (!w->nodes[i]->daemon) {
			add_line(out, line, len, &w->nodes[i]->addr);
		}
	}
}

static void expand(const struct world *w, const char *config, struct text *out)
{
	while (*config) {
		size_t len = strcspn(config, "\n");

		if (memchr(config, '@', len)) {
			add_for_each(w, out, config, len);
		} else {
			add_line(out, config, len, NULL);
		}
		config += len + (config[len] == '\n');
	}
	INVARIANT(!out->cut);
}

struct node *stage_daemon(struct world *w, const struct oscillator *kind,
			  const struct operator_orders *orders)
{
	char config[CONFIG_MAX];
	struct text text = text_over(config, sizeof(config));
	struct operator_orders expanded = *orders;

	expand(w, orders->config, &text);
	expanded.config = config;
	struct node *n = world_add_host(w, kind);
	daemon_start(n, &expanded);
	return n;
}

struct node *stage_client(struct world *w, const char *config)
{
	struct oscillator kind = oscillator_quartz(0.05, 20e-6, 1e-9);
	struct operator_orders orders = { .config = config };

	return stage_daemon(w, &kind, &orders);
}

void stage_network(struct world *w, const struct way *way)
{
	for (unsigned a = 0; a < VNET_NODES; a++) {
		for (unsigned b = 0; b < VNET_NODES; b++) {
			*vnet_way(&w->net, a, b) = *way;
		}
	}
}

double stage_sync_s(const struct node *n)
{
	if (n->watch.sync_at.v == MOMENT_NEVER.v) {
		return 1e9;
	}
	return span_to_seconds(
		moment_diff(n->watch.sync_at, n->daemon->started));
}

void stage_settle(struct world *w, struct node *n, double seconds,
		  double limit_s)
{
	world_run(w, seconds);
	world_settle(w);
	oracle_expect(w, daemon_synchronised(n), "it is synchronised");
	oracle_limit(n, limit_s);
}
