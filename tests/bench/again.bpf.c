/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * again.bpf.c - makes a request of the frame that was answered, and runs the
 * program in question on it, so that BPF_PROG_RUN can repeat that.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define HALVES 56 /* of two octets; IPv6 has 55 */

__u16 request[HALVES] __attribute__((aligned(8)));

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

static __attribute__((always_inline)) inline int again(struct xdp_md *ctx,
						       int halves)
{
	void *to = (void *)(long)ctx->data;

	if (to + 2 * halves > (void *)(long)ctx->data_end) {
		return XDP_ABORTED;
	}
	__builtin_memcpy(to, request, 2 * halves);
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int again4(struct xdp_md *ctx)
{
	return again(ctx, 90 / 2);
}

SEC("xdp")
int again6(struct xdp_md *ctx)
{
	return again(ctx, 110 / 2);
}

/* What all that costs but for the program. */
SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_TX;
}

char terms[] SEC("license") = "Dual BSD/GPL";
