/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h - all that is read from files and can be read again while the
 * daemon runs: the engine has it at the start, and anew with EVENT_SETTINGS.
 *
 * The owner is the host. What an engine was given must stay as it is until
 * the engine has returned from the event with the next one, and whoever holds
 * a view of the engine's has the next view.
 */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "config/config.h"
#include "core/serve/keyring.h"
#include "core/steer/leap.h"

struct settings {
	const struct config *config;
	struct leap_table leaps;    /* empty: none */
	const struct keyring *keys; /* NULL: none */
};

#endif
