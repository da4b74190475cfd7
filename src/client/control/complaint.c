/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COMPLAINT_TEXT 1280

static char kept[COMPLAINT_TEXT];

void complaint_begin(void)
{
	kept[0] = '\0';
}

void complain(const char *format, ...)
{
	va_list args;

	if (kept[0] == '\0') {
		va_start(args, format);
		vsnprintf(kept, sizeof(kept), format, args);
		va_end(args);
	}
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

const char *complaint_text(void)
{
	size_t len = strlen(kept);

	while (len > 0 && kept[len - 1] == '\n') {
		kept[--len] = '\0';
	}
	return len > 0 ? kept + strspn(kept, "*") : NULL;
}
