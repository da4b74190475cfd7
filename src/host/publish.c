/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/publish.h"

static void hold(struct loop *l)
{
	if (l->workers) {
		workers_hold(l->workers);
	}
}

static void release(struct loop *l)
{
	if (l->workers) {
		workers_release(l->workers);
	}
}

void publish_again(struct loop *l)
{
	l->unpublished = l->workers && !workers_publish(l->workers, &l->view);
}

static void take_memory(struct loop *l)
{
	limits_take(&l->limits, l->setup.config, &l->coming);
}

void publish_view(struct loop *l, const struct view *view)
{
	bool coming = l->coming.hits != NULL;

	l->view = *view;
	l->view_known = true;
	if (coming && !l->withheld) {
		hold(l);
	}
	if (coming) {
		take_memory(l);
	}
	publish_again(l); /* nobody is inside: it does not fail */
	if (coming || l->withheld) {
		release(l);
	}
	l->withheld = false;
}

void publish_expect(struct loop *l, struct limits_memory *more)
{
	l->coming = *more;
	*more = (struct limits_memory){ .hits = NULL };
}

void publish_part(struct loop *l)
{
	if (l->coming.hits == NULL) {
		return;
	}
	if (!l->withheld) {
		hold(l);
	}
	l->withheld = true;
	take_memory(l);
	l->view = (struct view){ .leap = LEAP_UNSYNC };
	l->view_known = false;
}
