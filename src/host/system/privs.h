/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * privs.h - who we run as, and what we may still do then.
 */
#ifndef HOST_PRIVS_H
#define HOST_PRIVS_H

#include <sys/types.h>

#include "base/compiler.h"

#define PRIVS_REASON 256

struct identity {
	bool given;
	uid_t uid;
	gid_t gid;
	bool group_given; /* else the user's own groups come along */
	char user[64];    /* its name, for the groups; "" if it has none */
};

/*
 * Reads "user[:group]", names or numbers. False, with the reason as classic
 * words it, when there is no such user or group.
 */
MUST_USE bool privs_find(const char *spec, struct identity *id,
			 char reason[PRIVS_REASON]);

/* Into the jail; call it before privs_drop(). */
MUST_USE bool privs_jail(const char *dir, char reason[PRIVS_REASON]);

/*
 * Becomes `id` for good. Of all capabilities only that to set the clock
 * stays, and with `bind` that to open low ports, as far as we had them.
 */
MUST_USE bool privs_drop(const struct identity *id, bool bind,
			 char reason[PRIVS_REASON]);

/*
 * Between the two files are opened by the rights of `id`. Of root that is not
 * above them (no CAP_DAC_OVERRIDE), before privs_drop(); else nothing happens.
 */
void privs_borrow(const struct identity *id);
void privs_give_back(void);

/* For a helper process: no capability at all, and no way back to any. */
void privs_drop_all(void);

#endif
