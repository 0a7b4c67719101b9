/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* L3: the packet inside another (RFC 2003, RFC 2473), of either family in either. */
#ifndef GALELB_ENCAP_H
#define GALELB_ENCAP_H

#include "galelb_csum.h"
#include "galelb_node.h"
#include "galelb_reply.h"
#include "galelb_rewrite.h"

enum { IP_LENGTH_MAX = 65535 }; /* IPv4's of the whole packet, IPv6's of what follows its header */

/* The tunnel's source, its low bits varied by flow: receivers and routers that spread by addresses see many. */
static __always_inline __be32 tunnel_low_word(const struct gale_address *source, __u8 bits, __u32 hash)
{
	__u32 mask = bits ? ~0u >> (32 - (bits & 31)) : 0;

	return bpf_htonl((bpf_ntohl(source->word[3]) & ~mask) | (hash & mask));
}

static __always_inline void write_outer_ipv4(struct iphdr *outer, const struct packet *packet, __be32 source, __be32 destination)
{
	const __u16 *words = (const __u16 *)outer;
	__u32 sum = 0;

	*(__be16 *)outer = bpf_htons(0x4500 | packet->traffic_class);
	outer->tot_len = bpf_htons(packet->ip_length + sizeof(*outer));
	outer->id = 0;
	outer->frag_off = bpf_htons(IPV4_DONT_FRAGMENT);
	outer->ttl = REPLY_TTL;
	outer->protocol = packet->traits & PACKET_IPV6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	outer->check = 0;
	outer->saddr = source;
	outer->daddr = destination;
#pragma clang loop unroll(full)
	for (int n = 0; n < 10; n++)
		sum += words[n];
	outer->check = ~csum_fold(sum);
}

static __always_inline void write_outer_ipv6(struct ipv6hdr *outer, const struct packet *packet, const struct gale_address *source,
					     __be32 low_word, const struct gale_address *destination)
{
	*(__be32 *)outer = bpf_htonl(0x60000000 | (__u32)packet->traffic_class << 20);
	outer->payload_len = bpf_htons(packet->ip_length);
	outer->nexthdr = packet->traits & PACKET_IPV6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	outer->hop_limit = REPLY_TTL;
	__builtin_memcpy(&outer->saddr, source, 16);
	outer->saddr.s6_addr32[3] = low_word;
	__builtin_memcpy(&outer->daddr, destination, 16);
}

/* One hop less for the inner packet: encapsulation is part of forwarding it (RFC 2003, 3.1). */
static __always_inline int lower_ttl(void *l3, void *end, const struct packet *packet)
{
	if (packet->traits & PACKET_IPV6) {
		struct ipv6hdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return -1;
		ip->hop_limit--;
	} else {
		struct iphdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return -1;
		ip->ttl--;
		ip->check = csum_update(ip->check, csum_ttl_diff());
	}
	return 0;
}

/* The frame to the node's hop with the packet inside an outer one, in XDP. 0, or -1. */
static __always_inline int xdp_encapsulate(struct xdp_md *ctx, struct packet *packet, const struct gale_config *settings,
					   const struct gale_node *node, struct gale_next_hop *hop, __u32 hash)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	int ipv4 = address_is_ipv4(&node->address);
	__be16 ethertype = ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	struct ethhdr *eth;
	int delta;

	if (lower_ttl(data + l3_offset, end, packet))
		return -1;
	delta = (int)(l3_offset - sizeof(*eth)) - (int)(ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	if (bpf_xdp_adjust_head(ctx, delta))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	eth = data;
	if (ipv4) {
		struct iphdr *outer = (void *)(eth + 1);

		if ((void *)(outer + 1) > end)
			return -1;
		write_outer_ipv4(outer, packet, tunnel_low_word(&settings->tunnel_source_v4, settings->tunnel_bits_v4, hash),
				 node->address.word[3]);
	} else {
		struct ipv6hdr *outer = (void *)(eth + 1);

		if ((void *)(outer + 1) > end)
			return -1;
		write_outer_ipv6(outer, packet, &settings->tunnel_source_v6,
				 tunnel_low_word(&settings->tunnel_source_v6, settings->tunnel_bits_v6, hash), &node->address);
	}
	if (unlikely(hop->vlan_count))
		return xdp_reframe(ctx, hop, sizeof(*eth), ethertype);
	rewrite_macs(eth, hop);
	eth->h_proto = ethertype;
	return 0;
}

/*
 * The same in TC. Of several merged segments each gets the outer header, so that their size stays. A sum that the card took over the whole
 * packet (CHECKSUM_COMPLETE) then covers the outer header too: IPv4's adds nothing, IPv6's has to be added.
 */
static __always_inline int skb_encapsulate(struct __sk_buff *skb, struct packet *packet, const struct gale_config *settings,
					   const struct gale_node *node, struct gale_next_hop *hop, __u32 hash)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	int ipv4 = address_is_ipv4(&node->address);
	struct ethhdr *eth;

	/* Of merged segments, whose sum may leave no room for another header in the outer one's length. */
	if (unlikely(packet->ip_length > IP_LENGTH_MAX - (ipv4 ? sizeof(struct iphdr) : 0)))
		return -1;
	if (lower_ttl(data + (packet->l3_offset & HEADER_OFFSET_MASK), end, packet))
		return -1;
	if (packet->traits & PACKET_IPV6)
		bpf_csum_update(skb, csum_hop_limit_diff());
	/* The kernel encapsulates what it takes for IP: tags go before and come after. */
	if (unlikely(packet->traits & PACKET_VLAN) && skb_pop_tags(skb))
		return -1;
	if (bpf_skb_adjust_room(skb, ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr), BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_FIXED_GSO | (ipv4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6)))
		return -1;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	eth = data;
	if (ipv4) {
		struct iphdr *outer = (void *)(eth + 1);

		if ((void *)(outer + 1) > end)
			return -1;
		write_outer_ipv4(outer, packet, tunnel_low_word(&settings->tunnel_source_v4, settings->tunnel_bits_v4, hash),
				 node->address.word[3]);
		eth->h_proto = bpf_htons(ETH_P_IP);
	} else {
		struct ipv6hdr *outer = (void *)(eth + 1);

		if ((void *)(outer + 1) > end)
			return -1;
		write_outer_ipv6(outer, packet, &settings->tunnel_source_v6,
				 tunnel_low_word(&settings->tunnel_source_v6, settings->tunnel_bits_v6, hash), &node->address);
		eth->h_proto = bpf_htons(ETH_P_IPV6);
		bpf_csum_update(skb, bpf_csum_diff(NULL, 0, (__be32 *)outer, sizeof(*outer), 0));
	}
	if (unlikely(hop->vlan_count) && skb_push_tags(skb, hop))
		return -1;
	return skb_write_macs(skb, hop);
}

#endif
