/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Rewriting a frame, in XDP (xdp_) and in TC (skb_): NAT and the way to the next hop. */
#ifndef GALELB_REWRITE_H
#define GALELB_REWRITE_H

#include "galelb_csum.h"
#include "galelb_fragment.h"
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

/* NAT of a packet whose headers are at l3 and l4. 0, or -1: the verifier has forgotten what parsing proved. */
static __always_inline int xdp_rewrite(struct xdp_md *ctx, const struct packet *packet, const struct gale_flow *flow, void *l3, void *l4)
{
	void *end = (void *)(long)ctx->data_end;

	if (rewrite_l3(l3, end, packet, flow))
		return -1;
	if (unlikely(packet->traits & (PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LATER)) && fragment_rewrite_id(l3, end, packet))
		return -1;
	return likely(!(packet->traits & PACKET_FRAGMENT_LATER)) && rewrite_l4(l4, end, packet, flow) ? -1 : 0;
}

/* Addresses, TTL and the IP checksum, which is always in the packet. */
static __always_inline int skb_rewrite_l3(struct __sk_buff *skb, const struct packet *packet, const struct gale_flow *flow)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;

	if (packet->traits & PACKET_IPV6) {
		struct ipv6hdr *ip = data + l3_offset;

		if ((void *)(ip + 1) > end)
			return -1;
		__builtin_memcpy(&ip->saddr, &flow->source, 16);
		__builtin_memcpy(&ip->daddr, &flow->destination, 16);
		ip->hop_limit--;
		/*
		 * Where the card summed the whole packet (CHECKSUM_COMPLETE), that sum covers the IPv6 header. A change
		 * of its addresses cancels out against the transport checksum's; before 6.16 the pseudo-header flag
		 * makes the helper move the sum all the same, which this takes back beforehand.
		 */
		bpf_csum_update(skb, csum_fold(flow->address_csum_diff + csum_hop_limit_diff()));
	} else {
		struct iphdr *ip = data + l3_offset;

		if ((void *)(ip + 1) > end)
			return -1;
		ip->saddr = flow->source.word[3];
		ip->daddr = flow->destination.word[3];
		ip->ttl--;
		ip->check = csum_update(ip->check, flow->address_csum_diff + csum_ttl_diff());
	}
	return 0;
}

/*
 * Ports and the transport checksum, which may be half done (CHECKSUM_PARTIAL), so that it changes by helpers alone,
 * addresses apart from ports. Later fragments have neither.
 */
static __always_inline int skb_rewrite(struct __sk_buff *skb, const struct packet *packet, const struct gale_flow *flow, void *l3, void *l4)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	__u32 l4_offset = packet->l4_offset & HEADER_OFFSET_MASK;
	int later = packet->traits & PACKET_FRAGMENT_LATER;
	struct udphdr *ports = data + l4_offset;
	__u64 pseudo = BPF_F_PSEUDO_HDR;
	__u32 check_offset;
	__u64 mangled = 0;
	int unchecked;

	if (unlikely(packet->traits & (PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LATER))) {
		if (fragment_rewrite_id(data + l3_offset, end, packet))
			return -1;
		/* What the card summed (CHECKSUM_COMPLETE) covers IPv6's id, which no other sum makes up for. */
		if (packet->traits & PACKET_IPV6)
			bpf_csum_update(skb, fragment_id_diff(packet));
	}
	if (unlikely(later))
		return skb_rewrite_l3(skb, packet, flow);
	if ((void *)(ports + 1) > end)
		return -1;
	unchecked = packet->key.protocol == IPPROTO_UDP && ports->check == 0;
	ports->source = flow->source_port;
	ports->dest = flow->destination_port;
	if (skb_rewrite_l3(skb, packet, flow))
		return -1;
	check_offset = l4_offset + offsetof(struct tcphdr, check);
	if (packet->key.protocol == IPPROTO_UDP) {
		/* A datagram without a checksum: only what the card summed changes, by the ports. */
		if (unchecked) {
			bpf_csum_update(skb, flow->port_csum_diff);
			return 0;
		}
		check_offset = l4_offset + offsetof(struct udphdr, check);
		mangled = BPF_F_MARK_MANGLED_0;
	}
	if (bpf_l4_csum_replace(skb, check_offset, 0, flow->address_csum_diff, pseudo | mangled))
		return -1;
	return bpf_l4_csum_replace(skb, check_offset, 0, flow->port_csum_diff, mangled);
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
static __noinline int xdp_reframe(struct xdp_md *ctx, struct gale_next_hop *hop, __u32 l3_offset, __be16 ethertype)
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
static __always_inline int xdp_send_framed(struct xdp_md *ctx, const struct packet *packet, struct gale_next_hop *hop)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if (unlikely(packet->traits & PACKET_VLAN || hop->vlan_count))
		return xdp_reframe(ctx, hop, packet->l3_offset, packet_ethertype(packet));
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return -1;
	rewrite_macs(eth, hop);
	return 0;
}

/* TC keeps the outermost tag beside the frame; the helpers know that place. 0, or -1. */
static __always_inline int skb_pop_tags(struct __sk_buff *skb)
{
#pragma clang loop unroll(full)
	for (int depth = 0; depth <= PACKET_VLAN_DEPTH_MAX; depth++) {
		if (!skb->vlan_present && skb->protocol != bpf_htons(ETH_P_8021Q) && skb->protocol != bpf_htons(ETH_P_8021AD))
			break;
		if (bpf_skb_vlan_pop(skb))
			return -1;
	}
	return 0;
}

static __always_inline int skb_push_tags(struct __sk_buff *skb, const struct gale_next_hop *hop)
{
	if (!hop->vlan_count)
		return 0;
	if (hop->vlan_count < 2)
		return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), bpf_ntohs(hop->vlan_tci[0]));
	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), bpf_ntohs(hop->vlan_tci[1])))
		return -1;
	return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), bpf_ntohs(hop->vlan_tci[0]));
}

static __always_inline int skb_write_macs(struct __sk_buff *skb, const struct gale_next_hop *hop)
{
	struct ethhdr *eth = (void *)(long)skb->data;

	if ((void *)(eth + 1) > (void *)(long)skb->data_end)
		return -1;
	rewrite_macs(eth, hop);
	return 0;
}

static __noinline int skb_reframe(struct __sk_buff *skb, struct gale_next_hop *hop)
{
	if (!hop || skb_pop_tags(skb) || skb_push_tags(skb, hop))
		return -1;
	return skb_write_macs(skb, hop);
}

static __always_inline int skb_send_framed(struct __sk_buff *skb, const struct packet *packet, struct gale_next_hop *hop)
{
	if (unlikely(packet->traits & PACKET_VLAN || hop->vlan_count))
		return skb_reframe(skb, hop);
	return skb_write_macs(skb, hop);
}

#endif
