/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/health/site.h"

#include <math.h>
#include <string.h>
#include <sys/timex.h>

#include "client/health/siteparts.h"

void site_clear(struct site *s)
{
	memset(s, 0, sizeof(*s));
	s->leap_expire_s = NAN;
}

bool site_is_here(const char *host)
{
	netaddr a;

	return host[0] == '/' || strcmp(host, "localhost") == 0 ||
	       (netaddr_parse(&a, host, strlen(host)) &&
		netaddr_is_loopback(&a));
}

static void look_at_kernel(struct site *s)
{
	struct timex now = { .modes = 0 };

	s->kernel_known = adjtimex(&now) >= 0;
	s->kernel_synced = s->kernel_known && !(now.status & STA_UNSYNC);
}

void site_look(struct site *s, const struct overview *o)
{
	site_look_at_processes(s);
	look_at_kernel(s);
	site_look_at_config(s);
	site_probe(s, o);
}
