/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Rewriting a frame in XDP: NAT and the way to the next hop. */
#ifndef GALELB_REWRITE_H
#define GALELB_REWRITE_H

#include "galelb_csum.h"
#include "galelb_node.h"
#include "galelb_packet.h"

enum { UDP_CHECKSUM_NONE = 0 };

/* Addresses, TTL and IP checksum; the TTL is known to be above 1. */
static __always_inline void rewrite_ipv4(struct iphdr *ip, const struct gale_flow *flow)
{
	ip->saddr = flow->source.word[3];
	ip->daddr = flow->destination.word[3];
	ip->ttl--;
	ip->check = csum_update(ip->check, flow->address_csum_diff + csum_ttl_diff());
}

static __always_inline void rewrite_ipv6(struct ipv6hdr *ip, const struct gale_flow *flow)
{
	__builtin_memcpy(&ip->saddr, &flow->source, 16);
	__builtin_memcpy(&ip->daddr, &flow->destination, 16);
	ip->hop_limit--;
}

static __always_inline __u64 flow_l4_diff(const struct gale_flow *flow)
{
	return (__u64)flow->address_csum_diff + flow->port_csum_diff;
}

static __always_inline void rewrite_tcp(struct tcphdr *tcp, const struct gale_flow *flow)
{
	tcp->source = flow->source_port;
	tcp->dest = flow->destination_port;
	tcp->check = csum_update(tcp->check, flow_l4_diff(flow));
}

static __always_inline void rewrite_udp(struct udphdr *udp, const struct gale_flow *flow)
{
	udp->source = flow->source_port;
	udp->dest = flow->destination_port;
	if (udp->check == UDP_CHECKSUM_NONE)
		return;
	udp->check = csum_update(udp->check, flow_l4_diff(flow));
	if (udp->check == UDP_CHECKSUM_NONE)
		udp->check = 0xffff; /* the same sum, and not "none" (RFC 768) */
}

static __always_inline int rewrite_l3(void *l3, void *end, const struct packet *packet, const struct gale_flow *flow)
{
	if (packet->traits & PACKET_IPV6) {
		if (l3 + sizeof(struct ipv6hdr) > end)
			return -1;
		rewrite_ipv6(l3, flow);
	} else {
		if (l3 + sizeof(struct iphdr) > end)
			return -1;
		rewrite_ipv4(l3, flow);
	}
	return 0;
}

static __always_inline int rewrite_l4(void *l4, void *end, const struct packet *packet, const struct gale_flow *flow)
{
	if (packet->key.protocol == IPPROTO_TCP) {
		if (l4 + sizeof(struct tcphdr) > end)
			return -1;
		rewrite_tcp(l4, flow);
	} else {
		if (l4 + sizeof(struct udphdr) > end)
			return -1;
		rewrite_udp(l4, flow);
	}
	return 0;
}

/* Both MACs in three words: they lie in the frame and in the hop in the same order. */
static __always_inline void rewrite_macs(struct ethhdr *eth, const struct gale_next_hop *hop)
{
	const __u32 *from = (const __u32 *)hop->destination_mac;
	__u32 *to = (__u32 *)eth;

	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

/*
 * The Ethernet header for a hop, where the VLAN tags that came are not those that must go: the head of the frame
 * moves. l3_offset is where the IP header starts now. 0, or -1.
 */
static __noinline int reframe(struct xdp_md *ctx, struct gale_next_hop *hop, __u32 l3_offset, __be16 ethertype)
{
	struct vlan_header *vlan;
	struct ethhdr *eth;
	void *end;
	int delta;

	if (!hop || hop->vlan_count > PACKET_VLAN_DEPTH_MAX)
		return -1;
	delta = (int)l3_offset - (int)(sizeof(*eth) + hop->vlan_count * sizeof(*vlan));
	if (delta && bpf_xdp_adjust_head(ctx, delta))
		return -1;
	eth = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	vlan = (void *)(eth + 1);
	if ((void *)vlan > end)
		return -1;
	rewrite_macs(eth, hop);
	eth->h_proto = ethertype;
	if (!hop->vlan_count)
		return 0;
	eth->h_proto = bpf_htons(ETH_P_8021Q);
	if ((void *)(vlan + 1) > end)
		return -1;
	vlan->tci = hop->vlan_tci[0];
	vlan->encapsulated_protocol = ethertype;
	if (hop->vlan_count < 2)
		return 0;
	eth->h_proto = bpf_htons(ETH_P_8021AD);
	vlan->encapsulated_protocol = bpf_htons(ETH_P_8021Q);
	vlan++;
	if ((void *)(vlan + 1) > end)
		return -1;
	vlan->tci = hop->vlan_tci[1];
	vlan->encapsulated_protocol = ethertype;
	return 0;
}

/* The frame for a hop, by the short way where no VLAN tag comes or goes. 0, or -1. */
static __always_inline int send_framed(struct xdp_md *ctx, const struct packet *packet, struct gale_next_hop *hop)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if (unlikely(packet->traits & PACKET_VLAN || hop->vlan_count))
		return reframe(ctx, hop, packet->l3_offset, packet_ethertype(packet));
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return -1;
	rewrite_macs(eth, hop);
	return 0;
}

#endif
