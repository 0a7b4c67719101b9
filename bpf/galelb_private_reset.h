/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Refusing a node's packet in TC. */
#ifndef GALELB_PRIVATE_RESET_H
#define GALELB_PRIVATE_RESET_H

#include <linux/pkt_cls.h>
#include "galelb_csum.h"
#include "galelb_refuse.h"

/*
 * Whether the segment's checksum field holds the pseudo header's sum alone, as a sender leaves it that lets
 * its card finish (CHECKSUM_PARTIAL): the field says so itself, and the mark on the packet is not readable here.
 */
static __always_inline int checksum_is_partial(const struct packet *packet, const struct tcphdr *tcp)
{
	__u32 length = packet->ip_length - (packet->l4_offset - packet->l3_offset);
	__be32 pseudo[2] = { bpf_htonl(length), bpf_htonl(IPPROTO_TCP) };
	__s64 sum;

	sum = bpf_csum_diff(NULL, 0, (__be32 *)&packet->key.source, 32, 0);
	sum = bpf_csum_diff(NULL, 0, pseudo, sizeof(pseudo), sum);
	return tcp->check == csum_fold(sum);
}

/* Turns the packet into a reset and sends it back out of the interface it came by. The verdict, or -1. */
static __noinline int private_send_reset(struct __sk_buff *skb, struct packet *packet)
{
	struct reset_numbers numbers;
	struct tcphdr reset, *tcp;
	void *data, *end;
	__u32 l3_offset, l4_offset;
	int partial, ipv6;

	if (!packet || packet->tcp_flags & TCP_RST || packet->traits & PACKET_FRAGMENT_LATER)
		return -1;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	l4_offset = packet->l4_offset & HEADER_OFFSET_MASK;
	tcp = data + l4_offset;
	if ((void *)(tcp + 1) > end)
		return -1;
	reset_numbers_for(packet, tcp, &numbers);
	partial = checksum_is_partial(packet, tcp);
	reset_write_tcp(packet, &numbers, &reset);
	if (partial) /* the card sums what it is given, the pseudo header's sum in the field included */
		reset.check = reset_pseudo_sum(packet);

	ipv6 = packet->traits & PACKET_IPV6;
	/* Options would have to be carried along; nobody sends them through a load balancer. */
	if (l4_offset != l3_offset + (ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)))
		return -1;
	if (bpf_skb_change_tail(skb, l4_offset + sizeof(reset), 0))
		return -1;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(struct ethhdr) > end)
		return -1;
	mac_swap(data);
	if (ipv6) {
		struct ipv6hdr *ip = data + l3_offset;

		if ((void *)(ip + 1) > end)
			return -1;
		reply_write_ipv6(packet, ip, sizeof(reset), IPPROTO_TCP);
	} else {
		struct iphdr *ip = data + l3_offset;

		if ((void *)(ip + 1) > end)
			return -1;
		reply_write_ipv4(packet, ip, sizeof(*ip) + sizeof(reset), IPPROTO_TCP);
	}
	if (bpf_skb_store_bytes(skb, l4_offset, &reset, sizeof(reset), 0))
		return -1;
	count_reason(GALE_RESET_SENT, 0);
	return bpf_redirect(skb->ifindex, 0);
}

static __noinline int private_refuse(struct __sk_buff *skb, struct packet *packet, __u32 reason)
{
	int verdict = -1;

	if (!packet)
		return TC_ACT_SHOT;
	count_reason(reason, packet->ip_length);
	if (refusal_policy(reason) == GALE_REFUSE_RESET && packet->key.protocol == IPPROTO_TCP)
		verdict = private_send_reset(skb, packet);
	return verdict < 0 ? TC_ACT_SHOT : verdict;
}

#endif
