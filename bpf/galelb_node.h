/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Nodes and this replica's way to them. */
#ifndef GALELB_NODE_H
#define GALELB_NODE_H

#include "galelb_maps.h"
#include "galelb_packet.h"
#include "galelb_trace.h"

static __always_inline struct gale_node *node_lookup(__u32 node_index)
{
	trace_node(node_index);
	return bpf_map_lookup_elem(&nodes, &node_index);
}

/* Whether flows to this node's generation are to go on. */
static __always_inline int node_accepts(const struct gale_node *node, __u32 generation)
{
	return node->generation == generation && (node->flags & (GALE_NODE_VALID | GALE_NODE_REFUSE)) == GALE_NODE_VALID;
}

static __always_inline struct gale_next_hop *next_hop_lookup(__u32 node_index)
{
	struct gale_next_hop *hop = bpf_map_lookup_elem(&next_hops, &node_index);

	return hop && hop->state == GALE_HOP_RESOLVED ? hop : NULL;
}

static __always_inline struct gale_config *config_lookup(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&config, &zero);
}

#endif
