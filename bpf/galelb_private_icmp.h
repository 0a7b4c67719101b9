/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* ICMP errors on the private side: about what went to a node, for the client that sent it. */
#ifndef GALELB_PRIVATE_ICMP_H
#define GALELB_PRIVATE_ICMP_H

#include <linux/pkt_cls.h>
#include "galelb_icmp.h"
#include "galelb_node.h"
#include "galelb_public_icmp.h"
#include "galelb_stats.h"

static __always_inline int private_icmp_exit(const struct packet *packet, __u32 reason, int verdict)
{
	count_reason(reason, packet->ip_length);
	return verdict;
}

/*
 * The packet's own checksums change with what they cover, so that a sum the card took over the whole (CHECKSUM_COMPLETE)
 * stays right without help but for the hop limit, and ICMP is never left half summed.
 */
static __noinline int private_icmp(struct __sk_buff *skb, struct packet *packet)
{
	struct gale_config *settings = config_lookup();
	struct icmp_header *icmp;
	struct packet quoted;
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	struct gale_flow *flow;
	void *data, *end;
	__u64 diff = 0;

	if (!settings || !packet || !order)
		return TC_ACT_OK;
	if (packet->traits & (PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LATER) || skb_pull(skb, ICMP_PULL_LENGTH))
		return private_icmp_exit(packet, GALE_PASS_NOT_OURS, TC_ACT_OK);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	icmp = data + (packet->l4_offset & HEADER_OFFSET_MASK);
	quoted.traits = packet->traits & PACKET_IPV6;
	if ((void *)(icmp + 1) > end || !icmp_is_whole(packet) || !icmp_is_error(packet, icmp->type) ||
	    packet->ip_length > skb->len - packet->l3_offset || parse_quote(data, end, packet, &quoted) ||
	    !address_equal(&quoted.key.destination, &packet->key.destination))
		return private_icmp_exit(packet, GALE_PASS_NOT_OURS, TC_ACT_OK);
	flow = &order->found;
	if (find_quoted(&quoted, GALE_FLOW_REVERSE))
		return private_icmp_exit(packet, GALE_PASS_NOT_OURS, TC_ACT_OK);
	if (packet->ttl <= 1)
		return private_icmp_exit(packet, GALE_DROP_TTL, TC_ACT_SHOT);
	if (translate_quote(data, end, &quoted, flow, &diff) || translate_error(data, end, packet, flow, diff))
		return private_icmp_exit(packet, GALE_DROP_REWRITE, TC_ACT_SHOT);
	if (packet->traits & PACKET_IPV6)
		bpf_csum_update(skb, csum_hop_limit_diff());
	count_reason(GALE_RETURNED_ICMP, packet->ip_length);
	return bpf_redirect_neigh(settings->public_ifindex, NULL, 0, 0);
}

#endif
