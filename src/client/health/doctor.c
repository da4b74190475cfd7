/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/health/doctor.h"

#include "client/health/doctorchecks.h"

static const struct check_words words[CHECKS] = {
#define CHECK(id, name, title, meaning, remedy) \
	[CHECK_##id] = { #name, title, meaning, remedy },
#include "client/health/doctor.def"
#undef CHECK
};

const struct check_words *doctor_words(enum check c)
{
	return &words[c];
}

const char *doctor_grade(enum grade g)
{
	static const char *const names[] = {
		[GRADE_OK] = "OK",
		[GRADE_WARN] = "WARN",
		[GRADE_FAIL] = "FAIL",
		[GRADE_UNKNOWN] = "-",
	};

	return names[g];
}

static enum grade run_check(enum check c, const struct patient *p,
			    struct text *detail)
{
	static doctor_check_function *const functions[CHECKS] = {
#define CHECK(id, name, title, meaning, remedy) \
	[CHECK_##id] = doctor_check_##name,
#include "client/health/doctor.def"
#undef CHECK
	};

	return functions[c](p, detail);
}

void doctor_examine(const struct patient *p, struct finding findings[CHECKS])
{
	for (enum check c = 0; c < CHECKS; c++) {
		struct text detail = text_over(findings[c].detail,
					       sizeof(findings[c].detail));

		findings[c].grade = run_check(c, p, &detail);
	}
}

int doctor_code(const struct finding findings[CHECKS])
{
	int worst = GRADE_OK;

	for (enum check c = 0; c < CHECKS; c++) {
		int grade = (int)findings[c].grade;

		if (grade != GRADE_UNKNOWN && grade > worst) {
			worst = grade;
		}
	}
	return worst;
}

static const char *colour_of(enum grade g)
{
	static const char *const colours[] = {
		[GRADE_OK] = "\033[32m",
		[GRADE_WARN] = "\033[33m",
		[GRADE_FAIL] = "\033[31m",
		[GRADE_UNKNOWN] = "",
	};

	return colours[g];
}

void doctor_print(FILE *out, const struct finding findings[CHECKS], bool all,
		  bool colour)
{
	for (enum check c = 0; c < CHECKS; c++) {
		const struct finding *f = &findings[c];

		if (f->grade == GRADE_UNKNOWN && !all) {
			continue;
		}
		fprintf(out, "%s%-4s%s  %s: %s\n",
			colour ? colour_of(f->grade) : "",
			doctor_grade(f->grade), colour ? "\033[0m" : "",
			words[c].title, f->detail);
		if (f->grade == GRADE_WARN || f->grade == GRADE_FAIL) {
			fprintf(out, "      means: %s\n      do:    %s\n",
				words[c].meaning, words[c].remedy);
		}
	}
}
