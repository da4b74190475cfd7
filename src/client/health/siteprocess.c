/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siteprocess.c - which process keeps the clock, and who holds port 123, from
 * /proc. Names of processes are anybody's choice: escaped, and believed no
 * further than for words.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/capability.h>

#include "client/health/siteparts.h"
#include "host/system/process.h"
#include "host/system/rivals.h"
#include "host/system/store.h"

#define PATH_TEXT 320
#define KIND_TEXT 32

/* In a container of its own it is not ours to ask; if we may not see: perhaps.
 */
static bool same_network(long pid)
{
	char path[PATH_TEXT], theirs[64] = "", ours[64] = "";

	(void)snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
	if (readlink("/proc/self/ns/net", ours, sizeof(ours) - 1) < 0) {
		return true;
	}
	if (readlink(path, theirs, sizeof(theirs) - 1) < 0) {
		return errno == EACCES || errno == EPERM; /* else it is gone */
	}
	return strcmp(theirs, ours) == 0;
}

/* The inode of the first socket in the list that is bound to the port. */
static unsigned long holder_inode(const char *list, unsigned port)
{
	FILE *f = fopen(list, "re");
	char line[512];
	unsigned long inode = 0;

	while (f && inode == 0 && fgets(line, sizeof(line), f)) {
		char local[8], found[24];

		/* sl local rem st queues timer retrnsmt uid timeout inode */
		if (sscanf(line,
			   "%*d: %*[0-9A-Fa-f]:%7s %*s %*s %*s %*s %*s "
			   "%*s %*s %23s",
			   local, found) == 2 &&
		    strtoul(local, NULL, 16) == port) {
			inode = strtoul(found, NULL, 10);
		}
	}
	if (f) {
		(void)fclose(f);
	}
	return inode;
}

static bool has_socket(long pid, unsigned long inode)
{
	char path[PATH_TEXT], wanted[64], target[64];
	bool found = false;
	struct dirent *entry;

	(void)snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	(void)snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	DIR *fds = opendir(path);

	while (fds && !found && (entry = readdir(fds))) {
		(void)snprintf(path, sizeof(path), "/proc/%ld/fd/%.20s", pid,
			       entry->d_name);
		ssize_t len = readlink(path, target, sizeof(target) - 1);

		if (len > 0) {
			target[len] = '\0';
			found = strcmp(target, wanted) == 0;
		}
	}
	if (fds) {
		(void)closedir(fds);
	}
	return found;
}

static void note_holder(struct site *s, long pid, const char *name)
{
	struct text t = text_over(s->holder, sizeof(s->holder));

	s->holder_pid = (int)pid;
	process_print(pid, name, &t);
}

static void note_daemon(struct site *s, long pid, const char *name)
{
	struct text t = text_over(s->program, sizeof(s->program));

	s->pid = (int)pid;
	text_escaped(&t, name, strlen(name));
}

static void look_at_all(struct site *s, unsigned long inode)
{
	DIR *proc = opendir("/proc");
	long pid;

	while (proc && (pid = process_next(proc)) != 0) {
		char name[PROCESS_NAME];

		if (!process_name(pid, name)) {
			continue;
		}
		if (inode != 0 && s->holder_pid == 0 &&
		    has_socket(pid, inode)) {
			note_holder(s, pid, name);
		}
		if (s->pid == 0 && strcmp(name, "ntpd") == 0 &&
		    same_network(pid)) {
			note_daemon(s, pid, name);
		}
	}
	if (proc) {
		(void)closedir(proc);
	}
}

static void look_at_machine(struct site *s)
{
	struct text t = text_over(s->container, sizeof(s->container));
	char kind[KIND_TEXT], line[4096];
	FILE *f;

	s->may_set = prctl(PR_CAPBSET_READ, CAP_SYS_TIME, 0, 0, 0) == 1;
	if (store_read_line("/run/systemd/container", kind, sizeof(kind))) {
		text_escaped(&t, kind, strlen(kind));
	} else if (access("/.dockerenv", F_OK) == 0) {
		text_str(&t, "docker");
	} else if (access("/run/.containerenv", F_OK) == 0) {
		text_str(&t, "podman");
	}
	f = fopen("/proc/cpuinfo", "re");
	while (f && !s->virtual_machine && fgets(line, sizeof(line), f)) {
		s->virtual_machine = strncmp(line, "flags", 5) == 0 &&
				     strstr(line, " hypervisor") != NULL;
	}
	if (f) {
		(void)fclose(f);
	}
}

void site_look_at_processes(struct site *s)
{
	struct text rival = text_over(s->rival, sizeof(s->rival));
	unsigned long inode = holder_inode("/proc/net/udp", NTP_PORT);

	if (inode == 0) {
		inode = holder_inode("/proc/net/udp6", NTP_PORT);
	}
	s->port_held = inode != 0;
	look_at_all(s, inode);
	if (!rivals_run(s->pid, &rival)) {
		s->rival[0] = '\0';
	}
	look_at_machine(s);
}
