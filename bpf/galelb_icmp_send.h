/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* ICMP errors that the programs themselves originate, in XDP (xdp_) and in TC (skb_). */
#ifndef GALELB_ICMP_SEND_H
#define GALELB_ICMP_SEND_H

#include "galelb_icmp.h"
#include "galelb_reply.h"

enum {
	QUOTE_IPV4 = sizeof(struct iphdr) + QUOTE_TRANSPORT_LENGTH,
	QUOTE_IPV6 = sizeof(struct ipv6hdr) + QUOTE_TRANSPORT_LENGTH,
	ERROR_IPV4 = sizeof(struct iphdr) + sizeof(struct icmp_header),
	ERROR_IPV6 = sizeof(struct ipv6hdr) + sizeof(struct icmp_header),
	VLAN_LENGTH = sizeof(struct vlan_header),
};

/* Moves the Ethernet header with its tags to the frame's new start, which is distance bytes before. 0, or -1. */
static __always_inline int move_ethernet(void *data, void *end, __u32 length, __u32 distance)
{
	if (data + distance + sizeof(struct ethhdr) + 2 * VLAN_LENGTH > end)
		return -1;
	__builtin_memcpy(data, data + distance, sizeof(struct ethhdr));
	if (length > sizeof(struct ethhdr))
		__builtin_memcpy(data + sizeof(struct ethhdr), data + distance + sizeof(struct ethhdr), VLAN_LENGTH);
	if (length > sizeof(struct ethhdr) + VLAN_LENGTH)
		__builtin_memcpy(data + sizeof(struct ethhdr) + VLAN_LENGTH, data + distance + sizeof(struct ethhdr) + VLAN_LENGTH,
				 VLAN_LENGTH);
	return 0;
}

static __always_inline int write_error_ipv4(void *l3, void *end, const struct packet *packet, __u8 code, __u32 mtu)
{
	struct iphdr *ip = l3;
	struct icmp_header *icmp = (void *)(ip + 1);

	if ((void *)(icmp + 1) + QUOTE_IPV4 > end)
		return -1;
	reply_write_ipv4(packet, ip, ERROR_IPV4 + QUOTE_IPV4, IPPROTO_ICMP);
	icmp->type = ICMP_UNREACHABLE;
	icmp->code = code;
	icmp->check = 0;
	icmp->rest = bpf_htonl(mtu); /* RFC 1191: the low 16 bits */
	icmp->check = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)icmp, sizeof(*icmp) + QUOTE_IPV4, 0));
	return 0;
}

static __always_inline int write_error_ipv6(void *l3, void *end, const struct packet *packet, __u8 type, __u8 code, __u32 mtu)
{
	__be32 pseudo[2] = { bpf_htonl(sizeof(struct icmp_header) + QUOTE_IPV6), bpf_htonl(IPPROTO_ICMPV6) };
	struct ipv6hdr *ip = l3;
	struct icmp_header *icmp = (void *)(ip + 1);
	__s64 sum;

	if ((void *)(icmp + 1) + QUOTE_IPV6 > end)
		return -1;
	reply_write_ipv6(packet, ip, sizeof(*icmp) + QUOTE_IPV6, IPPROTO_ICMPV6);
	icmp->type = type;
	icmp->code = code;
	icmp->check = 0;
	icmp->rest = bpf_htonl(mtu);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&packet->key.source, 32, 0);
	sum = bpf_csum_diff(NULL, 0, pseudo, sizeof(pseudo), sum);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)icmp, sizeof(*icmp) + QUOTE_IPV6, sum);
	icmp->check = ~csum_fold(sum);
	return 0;
}

/*
 * Answers a packet with an ICMP error that quotes its head: too big when mtu is given, else port unreachable.
 * The verdict, or -1; then the frame may be in pieces and is fit for nothing but to be dropped.
 */
maybe_unused static __noinline int xdp_send_icmp_error(struct xdp_md *ctx, struct packet *packet, __u32 mtu)
{
	int ipv6, quote, distance, delta;
	void *data, *end;
	__u32 l3_offset;

	if (!packet)
		return -1;
	ipv6 = packet->traits & PACKET_IPV6;
	quote = ipv6 ? QUOTE_IPV6 : QUOTE_IPV4;
	distance = ipv6 ? ERROR_IPV6 : ERROR_IPV4;
	l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	delta = (int)l3_offset + quote - (int)(end - data);
	if (delta > 0 || packet->traits & PACKET_OPTIONS)
		return -1;
	if (delta < 0 && bpf_xdp_adjust_tail(ctx, delta))
		return -1;
	if (bpf_xdp_adjust_head(ctx, -distance))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (ipv6) {
		if (move_ethernet(data, end, l3_offset, ERROR_IPV6) ||
		    write_error_ipv6(data + l3_offset, end, packet, mtu ? ICMPV6_TOO_BIG : ICMPV6_UNREACHABLE,
				     mtu ? 0 : ICMPV6_CODE_PORT_UNREACHABLE, mtu))
			return -1;
	} else {
		if (move_ethernet(data, end, l3_offset, ERROR_IPV4) ||
		    write_error_ipv4(data + l3_offset, end, packet, mtu ? ICMP_CODE_FRAGMENTATION_NEEDED : ICMP_CODE_PORT_UNREACHABLE, mtu))
			return -1;
	}
	mac_swap(data);
	return bpf_redirect(ctx->ingress_ifindex, 0);
}

/* Makes room: the frame keeps its Ethernet header, swapped, and length bytes behind it. The quote is copied out before. 0, or -1. */
static __always_inline int skb_make_room(struct __sk_buff *skb, const struct packet *packet, void *quote, __u32 quote_length, __u32 length)
{
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;

	if (bpf_skb_load_bytes(skb, l3_offset, quote, quote_length))
		return -1;
	return skb_cut(skb, packet, l3_offset + length);
}

static __always_inline int skb_write_error_ipv4(struct __sk_buff *skb, const struct packet *packet, __u8 code, __u32 mtu)
{
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	struct {
		struct iphdr ip;
		struct icmp_header icmp;
		__u8 quote[QUOTE_IPV4];
	} answer;

	if (skb_make_room(skb, packet, answer.quote, sizeof(answer.quote), sizeof(answer)))
		return -1;
	reply_write_ipv4(packet, &answer.ip, sizeof(answer), IPPROTO_ICMP);
	answer.icmp.type = ICMP_UNREACHABLE;
	answer.icmp.code = code;
	answer.icmp.check = 0;
	answer.icmp.rest = bpf_htonl(mtu);
	answer.icmp.check = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer.icmp, sizeof(answer) - sizeof(answer.ip), 0));
	return bpf_skb_store_bytes(skb, l3_offset, &answer, sizeof(answer), 0);
}

static __always_inline int skb_write_error_ipv6(struct __sk_buff *skb, const struct packet *packet, __u8 type, __u8 code, __u32 mtu)
{
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	__be32 pseudo[2] = { bpf_htonl(sizeof(struct icmp_header) + QUOTE_IPV6), bpf_htonl(IPPROTO_ICMPV6) };
	struct {
		struct ipv6hdr ip;
		struct icmp_header icmp;
		__u8 quote[QUOTE_IPV6];
	} answer;
	__s64 sum;

	if (skb_make_room(skb, packet, answer.quote, sizeof(answer.quote), sizeof(answer)))
		return -1;
	reply_write_ipv6(packet, &answer.ip, sizeof(answer) - sizeof(answer.ip), IPPROTO_ICMPV6);
	answer.icmp.type = type;
	answer.icmp.code = code;
	answer.icmp.check = 0;
	answer.icmp.rest = bpf_htonl(mtu);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&packet->key.source, 32, 0);
	sum = bpf_csum_diff(NULL, 0, pseudo, sizeof(pseudo), sum);
	answer.icmp.check = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer.icmp, sizeof(answer) - sizeof(answer.ip), sum));
	return bpf_skb_store_bytes(skb, l3_offset, &answer, sizeof(answer), 0);
}

/* As xdp_send_icmp_error. */
static __noinline int skb_send_icmp_error(struct __sk_buff *skb, struct packet *packet, __u32 mtu)
{
	void *data, *end;
	int error;

	if (!packet || packet->traits & PACKET_OPTIONS)
		return -1;
	if (packet->traits & PACKET_IPV6)
		error = skb_write_error_ipv6(skb, packet, mtu ? ICMPV6_TOO_BIG : ICMPV6_UNREACHABLE, mtu ? 0 : ICMPV6_CODE_PORT_UNREACHABLE,
					     mtu);
	else
		error = skb_write_error_ipv4(skb, packet, mtu ? ICMP_CODE_FRAGMENTATION_NEEDED : ICMP_CODE_PORT_UNREACHABLE, mtu);
	if (error)
		return -1;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(struct ethhdr) > end)
		return -1;
	mac_swap(data);
	return bpf_redirect(skb->ifindex, 0);
}

#endif
