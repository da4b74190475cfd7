/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals.h - signals as flags that the loop looks at (K10).
 */
#ifndef HOST_SIGNALS_H
#define HOST_SIGNALS_H

#include "base/compiler.h"

/*
 * Installs the handlers. With `wake` the answer is a descriptor that becomes
 * readable when a signal came, so that none is slept through; without, or
 * when there is none to be had, -1.
 */
int signals_open(bool wake);
/* Empties the descriptor. */
void signals_drain(int fd);

/*
 * Before a crash (ABRT, SEGV and the like) takes the process down, calls
 * `last`, which must be safe in a handler.
 */
void signals_on_crash(void (*last)(void));

/* Each: the signal that came since the last call, else 0. */
int signals_end(void);    /* TERM, INT, QUIT: end */
int signals_reopen(void); /* HUP: open the log again */
int signals_debug(void);  /* USR1, USR2: nothing to do any more */

#endif
