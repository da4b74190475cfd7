/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/waitsync.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "client/control/status.h"
#include "client/control/vars.h"
#include "client/interrupt.h"
#include "client/ntpq/shell.h"

#define NAMES "leap,rootdelay,rootdisp,clockbound"
#define NAMES_OF_OTHERS "leap,rootdelay,rootdisp"

static double in_seconds(struct vars v, const char *name)
{
	double ms;

	return vars_find_double(v, name, &ms) ? ms / 1e3 : NAN;
}

struct sync_state sync_judge(uint16_t status, const char *data, size_t len,
			     double limit_s)
{
	struct vars v = vars_over(data, len);
	double bound_s = in_seconds(v, "clockbound");
	double distance_s =
		in_seconds(v, "rootdelay") / 2 + in_seconds(v, "rootdisp");
	struct sync_state state = {
		.error_s = isnan(bound_s) ? distance_s : bound_s,
	};

	if (status_leap(status) == LEAP_UNSYNC) {
		state.sync = SYNC_NOT;
	} else if (limit_s > 0 && !(state.error_s <= limit_s)) {
		state.sync = SYNC_POOR;
	} else {
		state.sync = SYNC_GOOD;
	}
	return state;
}

struct sync_state sync_look(struct shell *s, double limit_s)
{
	enum ctl_result result = shell_try(s, MODE6_READVAR, 0, NAMES);

	if (result == CTL_REFUSED && s->answer.error == MODE6_ERR_VARIABLE) {
		result = shell_try(s, MODE6_READVAR, 0, NAMES_OF_OTHERS);
	}
	if (result == CTL_SYSTEM) {
		/* Whoever comes up later need not be at the last address. */
		(void)shell_reopen(s);
	}
	if (result != CTL_OK) {
		return (struct sync_state){ SYNC_SILENT, NAN };
	}
	return sync_judge(s->answer.status, s->answer.data, s->answer.len,
			  limit_s);
}

bool sync_sleep(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds };

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	return nanosleep(&t, NULL) == 0 && !interrupt_seen();
}
