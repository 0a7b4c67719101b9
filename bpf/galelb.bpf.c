/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What user space loads: all maps and all programs, with the public side in XDP. The others that include this are the same with the public
 * side in TC, or telling of packets.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "galelb_layout.h"
#include "galelb_maps.h"
#include "galelb_private.h"
#include "galelb_public.h"
#include "galelb_sweep.h"

const volatile struct gale_options options SEC(".rodata.options") = {};

/* Brings into BTF the enums that no map or program names, so that user space can compare its own. */
struct gale_enums {
	enum gale_limit limit;
	enum gale_forwarding forwarding;
	enum gale_hash hash;
	enum gale_refusal refusal;
	enum gale_node_flag node_flag;
	enum gale_next_hop_state next_hop_state;
	enum gale_config_flag config_flag;
	enum gale_flow_direction flow_direction;
	enum gale_flow_state flow_state;
	enum gale_reason reason;
	enum gale_trace_side trace_side;
};
const struct gale_enums gale_enums SEC(".rodata.enums") = {};

#ifdef GALE_PUBLIC_TC
SEC("tc")
int gale_tc_public(struct __sk_buff *ctx)
#else
SEC("xdp")
int gale_xdp_public(struct xdp_md *ctx)
#endif
{
	int verdict;

	trace_public_begin(ctx);
	verdict = public_packet(ctx);
	trace_public_end(ctx, verdict);
	return verdict;
}

SEC("xdp")
int gale_xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("tc")
int gale_tc_private(struct __sk_buff *skb)
{
	int verdict;

	trace_private_begin(skb);
	verdict = private_packet(skb);
	trace_private_end(skb, verdict);
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
