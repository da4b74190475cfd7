/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs/ntpd_config.h"

#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "host/net/udp.h"
#include "host/system/store.h"

#define INCLUDES 256  /* files in all; a circle ends much earlier */
#define ARENA_TRIES 8 /* each with what the last one loaded added */

/* The texts of included files: they live until the parse is over. */
struct includes {
	char *texts[INCLUDES];
	size_t count, bytes;
};

static int is_conf(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && strcmp(dot, ".conf") == 0;
}

/* A folder, as ntpsec takes one: lines that include its files by name. */
static char *list_folder(const char *path, size_t *len)
{
	struct dirent **files;
	char *text = NULL;
	int n = scandir(path, &files, is_conf, alphasort);
	FILE *f = n < 0 ? NULL : open_memstream(&text, len);

	for (int i = 0; i < n; i++) {
		if (f) {
			(void)fprintf(f, "includefile \"%s/%s\"\n", path,
				      files[i]->d_name);
		}
		free(files[i]);
	}
	if (n >= 0) {
		free(files);
	}
	if (f && fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static const char *load_include(void *context, const char *path, size_t *len)
{
	struct includes *in = context;
	char *text = NULL;

	if (in->count < INCLUDES) {
		text = store_read(path, len);
	}
	if (!text && in->count < INCLUDES && errno == EISDIR) {
		text = list_folder(path, len);
	}
	if (text) {
		in->texts[in->count++] = text;
		in->bytes += *len;
	}
	return text;
}

static void free_includes(struct includes *in)
{
	while (in->count > 0) {
		free(in->texts[--in->count]);
	}
}

/* What on the command line has the form of a line of the file. */
static char *lines_by_hand(const struct ntpd_options *o)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		return NULL;
	}
	for (size_t i = 0; i < o->server_count; i++) {
		(void)fprintf(f, "server \"%s\" iburst\n", o->servers[i]);
	}
	for (size_t i = 0; i < o->use_count; i++) {
		const struct option_use *use = &o->uses[i];

		if (use->id == OPTION_TRUSTEDKEY) {
			(void)fprintf(f, "trustedkey %s\n", use->text);
		} else if (use->id == OPTION_INTERFACE) {
			(void)fprintf(f, "interface listen \"%s\"\n",
				      use->text);
		} else if (use->id == OPTION_PROPAGATION) {
			(void)fprintf(f, "broadcastdelay %s\n", use->text);
		}
	}
	return fclose(f) == 0 ? text : NULL;
}

/* What has no form in the file, or outranks it. */
static void overrule(struct config *c, const struct ntpd_options *o)
{
	const struct {
		enum option_id id;
		const char **path;
	} paths[] = {
		{ OPTION_DRIFTFILE, &c->driftfile },
		{ OPTION_KEYFILE, &c->keysfile },
		{ OPTION_LOGFILE, &c->logfile },
		{ OPTION_PIDFILE, &c->pidfile },
		{ OPTION_STATSDIR, &c->statsdir },
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (option_given(o, paths[i].id)) {
			*paths[i].path = o->text[paths[i].id];
		}
	}
	if (option_given(o, OPTION_IPV4)) {
		c->orders.only = FAMILY_V4;
	} else if (option_given(o, OPTION_IPV6)) {
		c->orders.only = FAMILY_V6;
	}
	if (option_given(o, OPTION_AUTHREQ)) {
		c->auth = true;
	} else if (option_given(o, OPTION_AUTHNOREQ)) {
		c->auth = false;
	}
	c->broadcast_client |= option_given(o, OPTION_BCASTSYNC);
	c->orders.panic_once = option_given(o, OPTION_PANICGATE);
	c->orders.step_once = option_given(o, OPTION_FORCE_STEP);
	c->orders.slew_only = option_given(o, OPTION_SLEW);
	c->orders.quit = option_given(o, OPTION_QUIT);
	c->orders.no_clock = option_given(o, OPTION_NO_CLOCK);
}

/* Behind those of the files before it. */
static void add_result(struct config_result *all, const struct config_result *r)
{
	struct complaint **end = &all->complaints;

	while (*end) {
		end = &(*end)->next;
	}
	*end = r->complaints;
	all->warnings += r->warnings;
	all->fatals += r->fatals;
	all->out_of_memory |= r->out_of_memory;
}

static struct config_result unread(struct arena *arena, const char *path)
{
	struct complaint *c = arena_take(arena, sizeof(*c));

	if (c) {
		*c = (struct complaint){ .place = { .file = path },
					 .severity = COMPLAINT_WARN,
					 .text = "it cannot be read" };
	}
	return (struct config_result){ .complaints = c,
				       .warnings = 1,
				       .out_of_memory = arena->failed };
}

static void parse_all(struct ntpd_config *c, struct arena *arena, size_t len,
		      struct includes *in)
{
	const struct config_loader loader = { in, load_include };
	struct config_result r;

	config_defaults(&c->config);
	c->result = (struct config_result){ .complaints = NULL };
	if (c->file_text) {
		c->result = config_parse(&c->config, arena, c->path,
					 c->file_text, len, &loader);
	}
	for (size_t i = 0; i < c->dropins.count; i++) {
		const struct dropin *d = &c->dropins.files[i];

		r = d->text ? config_parse(&c->config, arena, d->path, d->text,
					   d->len, &loader)
			    : unread(arena, d->path);
		add_result(&c->result, &r);
	}
	c->by_hand = config_parse(&c->config, arena, "command line",
				  c->line_text, strlen(c->line_text), NULL);
}

bool ntpd_config_load(struct ntpd_config *c, const struct ntpd_options *o)
{
	struct includes in = { .count = 0 };
	size_t len = 0;

	memset(c, 0, sizeof(*c));
	c->path = option_given(o, OPTION_CONFIGFILE)
			  ? o->text[OPTION_CONFIGFILE]
			  : NTPD_CONFIG_FILE;
	c->file_text = store_read(c->path, &len);
	c->missing = c->file_text ? 0 : errno;
	c->line_text = lines_by_hand(o);
	if (!c->line_text || !dropins_read(&c->dropins, c->path)) {
		return false;
	}
	for (int i = 0; i < ARENA_TRIES; i++) {
		size_t size = config_arena_size(len + strlen(c->line_text) +
						in.bytes + c->dropins.bytes);
		struct arena arena;

		free_includes(&in);
		free(c->memory);
		c->memory = malloc(size);
		if (!c->memory) {
			return false;
		}
		arena = arena_over(c->memory, size);
		parse_all(c, &arena, len, &in);
		if (!c->result.out_of_memory && !c->by_hand.out_of_memory) {
			break;
		}
	}
	free_includes(&in);
	overrule(&c->config, o);
	return !c->result.out_of_memory && !c->by_hand.out_of_memory;
}

void ntpd_config_resolve(struct ntpd_config *c)
{
	for (struct restrict_config *r = c->config.restricts; r; r = r->next) {
		struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
		struct addrinfo *list = NULL;

		if (r->kind != RESTRICT_NAME ||
		    getaddrinfo(r->host, NULL, &hints, &list) != 0) {
			continue;
		}
		if (udp_netaddr(list->ai_addr, &r->addr)) {
			r->addr.port = 0;
			r->prefix = 128;
			r->kind = RESTRICT_ADDRESS;
		}
		freeaddrinfo(list);
	}
}

void ntpd_config_free(struct ntpd_config *c)
{
	free(c->memory);
	free(c->file_text);
	free(c->line_text);
	dropins_free(&c->dropins);
	c->memory = NULL;
	c->file_text = c->line_text = NULL;
}

bool ntpd_config_interfaces_clash(const struct ntpd_config *c,
				  const struct ntpd_options *o)
{
	bool by_option = option_given(o, OPTION_INTERFACE) ||
			 option_given(o, OPTION_NOVIRTUALIPS);

	for (const struct nic_config *n = c->config.nics; by_option && n;
	     n = n->next) {
		if (strcmp(n->place.file, "command line") != 0) {
			return true;
		}
	}
	return false;
}
