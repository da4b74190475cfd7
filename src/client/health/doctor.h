/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor.h - is anything wrong with how this clock is kept, what does that
 * mean, and what mends it? doctor.def has the checks and their words.
 *
 * Pure: judges what was gathered (overview.h) and seen (site.h).
 */
#ifndef CLIENT_DOCTOR_H
#define CLIENT_DOCTOR_H

#include <stdio.h>

#include "client/health/site.h"

#define DOCTOR_TEXT 512

enum check {
#define CHECK(id, name, title, meaning, remedy) CHECK_##id,
#include "client/health/doctor.def"
#undef CHECK
	CHECKS
};

/* The first three are exit codes. */
enum grade { GRADE_OK, GRADE_WARN, GRADE_FAIL, GRADE_UNKNOWN };

struct patient {
	const struct overview *overview; /* cleared where nobody answered */
	enum ctl_result result;          /* of asking */
	const struct site *site;
	bool by_socket; /* the answers came by the unix socket */
};

struct finding {
	enum grade grade;
	char detail[DOCTOR_TEXT]; /* what was found; escaped */
};

void doctor_examine(const struct patient *p, struct finding findings[CHECKS]);

/* The worst grade, as exit code: 0 OK, 1 WARN, 2 FAIL. */
int doctor_code(const struct finding findings[CHECKS]);

/* What is unknown is printed only if `all`. */
void doctor_print(FILE *out, const struct finding findings[CHECKS], bool all,
		  bool colour);

struct check_words {
	const char *name, *title, *meaning, *remedy;
};
const struct check_words *doctor_words(enum check c);
const char *doctor_grade(enum grade g);

#endif
