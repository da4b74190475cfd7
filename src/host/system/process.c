/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/system/store.h"

long process_next(DIR *proc)
{
	const struct dirent *entry;

	while ((entry = readdir(proc))) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid > 0) {
			return pid;
		}
	}
	return 0;
}

/* It has ended, and only waits to be collected: its name is all that is left.
 */
static bool is_dead(long pid)
{
	char path[64], line[512];
	const char *end;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (!store_read_line(path, line, sizeof(line))) {
		return true;
	}
	end = strrchr(line, ')'); /* the name may hold anything */
	return end &&
	       (strncmp(end, ") Z", 3) == 0 || strncmp(end, ") X", 3) == 0);
}

bool process_name(long pid, char name[PROCESS_NAME])
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	return store_read_line(path, name, PROCESS_NAME) && !is_dead(pid);
}

void process_print(long pid, const char *name, struct text *out)
{
	text_escaped(out, name, strlen(name));
	text_str(out, " (pid ");
	text_i64(out, pid);
	text_char(out, ')');
}
