/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * publish.h - what the engine has to say to those who serve: the view, and at a
 * reload the memory that belongs to it. They go on with the view before until
 * the next one is there, and change to that and its memory at once.
 */
#ifndef HOST_PUBLISH_H
#define HOST_PUBLISH_H

#include "host/loop.h"

/* Carries out EFFECT_VIEW. */
void publish_view(struct loop *l, const struct view *view);
/* If one could not be told to all: they are told now. */
void publish_again(struct loop *l);

/* The next view is of settings that want this memory, which is taken. */
void publish_expect(struct loop *l, struct limits_memory *more);
/*
 * After this nobody has a view of the settings before. If there is none of
 * the new ones, nobody is served until it comes.
 */
void publish_part(struct loop *l);

#endif
