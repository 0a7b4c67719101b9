/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A node's packet that is too big for the clients' network: the node is told what fits, in TC. */
#ifndef GALELB_PRIVATE_TOO_BIG_H
#define GALELB_PRIVATE_TOO_BIG_H

#include <linux/pkt_cls.h>
#include "galelb_icmp_send.h"
#include "galelb_private_reset.h"

/* The IP length of what leaves: of one segment, where several have been merged. */
static __always_inline __u32 leaving_length(const struct __sk_buff *skb, const struct packet *packet)
{
	__u32 headers = packet->l4_offset - packet->l3_offset;

	if (likely(!skb->gso_size))
		return packet->ip_length;
	headers += packet->key.protocol == IPPROTO_TCP ? packet->tcp_data_offset : sizeof(struct udphdr);
	return headers + skb->gso_size;
}

/*
 * The word at which a card would finish the transport checksum that the sender left half done (CHECKSUM_PARTIAL), counted
 * from where the transport header was and the ICMP header is now.
 */
static __always_inline __u32 checksum_place(const struct packet *packet)
{
	return packet->key.protocol == IPPROTO_TCP ? offsetof(struct tcphdr, check) : offsetof(struct udphdr, check);
}

static __always_inline int private_checksum_is_partial(struct __sk_buff *skb, const struct packet *packet)
{
	__u32 length = packet->ip_length - (packet->l4_offset - packet->l3_offset);
	__be32 pseudo[2] = { bpf_htonl(length), bpf_htonl(packet->key.protocol) };
	__sum16 check;
	__s64 sum;

	if (bpf_skb_load_bytes(skb, (packet->l4_offset & HEADER_OFFSET_MASK) + checksum_place(packet), &check, sizeof(check)))
		return 0;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&packet->key.source, 32, 0);
	sum = bpf_csum_diff(NULL, 0, pseudo, sizeof(pseudo), sum);
	return check == csum_fold(sum);
}

/* Makes room: the frame keeps its Ethernet header, swapped, and length bytes behind it. The quote is copied out before. */
static __always_inline int shrink(struct __sk_buff *skb, const struct packet *packet, void *quote, __u32 quote_length, __u32 length)
{
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;

	if (bpf_skb_load_bytes(skb, l3_offset, quote, quote_length) || bpf_skb_change_tail(skb, l3_offset + length, 0))
		return -1;
	return 0;
}

static __always_inline int answer_too_big_ipv4(struct __sk_buff *skb, const struct packet *packet, __u32 mtu)
{
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	int partial = private_checksum_is_partial(skb, packet);
	struct {
		struct iphdr ip;
		struct icmp_header icmp;
		__u8 quote[QUOTE_IPV4];
	} answer;

	if (shrink(skb, packet, answer.quote, sizeof(answer.quote), sizeof(answer)))
		return -1;
	reply_write_ipv4(packet, &answer.ip, sizeof(answer), IPPROTO_ICMP);
	answer.icmp.type = ICMP_UNREACHABLE;
	answer.icmp.code = ICMP_CODE_FRAGMENTATION_NEEDED;
	answer.icmp.check = 0;
	answer.icmp.rest = bpf_htonl(mtu);
	answer.icmp.check = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer.icmp, sizeof(answer) - sizeof(answer.ip), 0));
	/* The sum of all is zero; so without this word it is what the card will put there: the word itself. */
	if (partial)
		*(__u16 *)((void *)&answer.icmp + checksum_place(packet)) = 0;
	return bpf_skb_store_bytes(skb, l3_offset, &answer, sizeof(answer), 0);
}

static __always_inline int answer_too_big_ipv6(struct __sk_buff *skb, const struct packet *packet, __u32 mtu)
{
	__u32 l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	int partial = private_checksum_is_partial(skb, packet);
	__be32 pseudo[2] = { bpf_htonl(sizeof(struct icmp_header) + QUOTE_IPV6), bpf_htonl(IPPROTO_ICMPV6) };
	struct {
		struct ipv6hdr ip;
		struct icmp_header icmp;
		__u8 quote[QUOTE_IPV6];
	} answer;
	__s64 sum;

	if (shrink(skb, packet, answer.quote, sizeof(answer.quote), sizeof(answer)))
		return -1;
	reply_write_ipv6(packet, &answer.ip, sizeof(answer) - sizeof(answer.ip), IPPROTO_ICMPV6);
	answer.icmp.type = ICMPV6_TOO_BIG;
	answer.icmp.code = 0;
	answer.icmp.check = 0;
	answer.icmp.rest = bpf_htonl(mtu);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&packet->key.source, 32, 0);
	sum = bpf_csum_diff(NULL, 0, pseudo, sizeof(pseudo), sum);
	answer.icmp.check = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer.icmp, sizeof(answer) - sizeof(answer.ip), sum));
	/* As above, with the pseudo header's sum, which the field holds for the card. */
	if (partial)
		*(__u16 *)((void *)&answer.icmp + checksum_place(packet)) = csum_fold(sum);
	return bpf_skb_store_bytes(skb, l3_offset, &answer, sizeof(answer), 0);
}

/* Counted; answered where routers may not cut the packet and its quote would name the flow. The verdict. */
static __noinline int private_refuse_too_big(struct __sk_buff *skb, struct packet *packet, __u32 mtu)
{
	int ipv6, plain, error;
	void *data, *end;

	if (!packet)
		return TC_ACT_SHOT;
	ipv6 = packet->traits & PACKET_IPV6;
	plain = packet->l4_offset == packet->l3_offset + (ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	if (!plain || !(packet->traits & (PACKET_IPV6 | PACKET_DONT_FRAGMENT)) ||
	    packet->traits & (PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LATER))
		goto drop;
	error = ipv6 ? answer_too_big_ipv6(skb, packet, mtu) : answer_too_big_ipv4(skb, packet, mtu);
	if (error)
		goto drop;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(struct ethhdr) > end)
		goto drop;
	mac_swap(data);
	count_reason(GALE_ANSWERED_TOO_BIG, packet->ip_length);
	return bpf_redirect(skb->ifindex, 0);
drop:
	count_reason(GALE_DROP_TOO_BIG, packet->ip_length);
	return TC_ACT_SHOT;
}

#endif
