/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The private side: nodes' packets, in TC at ingress, where segments have been merged already. */
#ifndef GALELB_PRIVATE_H
#define GALELB_PRIVATE_H

#include <linux/pkt_cls.h>
#include "galelb_conntrack.h"
#include "galelb_csum.h"
#include "galelb_fragment.h"
#include "galelb_node.h"
#include "galelb_packet.h"
#include "galelb_trace.h"
#include "galelb_private_icmp.h"
#include "galelb_options.h"
#include "galelb_private_refuse.h"
#include "galelb_rewrite.h"
#include "galelb_service.h"
#include "galelb_stats.h"

static __always_inline int private_exit(const struct packet *packet, __u32 reason, int verdict)
{
	count_reason(reason, packet->ip_length);
	return verdict;
}

/* Whether a packet goes to one of our NAT source addresses and ports: then it is ours, whatever happens. */
static __always_inline int is_nat_destination(const struct gale_config *settings, const struct packet *packet)
{
	__u32 port = bpf_ntohs(packet->key.destination_port);
	const struct gale_address *sources = settings->source_v4;
	__u32 count = settings->source_v4_count;

	if (port < settings->port_first || port > settings->port_last)
		return 0;
	if (packet->traits & PACKET_IPV6) {
		sources = settings->source_v6;
		count = settings->source_v6_count;
	}
#pragma clang loop unroll(disable)
	for (__u32 index = 0; index < GALE_SOURCES_MAX; index++) {
		if (index >= count)
			break;
		if (address_equal(&sources[index], &packet->key.destination))
			return 1;
	}
	return 0;
}

/* A node's packet for a half-open flow, which is flow. 0 with flow as it is now, -1 when it has no pair any more, or a reason. */
static __noinline int flow_answer(struct packet *packet, struct gale_flow *flow)
{
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	struct gale_flow_key other_key;
	struct gale_node *node;
	__u32 now_ms;

	if (!packet || !flow || !order || flow->direction != GALE_FLOW_REVERSE ||
	    !flow_find_other(FLOW_ORDER_PACKET, &packet->key, flow, &other_key))
		return -1;
	node = node_lookup(flow->node_index);
	if (!node || !node_accepts(node, flow->node_generation)) {
		flow_change_both(&packet->key, &other_key, FLOW_DELETE, 0, 0);
		return GALE_DROP_NODE_REFUSED;
	}
	now_ms = clock_ms();
	if (packet->key.protocol == IPPROTO_UDP)
		/* Where there is no room for a half that was pushed out the exchange goes on half-open. */
		flow_settle(&packet->key, flow, &other_key, &order->found, GALE_FLOW_UDP, now_ms);
	else if (packet->tcp_flags & TCP_RST)
		flow_change_both(&packet->key, &other_key, FLOW_DELETE, 0, 0);
	else if ((packet->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		flow_change_both(&packet->key, &other_key, FLOW_ADVANCE, GALE_FLOW_SYN_RECEIVED, now_ms);
	return 0;
}

/* A node's packet for a settled flow whose node is given up, or which closes. 0, or the reason to refuse. */
static __noinline int flow_attend_reverse(struct packet *packet, struct gale_flow *flow, __u32 refused)
{
	if (!packet || !flow)
		return GALE_DROP_NAT_UNKNOWN;
	if (refused) {
		flow_give_up(&packet->key, flow);
		return GALE_DROP_NODE_REFUSED;
	}
	flow_track_close(&packet->key, flow, packet->tcp_flags);
	return 0;
}

static __always_inline int private_l4(struct __sk_buff *skb, struct packet *packet)
{
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	struct gale_config *settings = config_lookup();
	struct gale_flow own, *flow;
	struct gale_node *node;
	int reason, refused, ours, slot;
	__u32 bytes;

	if (!settings || !order)
		return private_exit(packet, GALE_PASS_NOT_OURS, TC_ACT_OK);
	ours = is_nat_destination(settings, packet);
	if (!ours && !(settings->flags & GALE_CONFIG_NO_SOURCE_NAT))
		return private_exit(packet, GALE_PASS_NOT_OURS, TC_ACT_OK);
	if (unlikely(is_malformed(packet, skb->len - packet->l3_offset)))
		return ours ? private_exit(packet, GALE_DROP_MALFORMED, TC_ACT_SHOT) : private_exit(packet, GALE_PASS_NOT_OURS, TC_ACT_OK);

	if (unlikely(packet->traits & PACKET_FRAGMENT_FIRST) && fragment_remember(packet))
		return private_exit(packet, GALE_DROP_FRAGMENT, TC_ACT_SHOT);

	slot = flow_find(order, &packet->key);
	flow = &order->found;
	if (likely(slot >= 0 && !flow_is_half_open(flow) && flow->direction == GALE_FLOW_REVERSE)) {
		node = node_lookup(flow->node_index);
		refused = !node || !node_accepts(node, flow->node_generation);
		if (unlikely(refused || packet->tcp_flags & (TCP_FIN | TCP_RST))) {
			reason = flow_attend_reverse(packet, flow, refused);
			if (reason)
				return private_refuse(skb, packet, reason);
		}
		flow_touch(slot, flow, clock_ms());
	} else {
		own = *flow;
		flow = &own;
		reason = slot >= 0 && flow_is_half_open(flow) ? flow_answer(packet, flow) : -1;
		if (reason > 0)
			return private_refuse(skb, packet, reason);
		if (reason < 0 && ours)
			return private_exit(packet, GALE_DROP_NAT_UNKNOWN, TC_ACT_SHOT);
		if (reason < 0)
			return private_exit(packet, GALE_PASS_NOT_OURS, TC_ACT_OK);
		if (packet->tcp_flags & TCP_SYN && settings->flags & GALE_CONFIG_CLAMP_MSS) {
			struct gale_next_hop *hop = next_hop_lookup(flow->node_index);

			if (hop)
				skb_clamp_mss(skb, packet, hop->mtu);
		}
	}
	if (unlikely(packet->ttl <= 1))
		return private_exit(packet, GALE_DROP_TTL, TC_ACT_SHOT);
	if (unlikely(skb_leaving_length(skb, packet) > settings->public_mtu))
		return private_refuse_too_big(skb, packet, settings->public_mtu);
	if (skb_rewrite(skb, packet, flow, NULL, NULL))
		return private_exit(packet, GALE_DROP_REWRITE, TC_ACT_SHOT);

	bytes = skb->len - packet->l3_offset;
	count_from_node(flow->service_id, flow->node_index, skb_segments(skb), bytes);
	count_reason(GALE_RETURNED_L4, bytes);
	return bpf_redirect_neigh(settings->public_ifindex, NULL, 0, 0);
}

static __always_inline int private_packet(struct __sk_buff *skb)
{
	void *data, *end, *cursor, *l3;
	struct packet packet;
	int ethertype, protocol;

	packet.traits = 0;
	packet.ip_length = 0;
	if (unlikely(skb_pull_headers(skb)))
		return private_exit(&packet, GALE_PASS_UNPARSED, TC_ACT_OK);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	cursor = data;
	ethertype = parse_ethernet(&cursor, end, &packet);
	l3 = cursor;
	if (ethertype == bpf_htons(ETH_P_IP))
		protocol = parse_ipv4(&cursor, end, &packet);
	else if (ethertype == bpf_htons(ETH_P_IPV6))
		protocol = parse_ipv6(&cursor, end, &packet);
	else
		return private_exit(&packet, GALE_PASS_UNPARSED, TC_ACT_OK);
	if (protocol < 0)
		return private_exit(&packet, GALE_PASS_UNPARSED, TC_ACT_OK);
	packet.key.protocol = protocol;
	packet.key.zero[0] = 0;
	packet.key.zero[1] = 0;
	packet.key.zero[2] = 0;
	packet.l3_offset = l3 - data;
	packet.l4_offset = cursor - data;
	if (unlikely(protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)) {
		if (protocol == (packet.traits & PACKET_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
			return private_icmp(skb, &packet);
		return private_exit(&packet, GALE_PASS_NOT_OURS, TC_ACT_OK);
	}
	if (unlikely(packet.traits & PACKET_FRAGMENT_LATER)) {
		if (fragment_recall(&packet))
			return private_exit(&packet, GALE_PASS_FRAGMENT, TC_ACT_OK);
	} else if (parse_ports(cursor, end, &packet)) {
		return private_exit(&packet, GALE_PASS_UNPARSED, TC_ACT_OK);
	}
	if (unlikely(is_control_port(protocol, packet.key.destination_port)))
		return private_exit(&packet, GALE_PASS_CONTROL, TC_ACT_OK);
	return private_l4(skb, &packet);
}

#endif
