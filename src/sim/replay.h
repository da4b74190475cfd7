/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.h - a record's events through a fresh engine, effects compared one by
 * one: the same build does the same, bit by bit, or something in it depends on
 * more than its events.
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stdio.h>

#include "base/compiler.h"

enum replay_end {
	REPLAY_SAME,
	REPLAY_DIFFERS, /* the first difference is said */
	REPLAY_BROKEN,  /* it could not be read to its end */
};

/* All runs of a record; says what it found. */
enum replay_end replay_run(const uint8_t *data, size_t len, FILE *out);

#endif
