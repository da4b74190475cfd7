/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leaptext.h - a table of leap seconds in the published form, made up: one
 * second more in July 2024, one less in January 2025. The third word of its
 * hash lacks a leading zero.
 */
#ifndef TESTS_UNIT_LEAPTEXT_H
#define TESTS_UNIT_LEAPTEXT_H

#define LEAPTEXT_HEAD \
	"#\tNot a table to live by\n#\n#$\t 3913056000\n#\n#@\t3957724800\n"
#define LEAPTEXT_ENTRIES \
	"3550089600\t35\t# 1 Jul 2012\n" \
	"3644697600\t36\t# 1 Jul 2015\n" \
	"3692217600\t37\t# 1 Jan 2017\n" \
	"3928780800\t38\t# 1 Jul 2024\n" \
	"3944678400\t37\t# 1 Jan 2025\n"
#define LEAPTEXT_HASH "#h\t51ce7dcc 50ffa871 5f74dbb d2674dc9 30b64fdd"
#define LEAPTEXT LEAPTEXT_HEAD LEAPTEXT_ENTRIES "#\n" LEAPTEXT_HASH "\n"

#define LEAPTEXT_JULY_2024 INT64_C(1719792000)
#define LEAPTEXT_JANUARY_2025 INT64_C(1735689600)
#define LEAPTEXT_EXPIRES INT64_C(1748736000) /* 1 June 2025 */

#endif
