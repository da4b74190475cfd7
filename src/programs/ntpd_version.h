/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpd_version.h - how ntpd names itself; the number comes from the build.
 */
#ifndef PROGRAMS_NTPD_VERSION_H
#define PROGRAMS_NTPD_VERSION_H

#define NTPD_VERSION "truechimer-" TRUECHIMER_VERSION
#define NTPD_VERSION_LINE "ntpd " NTPD_VERSION " (1)"

#endif
