/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the build had no clang or no libbpf: nothing can be loaded. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/serve/fastprog.h"

struct fastprog *fastprog_load(uint16_t port, bool limited,
			       char why[FASTPROG_WHY])
{
	(void)port;
	(void)limited;
	(void)snprintf(why, FASTPROG_WHY,
		       "this ntpd was built without clang or libbpf");
	return NULL;
}

void fastprog_free(struct fastprog *p)
{
	(void)p;
}

void fastprog_publish(struct fastprog *p, const struct fast_view *v)
{
	(void)p;
	(void)v;
}

void fastprog_silence(struct fastprog *p)
{
	(void)p;
}

int fastprog_nets(struct fastprog *p, const struct fast_net *nets, size_t count)
{
	(void)p;
	(void)nets;
	(void)count;
	return -EOPNOTSUPP;
}

int fastprog_addresses(struct fastprog *p, const struct fast_address *list,
		       size_t count)
{
	(void)p;
	(void)list;
	(void)count;
	return -EOPNOTSUPP;
}

int fastprog_attach(struct fastprog *p, unsigned interface,
		    enum fastprog_way way)
{
	(void)p;
	(void)interface;
	(void)way;
	return -EOPNOTSUPP;
}

void fastprog_count(const struct fastprog *p, struct fast_counters *sum)
{
	(void)p;
	memset(sum, 0, sizeof(*sum));
}

/* NOLINTNEXTLINE(readability-non-const-parameter): of the one that counts. */
void fastprog_hits(struct fastprog *p, uint64_t *hits, size_t count)
{
	(void)p;
	(void)hits;
	(void)count;
}

int fastprog_samples_fd(const struct fastprog *p)
{
	(void)p;
	return -1;
}

void fastprog_samples(struct fastprog *p,
		      void (*take)(void *context, const struct fast_sample *s),
		      void *context)
{
	(void)p;
	(void)take;
	(void)context;
}

int fastprog_fd(const struct fastprog *p)
{
	(void)p;
	return -1;
}
