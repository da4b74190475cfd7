/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/unroot.h"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOBODY 65534 /* as the kernel has it too, without a look at files */

void unroot_before(const netaddr *host)
{
	if (geteuid() != 0 || netaddr_is_loopback(host)) {
		return;
	}
	/* Where the first fails there are no rights to lose. */
	if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0) {
		(void)!setresuid(NOBODY, NOBODY, NOBODY);
	}
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
}
