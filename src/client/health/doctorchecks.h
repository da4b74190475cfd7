/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctorchecks.h - each check of doctor.def: grade, and what was found. Those
 * of what the daemon says are in doctorchecks.c, of the machine in
 * doctorsite.c.
 */
#ifndef CLIENT_DOCTORCHECKS_H
#define CLIENT_DOCTORCHECKS_H

#include "client/health/doctor.h"

typedef enum grade doctor_check_function(const struct patient *p,
					 struct text *t);

#define CHECK(id, name, title, meaning, remedy) \
	doctor_check_function doctor_check_##name;
#include "client/health/doctor.def"
#undef CHECK

static inline bool doctor_answered(const struct patient *p)
{
	return p->result == CTL_OK;
}

/* For one line: the words are the finding. */
static inline enum grade doctor_say(struct text *t, enum grade grade,
				    const char *words)
{
	text_str(t, words);
	return grade;
}

static inline enum grade doctor_unknown(struct text *t)
{
	return doctor_say(t, GRADE_UNKNOWN, "cannot be seen from here");
}

/* "1 answer", "2 answers". */
static inline void doctor_count(struct text *t, uint64_t n, const char *one,
				const char *many)
{
	text_u64(t, n);
	text_char(t, ' ');
	text_str(t, n == 1 ? one : many);
}

#endif
