/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The far end of L3: takes a packet out of the one that a replica put around it (RFC 2003, RFC 2473), of either family in either, in XDP or in TC
 * at ingress. Only what is addressed to this node and, inside, to a service address that it holds is touched.
 */
#ifndef GALENODE_UNWRAP_H
#define GALENODE_UNWRAP_H

#include <linux/pkt_cls.h>
#include "galelb_csum.h"
#include "galelb_packet.h"
#include "galenode_layout.h"

enum { ECN_MASK = 3, ECN_NOT_CAPABLE = 0, ECN_CONGESTION = 3 };

/* Flags of bpf_skb_adjust_room since Linux 6.3: what is left is of this family. Newer than the headers of older systems. */
enum { ADJ_ROOM_DECAP_L3_IPV4 = 1 << 7, ADJ_ROOM_DECAP_L3_IPV6 = 1 << 8 };

/* A packet inside another. Offsets count from the frame's begin. */
struct wrapping {
	struct packet outer, inner;
	__u32 outer_offset;
	__u32 inner_offset;
	__be16 inner_type;
};

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

static __always_inline int leave(const struct wrapping *w, __u32 outcome, int verdict)
{
	struct gale_counter *counter = bpf_map_lookup_elem(&outcomes, &outcome);

	if (likely(counter)) {
		counter->packets++;
		counter->bytes += w->outer.ip_length;
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

/* The outer header: GALENODE_UNWRAPPED if it is a replica's, else what to leave the packet as. */
static __always_inline int find_outer(void *data, void *end, struct wrapping *w)
{
	void *cursor = data;
	int protocol;

	protocol = parse_ethernet(&cursor, end, &w->outer);
	if (protocol < 0)
		return GALENODE_PASSED;
	w->outer_offset = cursor - data;
	protocol = parse_ip(&cursor, end, protocol, &w->outer);
	if (likely(protocol != IPPROTO_IPIP && protocol != IPPROTO_IPV6))
		return GALENODE_PASSED;
	if (!has_role(&w->outer.key.destination, GALENODE_ROLE_TUNNEL_END))
		return GALENODE_PASSED;
	if (w->outer.traits & (PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LATER))
		return GALENODE_PASSED_FRAGMENT;
	w->inner_offset = cursor - data;
	w->inner_type = protocol == IPPROTO_IPIP ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	return GALENODE_UNWRAPPED;
}

/* Whether inner lies wholly within outer and outer within the frame, which length bytes follow from outer's header on. */
static __always_inline int fits(const struct wrapping *w, __u32 length)
{
	return w->outer.ip_length <= length && w->inner_offset - w->outer_offset + w->inner.ip_length <= w->outer.ip_length;
}

static __always_inline int is_congested(const struct wrapping *w)
{
	return (w->outer.traffic_class & ECN_MASK) == ECN_CONGESTION;
}

/* The same for the inner one; length bytes of the frame follow from the outer header on. */
static __always_inline int find_inner(void *data, void *end, __u32 length, struct wrapping *w)
{
	void *cursor = data + (w->inner_offset & HEADER_OFFSET_MASK);

	if (parse_ip(&cursor, end, w->inner_type, &w->inner) < 0 || !fits(w, length))
		return GALENODE_PASSED_MALFORMED;
	if (!has_role(&w->inner.key.destination, GALENODE_ROLE_SERVICE))
		return GALENODE_PASSED_UNHELD;
	if (unlikely(is_congested(w)) && (w->inner.traffic_class & ECN_MASK) == ECN_NOT_CAPABLE)
		return GALENODE_DROPPED_CONGESTED;
	return GALENODE_UNWRAPPED;
}

/* "Congestion experienced", noted on the outer header, goes into the inner one. 0, or -1. */
static __always_inline int xdp_mark_congestion(struct xdp_md *ctx, const struct wrapping *w)
{
	void *end = (void *)(long)ctx->data_end, *l3 = (void *)(long)ctx->data + (w->inner_offset & HEADER_OFFSET_MASK);

	if (w->inner.traits & PACKET_IPV6) {
		struct ipv6hdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return -1;
		*(__be16 *)ip |= bpf_htons(ECN_CONGESTION << 4);
	} else {
		struct iphdr *ip = l3;
		__u8 tos = w->inner.traffic_class | ECN_CONGESTION;

		if ((void *)(ip + 1) > end)
			return -1;
		ip->check = csum_update(ip->check, (__u64)bpf_htons(tos) + (__u16)~bpf_htons(w->inner.traffic_class));
		ip->tos = tos;
	}
	return 0;
}

/* Takes the outer header out from behind the link header, whose last type becomes the inner one's. 0, or -1. */
static __always_inline int xdp_drop_outer(struct xdp_md *ctx, const struct wrapping *w)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct link_header *from = data, *to, copy;
	__u32 tags = (w->outer_offset - sizeof(struct ethhdr)) / sizeof(struct vlan_header);

	/* An IP header follows, so that the longest link header is always there to copy. */
	if ((void *)(from + 1) > end)
		return -1;
	copy = *from;
	if (tags == 0)
		copy.eth.h_proto = w->inner_type;
	else if (tags == 1)
		copy.vlan[0].encapsulated_protocol = w->inner_type;
	else
		copy.vlan[1].encapsulated_protocol = w->inner_type;
	if (bpf_xdp_adjust_head(ctx, (int)(w->inner_offset - w->outer_offset)))
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

static __always_inline int xdp_unwrap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 length = end - data;
	struct wrapping w = {};
	__u32 outcome;

	/* Pointers may be subtracted as 64 bits only, whatever becomes of the difference. */
	asm("" : "+r"(length));
	outcome = find_outer(data, end, &w);
	if (outcome == GALENODE_UNWRAPPED)
		outcome = find_inner(data, end, length - w.outer_offset, &w);
	if (likely(outcome != GALENODE_UNWRAPPED))
		return leave(&w, outcome, outcome == GALENODE_DROPPED_CONGESTED ? XDP_DROP : XDP_PASS);
	if (unlikely(is_congested(&w)) && xdp_mark_congestion(ctx, &w))
		return leave(&w, GALENODE_PASSED_MALFORMED, XDP_PASS);
	if (xdp_drop_outer(ctx, &w))
		return leave(&w, GALENODE_PASSED_MALFORMED, XDP_DROP);
	return leave(&w, GALENODE_UNWRAPPED, XDP_PASS);
}

/* The traffic class lies in the first two bytes of either header. 0, or -1. */
static __always_inline int skb_mark_congestion(struct __sk_buff *skb, const struct wrapping *w)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 offset = w->inner_offset & HEADER_OFFSET_MASK;
	__be16 *first = data + offset, old, new;
	int ipv6 = w->inner.traits & PACKET_IPV6;

	if ((void *)(first + 1) > end)
		return -1;
	old = *first;
	new = old | bpf_htons(ipv6 ? ECN_CONGESTION << 4 : ECN_CONGESTION);
	/* IPv4's own checksum makes up for the change in a card's sum over the whole packet; IPv6 has none. */
	if (bpf_skb_store_bytes(skb, offset, &new, sizeof(new), ipv6 ? BPF_F_RECOMPUTE_CSUM : 0))
		return -1;
	return ipv6 ? 0 : bpf_l3_csum_replace(skb, offset + offsetof(struct iphdr, check), old, new, sizeof(new));
}

/* Merged segments keep their size, and what a card has found of the inner checksum stays true. 0, or -1. */
static __always_inline int skb_drop_outer(struct __sk_buff *skb, const struct wrapping *w)
{
	__u64 family = w->inner_type == bpf_htons(ETH_P_IP) ? ADJ_ROOM_DECAP_L3_IPV4 : ADJ_ROOM_DECAP_L3_IPV6;
	__be16 type = w->inner_type;

	if (bpf_skb_adjust_room(skb, -(__s32)(w->inner_offset - w->outer_offset), BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET | family))
		return -1;
	return bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &type, sizeof(type), 0);
}

/* An inner header as far as it is read, IPv6's with a fragment header. */
enum { INNER_LENGTH = sizeof(struct ipv6hdr) + sizeof(struct fragment_header) };

/*
 * In TC. A packet is read only here and written by helpers: a program that writes into it itself has each one's headers copied first, those of others
 * too. A tag lies beside the frame; where another is in it the kernel would not take the outer header for one of IP, and the packet is left to it.
 */
static __always_inline int skb_unwrap(struct __sk_buff *skb)
{
	struct wrapping w = {};
	__u32 outcome;

	if (skb_pull_headers(skb))
		return leave(&w, GALENODE_PASSED, TC_ACT_UNSPEC);
	outcome = find_outer((void *)(long)skb->data, (void *)(long)skb->data_end, &w);
	if (unlikely(w.outer.traits & PACKET_VLAN))
		outcome = GALENODE_PASSED;
	if (likely(outcome != GALENODE_UNWRAPPED))
		return leave(&w, outcome, TC_ACT_UNSPEC);
	if (skb_pull(skb, w.inner_offset + INNER_LENGTH))
		return leave(&w, GALENODE_PASSED_MALFORMED, TC_ACT_UNSPEC);
	outcome = find_inner((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len - w.outer_offset, &w);
	if (outcome != GALENODE_UNWRAPPED)
		return leave(&w, outcome, outcome == GALENODE_DROPPED_CONGESTED ? TC_ACT_SHOT : TC_ACT_UNSPEC);
	if (unlikely(is_congested(&w)) && skb_mark_congestion(skb, &w))
		return leave(&w, GALENODE_PASSED_MALFORMED, TC_ACT_SHOT);
	if (skb_drop_outer(skb, &w))
		return leave(&w, GALENODE_PASSED_MALFORMED, TC_ACT_SHOT);
	return leave(&w, GALENODE_UNWRAPPED, TC_ACT_UNSPEC);
}

#endif
