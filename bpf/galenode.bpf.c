/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The object that a node loads, for services forwarded by L3. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "galenode_layout.h"
#include "galenode_unwrap.h"

/* Brings into BTF the enums that no map or program names, so that user space can compare its own. */
struct galenode_enums {
	enum galenode_role role;
	enum galenode_outcome outcome;
};
const struct galenode_enums galenode_enums SEC(".rodata.enums") = {};

SEC("xdp")
int galenode_unwrap(struct xdp_md *ctx)
{
	return xdp_unwrap(ctx);
}

SEC("tc")
int galenode_tc(struct __sk_buff *skb)
{
	return skb_unwrap(skb);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
