/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdppass.c - lets every frame pass at one end of a virtual cable, without
 * which what is sent by XDP at the other end is lost on the way.
 *
 * Usage: xdppass INTERFACE [tags]. Says "ready", and holds it until it is
 * killed. With "tags" those of VLANs are written into the frames that go out:
 * a cable would hand them over beside the frame, where no program sees them.
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int write_tags(const char *interface)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq request = { .ifr_data = (char *)&flags };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), failed;

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
		       interface);
	failed = fd < 0 || ioctl(fd, SIOCETHTOOL, &request) != 0;
	flags.cmd = ETHTOOL_SFLAGS;
	flags.data &= ~(unsigned)ETH_FLAG_TXVLAN;
	failed = failed || ioctl(fd, SIOCETHTOOL, &request) != 0;
	if (fd >= 0) {
		close(fd);
	}
	return failed;
}

int main(int argc, char **argv)
{
	/* r0 = XDP_PASS; return r0 */
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	unsigned interface = argc > 1 ? if_nametoindex(argv[1]) : 0;
	int tags = argc == 3 && strcmp(argv[2], "tags") == 0;
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "BSD", program,
			       sizeof(program) / sizeof(program[0]), NULL);

	if (interface == 0 || fd < 0 || (tags && write_tags(argv[1]) != 0) ||
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
