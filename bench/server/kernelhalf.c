/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernelhalf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROGRAM "load.bpf.o"

static int complain(const char *what, int error)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(-error));
	return error;
}

/* Only what is wrong. */
__attribute__((format(printf, 2, 0))) static int
print(enum libbpf_print_level level, const char *format, va_list list)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, list) : 0;
}

static int find_program(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *name;

	if (len < 0) {
		return -errno;
	}
	path[len] = '\0';
	name = strrchr(path, '/') + 1;
	if (name + sizeof(PROGRAM) > path + PATH_MAX) {
		return -ENAMETOOLONG;
	}
	memcpy(name, PROGRAM, sizeof(PROGRAM));
	return 0;
}

static struct load *share(struct bpf_object *object)
{
	const struct bpf_map *map =
		bpf_object__find_map_by_name(object, ".bss");
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (sizeof(struct load) + page - 1) / page * page;
	void *at;

	if (!map || bpf_map__value_size(map) < sizeof(struct load)) {
		return NULL;
	}
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		  bpf_map__fd(map), 0);
	return at == MAP_FAILED ? NULL : at;
}

static int program(const struct kernelhalf *k, const char *name)
{
	const struct bpf_program *p =
		bpf_object__find_program_by_name(k->object, name);

	return p ? bpf_program__fd(p) : -ENOENT;
}

int kernelhalf_open(struct kernelhalf *k, const char *name, int interface)
{
	char path[PATH_MAX];
	int error = find_program(path);

	*k = (struct kernelhalf){ .interface = interface };
	if (error) {
		return complain(PROGRAM, error);
	}
	libbpf_set_print(print);
	k->object = bpf_object__open(path);
	if (!k->object) {
		return complain(path, -errno);
	}
	error = bpf_object__load(k->object);
	if (error == 0) {
		k->load = share(k->object);
		k->generate = program(k, "generate");
		k->held = bpf_object__find_map_fd_by_name(k->object, "held");
		error = k->load ? 0 : -ENOMEM;
	}
	if (error == 0) {
		error = bpf_xdp_attach(interface, program(k, name),
				       XDP_FLAGS_DRV_MODE, NULL);
	}
	if (error) {
		bpf_object__close(k->object);
		return complain("cannot load and attach", error);
	}
	return 0;
}

void kernelhalf_close(struct kernelhalf *k)
{
	(void)bpf_xdp_detach(k->interface, XDP_FLAGS_DRV_MODE, NULL);
	bpf_object__close(k->object);
}

int kernelhalf_forget(struct kernelhalf *k)
{
	const struct load_held none = { .receive = 0 };
	int error = 0;

	for (uint32_t i = 0; i < LOAD_SOURCES && error == 0; i++) {
		error = bpf_map_update_elem(k->held, &i, &none, BPF_ANY);
	}
	return error;
}
