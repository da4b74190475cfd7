/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdppass.c - lets every frame pass at one end of a virtual cable, without
 * which what is sent by XDP at the other end is lost on the way.
 *
 * Usage: xdppass INTERFACE. Says "ready", and holds it until it is killed.
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	/* r0 = XDP_PASS; return r0 */
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	unsigned interface = argc == 2 ? if_nametoindex(argv[1]) : 0;
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "BSD", program,
			       sizeof(program) / sizeof(program[0]), NULL);

	if (interface == 0 || fd < 0 ||
	    bpf_link_create(fd, (int)interface, BPF_XDP, NULL) < 0) {
		perror("xdppass");
		return 1;
	}
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		(void)pause();
	}
}
