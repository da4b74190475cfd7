/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reader.h - what ntpd will say to a line that is made here. Inside
 * src/migrate only.
 */
#ifndef MIGRATE_READER_H
#define MIGRATE_READER_H

/*
 * Lines of ntp.conf, as ntpd reads them. NULL: without a complaint. Else the
 * first one, and in `form` what is taken of the lines all the same: "" for
 * nothing, or what ntpd takes without a complaint. Both are to be freed.
 */
char *reader_complaint(const char *lines, char **form);

#endif
