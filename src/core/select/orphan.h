/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orphan.h - keeping together when nobody knows the time (`tos orphan N`).
 *
 * Hosts that are cut off from all real sources and have the same N serve
 * their own time at stratum N: orphans. All of them, and all that ask them,
 * elect the same one, by its address, which needs no word between them. It
 * alone elects nobody and goes on by itself; the others follow it, and come
 * to stratum N + 1. What is beyond N may follow an orphan, so none of them
 * follows that.
 */
#ifndef CORE_ORPHAN_H
#define CORE_ORPHAN_H

#include "core/select/selection.h"

#define ORPHAN_OFF 16 /* tos orphan: no such mode */

/* REASON_CANDIDATE, or why a source that is fit is none because of `tos
 * orphan`. */
enum reason orphan_judge(const struct tos_config *tos,
			 const struct candidate *c);

/*
 * When nobody else is left: the orphan whose identity is the lowest becomes
 * the only candidate. False when that is ourselves, or there is none.
 */
bool orphan_elect(struct candidate *candidates, size_t count);

#endif
