/* SPDX-License-Identifier: BSD-2-Clause */
/* kernelhalf.h - load.bpf.c, loaded and standing on an interface. */
#ifndef BENCH_SERVER_KERNELHALF_H
#define BENCH_SERVER_KERNELHALF_H

#include "load.h"

struct bpf_object;

struct kernelhalf {
	struct bpf_object *object;
	struct load *load; /* shared with the kernel */
	int generate;      /* the program's descriptor */
	int held;          /* the map's */
	int interface;
};

/*
 * Loads the program, which stands beside this one's binary, and puts `name` of
 * its parts on the interface. 0, or a negative errno, said on stderr.
 */
int kernelhalf_open(struct kernelhalf *k, const char *name, int interface);
void kernelhalf_close(struct kernelhalf *k);

/* Nobody has been answered yet. */
int kernelhalf_forget(struct kernelhalf *k);

#endif
