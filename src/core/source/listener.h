/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener.h - a source that tells the time unasked, by broadcast (D5).
 *
 * The first good packet of a server makes it a source of ours, for as long as
 * it is heard. It is asked as any server is until its distance is known; from
 * then on it is only listened to. A broadcast that says something else than
 * the server said when asked proves nothing but that it was late: the server
 * is asked again.
 *
 * A packet may tell when the one before it really left (RFC 9769, section 4):
 * then it is that one which is measured.
 */
#ifndef CORE_LISTENER_H
#define CORE_LISTENER_H

#include "core/source/source.h"

#define LISTENER_VOLLEY 4  /* answers that make its distance known */
#define LISTENER_SILENT 12 /* broadcasts missed in a row: it is gone */

/*
 * `s` has been given its address. `delay` there and back is known already, or
 * negative: it is to be asked. The first packet of it is `p`.
 */
void listener_begin(struct source *s, const struct packet *p, span delay);
/* What the packet tells; it has been parsed and its signature is good. */
enum source_verdict listener_receive(struct source *s, const struct packet *p,
				     const struct event *ev,
				     const struct source_world *world,
				     struct outbox *out, struct sample *sample);
/* Our clock has jumped: when its last packet came is void. */
void listener_forget(struct listener *l);
/* An answer has been learnt from: is that enough? */
void listener_advance(struct source *s, instant now);
/* It has been silent for so long that it is not there any more. */
bool listener_is_gone(const struct source *s);

#endif
