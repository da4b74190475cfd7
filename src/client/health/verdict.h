/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict.h - what an overview means, in sentences for a person.
 */
#ifndef CLIENT_VERDICT_H
#define CLIENT_VERDICT_H

#include <stdio.h>

#include "client/health/overview.h"

#define VERDICT_BOUND_MAX_S 0.1 /* a clock that is worse is worth a word */

/* The values are exit codes. */
enum standing_code {
	STANDING_SYNCHRONISED = 0,
	STANDING_UNSYNCHRONISED = 1,
	STANDING_NO_DAEMON = 2,
};

enum trouble {
#define TROUBLE(id, name, sentence) TROUBLE_##id,
#include "client/health/troubles.def"
#undef TROUBLE
	TROUBLES
};

struct verdict {
	enum standing_code code;
	bool troubles[TROUBLES];
	unsigned used, answering, silent, falsetickers;
};

struct verdict verdict_of(const struct overview *o);

/* One paragraph. */
void verdict_print(FILE *out, const struct overview *o,
		   const struct verdict *v);

/* Likewise, in lines of at most that many columns; 0: in one. */
void verdict_print_folded(FILE *out, const struct overview *o,
			  const struct verdict *v, unsigned width);

/* "3 s", "12 min", "5 h", "3 d"; "-" when not known. */
void verdict_duration(double s, struct text *out);
/* With units and at most four digits; "-" when not known. */
void verdict_seconds(double s, struct text *out);
/* Likewise with its sign always. */
void verdict_signed(double s, struct text *out);

const char *verdict_trouble_id(enum trouble t);

#endif
