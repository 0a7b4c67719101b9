/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The public side: clients' packets. */
#ifndef GALELB_PUBLIC_H
#define GALELB_PUBLIC_H

#include "galelb_flow_open.h"
#include "galelb_fragment.h"
#include "galelb_options.h"
#include "galelb_public_icmp.h"
#include "galelb_refuse.h"
#include "galelb_rewrite.h"
#include "galelb_service.h"
#include "galelb_stateless.h"

static __always_inline int public_exit(const struct packet *packet, __u32 reason, int verdict)
{
	count_reason(reason, packet->ip_length);
	return verdict;
}

/*
 * What is to be done about a settled flow besides forwarding: state, a given-up node, a tuple used anew.
 * 0: forward it. -1: forget it and open a flow anew. Else the reason to refuse.
 */
static __noinline int flow_attend(struct packet *packet, struct gale_flow *flow, __u32 refused)
{
	struct gale_flow_key other_key;

	if (!packet || !flow)
		return GALE_DROP_NO_FLOW;
	if (is_opening(packet) && (refused || flow_is_over(flow))) {
		/* The reverse half stays: its source port is quarantined until it is swept. */
		flow_turn(flow, packet->key.protocol, &other_key);
		flow_change(&packet->key, &other_key, FLOW_DELETE, 0, 0);
		return packet->key.protocol == IPPROTO_TCP || refused ? -1 : 0;
	}
	if (refused) {
		if (packet->key.protocol == IPPROTO_TCP)
			flow_give_up(&packet->key, flow);
		return GALE_DROP_NODE_REFUSED;
	}
	if (packet->tcp_flags & (TCP_FIN | TCP_RST))
		flow_track_close(&packet->key, flow, packet->tcp_flags);
	return 0;
}

/* A SYN tells the node how large the segments may be that it sends: what they have to fit is the way to the clients. */
static __always_inline void clamp_opening(struct public_md *ctx, struct packet *packet)
{
	struct gale_config *settings = config_lookup();

	if (packet->key.protocol == IPPROTO_TCP && settings && settings->flags & GALE_CONFIG_CLAMP_MSS)
		public_clamp_mss(ctx, packet, settings->public_mtu);
}

/* A client's packet for a service with NAT. l3 and l4 point to its headers. */
static __always_inline int public_l4(struct public_md *ctx, struct packet *packet, struct gale_service *service, void *l3, void *l4)
{
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	struct gale_next_hop *hop;
	struct gale_node *node;
	struct gale_flow *flow;
	int slot, settled, refused, reason = 0;
	__u32 node_index;

	if (unlikely(packet->ttl <= 1))
		return refuse(ctx, packet, GALE_DROP_TTL);

	if (!order)
		return refuse(ctx, packet, GALE_DROP_NO_FLOW);
	slot = flow_find(order, &packet->key);
	flow = &order->found;
	settled = slot >= 0 && !flow_is_half_open(flow);
	if (likely(settled)) {
		node_index = flow->node_index;
		node = node_lookup(node_index);
		refused = !node || !node_accepts(node, flow->node_generation);
		if (unlikely(refused || packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)))
			reason = flow_attend(packet, flow, refused);
		if (likely(!reason))
			flow_touch(slot, flow, clock_ms());
	}
	if (unlikely(!settled || reason < 0)) {
		reason = flow_open(packet, service, flow, !settled && slot >= 0);
		if (packet->tcp_flags & TCP_SYN && !reason)
			clamp_opening(ctx, packet);
	}
	if (unlikely(reason))
		return refuse(ctx, packet, reason);

	node_index = flow->node_index;
	hop = next_hop_lookup(node_index);
	if (unlikely(!hop))
		return refuse(ctx, packet, GALE_DROP_UNRESOLVED);
	if (unlikely(public_leaving_length(ctx, packet) > hop->mtu)) {
		packet->mtu = hop->mtu;
		return refuse(ctx, packet, GALE_DROP_TOO_BIG);
	}

	if (public_rewrite(ctx, packet, flow, l3, l4))
		return refuse(ctx, packet, GALE_DROP_REWRITE);
	count_to_node(flow->service_id, node_index, public_segments(ctx), packet->ip_length);
	count_reason(GALE_FORWARDED_L4, packet->ip_length);

	if (public_send_framed(ctx, packet, hop))
		return PUBLIC_DROP;
	return bpf_redirect(hop->ifindex, 0);
}

/* What few packets have: IPv4 options, or others that follow in pieces. 0, or the reason to refuse. */
static __noinline int attend_unusual(struct public_md *ctx, struct packet *packet)
{
	if (!packet)
		return GALE_DROP_MALFORMED;
	if (packet->traits & PACKET_OPTIONS && !(packet->traits & PACKET_IPV6) && has_source_route(ctx, packet))
		return GALE_DROP_OPTIONS;
	if (packet->traits & PACKET_FRAGMENT_FIRST && fragment_remember(packet))
		return GALE_DROP_FRAGMENT;
	return 0;
}

static __always_inline int public_packet(struct public_md *ctx)
{
	void *data, *end, *cursor, *l3;
	struct gale_service *service;
	struct gale_config *settings;
	struct packet packet;
	int ethertype, protocol, reason;

	packet.traits = public_traits(ctx);
	packet.ip_length = 0;
	packet.block = 0;
	if (unlikely(public_pull_headers(ctx)))
		return public_exit(&packet, GALE_PASS_UNPARSED, PUBLIC_PASS);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	cursor = data;
	ethertype = parse_ethernet(&cursor, end, &packet);
	l3 = cursor;
	if (ethertype == bpf_htons(ETH_P_IP))
		protocol = parse_ipv4(&cursor, end, &packet);
	else if (ethertype == bpf_htons(ETH_P_IPV6))
		protocol = parse_ipv6(&cursor, end, &packet);
	else
		return public_exit(&packet, GALE_PASS_UNPARSED, PUBLIC_PASS);
	if (protocol < 0)
		return public_exit(&packet, GALE_PASS_UNPARSED, PUBLIC_PASS);
	packet.key.protocol = protocol;
	packet.key.zero[0] = 0;
	packet.key.zero[1] = 0;
	packet.key.zero[2] = 0;
	packet.l3_offset = l3 - data;
	packet.l4_offset = cursor - data;
	settings = config_lookup();
	if (unlikely(settings && settings->flags & GALE_CONFIG_BLOCKS))
		mark_blocked(&packet);
	if (unlikely(protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)) {
		if (protocol == (packet.traits & PACKET_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
			return public_icmp(ctx, &packet);
		return public_exit(&packet, GALE_PASS_NOT_OURS, PUBLIC_PASS);
	}
	if (unlikely(packet.traits & PACKET_FRAGMENT_LATER)) {
		if (fragment_recall(&packet))
			return public_exit(&packet, GALE_PASS_FRAGMENT, PUBLIC_PASS);
	} else if (parse_ports(cursor, end, &packet)) {
		return public_exit(&packet, GALE_PASS_UNPARSED, PUBLIC_PASS);
	}

	if (unlikely(is_control_port(protocol, packet.key.destination_port)))
		return public_exit(&packet, GALE_PASS_CONTROL, PUBLIC_PASS);
	service = service_lookup(&packet.key);
	if (!service)
		return public_exit(&packet, GALE_PASS_NOT_OURS, PUBLIC_PASS);
	if (unlikely(packet.traits & PACKET_BLOCKED)) {
		count_blocked(packet.block, packet.ip_length);
		return PUBLIC_DROP;
	}
	if (unlikely(is_malformed(&packet, public_length(ctx, &packet, l3, end))))
		return refuse(ctx, &packet, GALE_DROP_MALFORMED);
	if (unlikely(packet.traits & (PACKET_FRAGMENT_FIRST | PACKET_OPTIONS))) {
		reason = attend_unusual(ctx, &packet);
		if (reason)
			return refuse(ctx, &packet, reason);
	}
	if (service->forwarding == GALE_FORWARD_L4)
		return public_l4(ctx, &packet, service, l3, cursor);
	return public_stateless(ctx, &packet, &packet, service,
				service->forwarding == GALE_FORWARD_L3 ? GALE_FORWARDED_L3 : GALE_FORWARDED_L2);
}

#endif
