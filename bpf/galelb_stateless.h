/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * L2 and L3: every packet finds its node by the ring alone, so any replica may take any packet of a flow, and
 * the node answers the client itself. For a while after a ring changed, packets that open nothing go where the
 * previous ring sends them, unless their flow was opened since.
 */
#ifndef GALELB_STATELESS_H
#define GALELB_STATELESS_H

#include "galelb_encap.h"
#include "galelb_flow_open.h"
#include "galelb_refuse.h"
#include "galelb_rewrite.h"

static __always_inline int node_is_usable(int node_index)
{
	struct gale_node *node = node_index < 0 ? NULL : node_lookup(node_index);

	return node && (node->flags & (GALE_NODE_VALID | GALE_NODE_REFUSE)) == GALE_NODE_VALID;
}

/* The previous ring's node in place of current, where it differs, still lives, and the flow is older. */
static __noinline int stateless_previous(struct packet *choosing, struct gale_service *service, __u32 slot, __u32 current)
{
	__u32 marker = current;
	int previous;

	if (!choosing || !service)
		return current;
	if ((__s32)(service->previous_until_ms - clock_ms()) <= 0)
		return current;
	previous = ring_lookup(service->previous_ring, slot);
	if (previous == (int)current || !node_is_usable(previous))
		return current;
	if (choosing->key.protocol == IPPROTO_TCP && is_opening(choosing)) {
		if (!is_explaining())
			bpf_map_update_elem(&recent, &choosing->key, &marker, BPF_ANY);
		return current;
	}
	return bpf_map_lookup_elem(&recent, &choosing->key) ? (int)current : previous;
}

/*
 * Sends a packet on. choosing is the packet by whose addresses and ports the node is chosen: the same one, or the
 * one that an ICMP error quotes.
 */
static __always_inline int public_stateless(struct public_md *ctx, struct packet *packet, struct packet *choosing,
					    struct gale_service *service, __u32 reason)
{
	struct gale_config *settings = config_lookup();
	__u32 hash, slot, overhead = 0;
	struct gale_next_hop *hop;
	struct gale_node *node;
	int node_index;

	if (!settings)
		return refuse(ctx, packet, GALE_DROP_NO_NODES);
	if (unlikely(settings->flags & GALE_CONFIG_DEAD_MAN) && choosing->key.protocol == IPPROTO_TCP && is_opening(choosing) &&
	    dead_man_has_struck(settings))
		return refuse(ctx, packet, GALE_DROP_DEAD_MAN);
	if (service->ring == GALE_RING_NONE)
		return refuse(ctx, packet, GALE_DROP_NO_NODES);
	hash = hash_flow(&choosing->key, service->hash, settings->hash_seed);
	slot = ring_slot(hash);
	node_index = ring_lookup(service->ring, slot);
	if (unlikely(service->previous_ring != GALE_RING_NONE))
		node_index = stateless_previous(choosing, service, slot, node_index);
	if (node_index < 0)
		return refuse(ctx, packet, GALE_DROP_NO_NODES);
	node = node_lookup(node_index);
	if (!node || !(node->flags & GALE_NODE_VALID))
		return refuse(ctx, packet, GALE_DROP_NODE_INVALID);
	if (node->flags & GALE_NODE_REFUSE)
		return refuse(ctx, packet, GALE_DROP_NODE_REFUSED);
	hop = next_hop_lookup(node_index);
	if (unlikely(!hop))
		return refuse(ctx, packet, GALE_DROP_UNRESOLVED);
	if (service->forwarding == GALE_FORWARD_L3)
		overhead = address_is_ipv4(&node->address) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	if (unlikely(public_leaving_length(ctx, packet) + overhead > hop->mtu)) {
		packet->mtu = hop->mtu - overhead;
		return refuse(ctx, packet, GALE_DROP_TOO_BIG);
	}
	if (choosing->key.protocol == IPPROTO_TCP && is_opening(choosing) && reason != GALE_FORWARDED_ICMP)
		count_connection(service->service_id, node_index);
	count_to_node(service->service_id, node_index, public_segments(ctx), packet->ip_length);
	if (service->forwarding == GALE_FORWARD_L3) {
		if (unlikely(packet->ttl <= 1))
			return refuse(ctx, packet, GALE_DROP_TTL);
		if (public_encapsulate(ctx, packet, settings, node, hop, hash))
			return refuse(ctx, packet, GALE_DROP_REWRITE);
		count_reason(reason, packet->ip_length);
		return bpf_redirect(hop->ifindex, 0);
	}
	if (public_send_framed(ctx, packet, hop))
		return refuse(ctx, packet, GALE_DROP_REWRITE);
	count_reason(reason, packet->ip_length);
	return bpf_redirect(hop->ifindex, 0);
}

#endif
