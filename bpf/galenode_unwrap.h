/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The far end of L3: takes a packet out of the one that a replica put around it (RFC 2003, RFC 2473), of either family in either.
 * Only what is addressed to this node and, inside, to a service address that it holds is touched.
 */
#ifndef GALENODE_UNWRAP_H
#define GALENODE_UNWRAP_H

#include "galelb_csum.h"
#include "galelb_packet.h"
#include "galenode_layout.h"

enum { ECN_MASK = 3, ECN_NOT_CAPABLE = 0, ECN_CONGESTION = 3 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GALENODE_ADDRESSES_MAX);
	__type(key, struct gale_address);
	__type(value, __u32);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GALENODE_OUTCOMES);
	__type(key, __u32);
	__type(value, struct gale_counter);
} outcomes SEC(".maps");

/* Ethernet with its tags, as it is copied from before the outer header to before the inner one. */
struct link_header {
	struct ethhdr eth;
	struct vlan_header vlan[PACKET_VLAN_DEPTH_MAX];
};

static __always_inline int leave(const struct packet *packet, __u32 outcome, int verdict)
{
	struct gale_counter *counter = bpf_map_lookup_elem(&outcomes, &outcome);

	if (likely(counter)) {
		counter->packets++;
		counter->bytes += packet->ip_length;
	}
	return verdict;
}

static __always_inline int has_role(const struct gale_address *address, __u32 role)
{
	__u32 *roles = bpf_map_lookup_elem(&addresses, address);

	return roles && *roles & role;
}

/* The IP protocol at the cursor with packet filled in, or -1. */
static __always_inline int parse_ip(void **cursor, void *end, __be16 ethertype, struct packet *packet)
{
	if (ethertype == bpf_htons(ETH_P_IP))
		return parse_ipv4(cursor, end, packet);
	if (ethertype == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(cursor, end, packet);
	return -1;
}

/* "Congestion experienced", noted on the outer header, goes into the inner one. 0, or -1. */
static __always_inline int mark_congestion(void *l3, void *end, const struct packet *inner)
{
	if (inner->traits & PACKET_IPV6) {
		struct ipv6hdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return -1;
		*(__be16 *)ip |= bpf_htons(ECN_CONGESTION << 4);
	} else {
		struct iphdr *ip = l3;
		__u8 tos = inner->traffic_class | ECN_CONGESTION;

		if ((void *)(ip + 1) > end)
			return -1;
		ip->check = csum_update(ip->check, (__u64)bpf_htons(tos) + (__u16)~bpf_htons(inner->traffic_class));
		ip->tos = tos;
	}
	return 0;
}

/* Takes distance bytes out from behind the link header, whose last type becomes ethertype. 0, or -1. */
static __always_inline int drop_outer(struct xdp_md *ctx, __u32 l3_offset, __u32 distance, __be16 ethertype)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct link_header *from = data, *to, copy;
	__u32 tags = (l3_offset - sizeof(struct ethhdr)) / sizeof(struct vlan_header);

	/* An IP header follows, so that the longest link header is always there to copy. */
	if ((void *)(from + 1) > end)
		return -1;
	copy = *from;
	if (tags == 0)
		copy.eth.h_proto = ethertype;
	else if (tags == 1)
		copy.vlan[0].encapsulated_protocol = ethertype;
	else
		copy.vlan[1].encapsulated_protocol = ethertype;
	if (bpf_xdp_adjust_head(ctx, distance))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	to = data;
	if ((void *)(to + 1) > end)
		return -1;
	to->eth = copy.eth;
	if (tags > 0)
		to->vlan[0] = copy.vlan[0];
	if (tags > 1)
		to->vlan[1] = copy.vlan[1];
	return 0;
}

/* Whether inner lies wholly within outer and outer within the frame, which length bytes follow from outer's header on. */
static __always_inline int fits(const struct packet *outer, __u32 length, const struct packet *inner, __u32 distance)
{
	return outer->ip_length <= length && distance + inner->ip_length <= outer->ip_length;
}

static __always_inline int unwrap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	void *cursor = data, *outer_l3, *inner_l3;
	struct packet outer = {}, inner = {};
	__be16 inner_type;
	__u32 distance;
	int protocol;

	protocol = parse_ethernet(&cursor, end, &outer);
	if (protocol < 0)
		return leave(&outer, GALENODE_PASSED, XDP_PASS);
	outer_l3 = cursor;
	protocol = parse_ip(&cursor, end, protocol, &outer);
	if (likely(protocol != IPPROTO_IPIP && protocol != IPPROTO_IPV6))
		return leave(&outer, GALENODE_PASSED, XDP_PASS);
	if (!has_role(&outer.key.destination, GALENODE_ROLE_TUNNEL_END))
		return leave(&outer, GALENODE_PASSED, XDP_PASS);
	if (outer.traits & (PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LATER))
		return leave(&outer, GALENODE_PASSED_FRAGMENT, XDP_PASS);

	inner_l3 = cursor;
	inner_type = protocol == IPPROTO_IPIP ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	distance = inner_l3 - outer_l3;
	if (parse_ip(&cursor, end, inner_type, &inner) < 0 || !fits(&outer, end - outer_l3, &inner, distance))
		return leave(&outer, GALENODE_PASSED_MALFORMED, XDP_PASS);
	if (!has_role(&inner.key.destination, GALENODE_ROLE_SERVICE))
		return leave(&outer, GALENODE_PASSED_UNHELD, XDP_PASS);
	if (unlikely((outer.traffic_class & ECN_MASK) == ECN_CONGESTION)) {
		if ((inner.traffic_class & ECN_MASK) == ECN_NOT_CAPABLE)
			return leave(&outer, GALENODE_DROPPED_CONGESTED, XDP_DROP);
		if (mark_congestion(inner_l3, end, &inner))
			return leave(&outer, GALENODE_PASSED_MALFORMED, XDP_PASS);
	}
	if (drop_outer(ctx, outer_l3 - data, distance, inner_type))
		return leave(&outer, GALENODE_PASSED_MALFORMED, XDP_DROP);
	return leave(&outer, GALENODE_UNWRAPPED, XDP_PASS);
}

#endif
