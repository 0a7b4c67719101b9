/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Runs before the program under test in each repeat of a test-run, because the kernel gives each repeat the frame as the one
 * before left it: brings frame and headers back to the template, as the next of 2^n flows, and tail-calls.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "cell.h"

enum { FLOW_STEP = 0x9e3779b1 }; /* odd: all flows are visited, neighbours in time are none in memory */

const volatile struct cell cell SEC(".rodata.cell") = {};
__u32 counter SEC(".data.counter") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

static __always_inline __u16 checksum(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* By volatile words: the compiler takes the section for the zeroes that it holds until it is loaded. */
static __always_inline void write_template(void *data, __u32 length)
{
	const volatile __u64 *from = (const volatile __u64 *)cell.template;
	__u64 *to = data;

#pragma clang loop unroll(full)
	for (__u32 n = 0; n < length / sizeof(*to); n++)
		to[n] = from[n];
}

SEC("xdp")
int reset_and_call(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	long grown = end - data;
	__u32 flow, source, port;

	asm volatile("" : "+r"(grown)); /* no pointer arithmetic from here on */
	grown -= cell.length;
	if (grown && bpf_xdp_adjust_head(ctx, (int)grown))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (cell.length == TEMPLATE_SHORT) {
		if (data + TEMPLATE_SHORT > end)
			return XDP_ABORTED;
		write_template(data, TEMPLATE_SHORT);
	} else {
		if (data + TEMPLATE_LONG > end)
			return XDP_ABORTED;
		write_template(data, TEMPLATE_LONG);
	}
	flow = (counter++ * FLOW_STEP) & cell.flow_mask;
	source = flow >> FLOW_PORT_BITS;
	port = FLOW_PORT_FIRST + (flow & ((1 << FLOW_PORT_BITS) - 1));
	*(__be16 *)(data + cell.source_at) = bpf_htons(source);
	*(__be16 *)(data + cell.port_at) = bpf_htons(port);
	if (cell.ip_check_at)
		*(__be16 *)(data + cell.ip_check_at) = bpf_htons(checksum(cell.ip_sum + source));
	*(__be16 *)(data + cell.l4_check_at) = bpf_htons(checksum(cell.l4_sum + source + port));
	bpf_tail_call(ctx, &under_test, 0);
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
