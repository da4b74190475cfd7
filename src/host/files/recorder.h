/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorder.h - every event and effect of the engine into a file, for
 * ntpsim --replay.
 *
 * An event is in the file before the engine sees it, so that the one that ends
 * a daemon is there too; its effects follow with the next event. Each run is
 * appended to the ones before it. The file is ours alone (0600): it tells what
 * was asked, and the run's random numbers. An error ends the recording, not the
 * daemon.
 */
#ifndef HOST_RECORDER_H
#define HOST_RECORDER_H

#include "core/engine.h"
#include "host/system/journal.h"

struct recorder {
	int fd; /* -1: nothing is recorded */
	struct journal *journal;
	const char *path;
	uint8_t *buffer; /* of RECORDER_ROOM */
	size_t used;
};

/*
 * While we may; NULL: nothing is to be recorded. Never follows a link. When it
 * cannot be opened that is said, and nothing is recorded.
 */
void recorder_open(struct recorder *r, struct journal *journal,
		   const char *path);
void recorder_close(struct recorder *r);

/* Each does nothing when nothing is recorded. */
void recorder_start(struct recorder *r, const struct settings *settings,
		    const struct engine_start *start);
void recorder_event(struct recorder *r, const struct event *ev);
void recorder_effects(struct recorder *r, const struct outbox *out,
		      instant deadline);

#endif
