/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The slow half of L4: packets of the client that have no flow, or a half-open one. */
#ifndef GALELB_FLOW_OPEN_H
#define GALELB_FLOW_OPEN_H

#include "galelb_conntrack.h"
#include "galelb_node.h"
#include "galelb_ring.h"
#include "galelb_source.h"
#include "galelb_stats.h"

/* A later fragment opens nothing: its first did, or was dropped. */
static __always_inline int is_opening(const struct packet *packet)
{
	if (packet->key.protocol == IPPROTO_UDP)
		return !(packet->traits & PACKET_FRAGMENT_LATER);
	return (packet->tcp_flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_SYN;
}

static __always_inline int dead_man_has_struck(const struct gale_config *settings)
{
	__u32 zero = 0;
	__u64 *deadline;

	if (!(settings->flags & GALE_CONFIG_DEAD_MAN))
		return 0;
	deadline = bpf_map_lookup_elem(&dead_man, &zero);
	return deadline && bpf_ktime_get_ns() > *deadline;
}

/* The node that the ring names for a packet, or -1. */
static __always_inline int choose_node(const struct packet *packet, const struct gale_service *service, const struct gale_config *settings)
{
	if (service->ring == GALE_RING_NONE)
		return -1;
	return ring_lookup(service->ring, ring_slot(hash_flow(&packet->key, service->hash, settings->hash_seed)));
}

/* A flow for the client's first packet in flow_openings. 0 with flow filled in, or the reason why not. */
static __always_inline int flow_create(struct packet *packet, struct gale_service *service, struct gale_flow *flow)
{
	struct gale_config *settings = config_lookup();
	struct gale_node *node;
	int node_index, reason;

	if (!settings || !packet || !service || !flow)
		return GALE_DROP_NO_NODES;
	if (dead_man_has_struck(settings))
		return GALE_DROP_DEAD_MAN;
	node_index = choose_node(packet, service, settings);
	if (node_index < 0)
		return GALE_DROP_NO_NODES;
	node = node_lookup(node_index);
	if (!node || (node->flags & (GALE_NODE_VALID | GALE_NODE_REFUSE)) != GALE_NODE_VALID)
		return GALE_DROP_NODE_INVALID;
	/* Translating addresses between the families is not what a service is configured for. */
	if (address_is_ipv4(&node->address) != !(packet->traits & PACKET_IPV6))
		return GALE_DROP_FAMILY;

	__builtin_memset(flow, 0, sizeof(*flow));
	flow->destination = node->address;
	flow->destination_port = node->port ? node->port : service->target_port;
	flow->node_generation = node->generation;
	flow->node_index = node_index;
	flow->service_id = service->service_id;
	flow->last_seen_ms = clock_ms();
	flow->created_ms = flow->last_seen_ms;
	flow->state = packet->key.protocol == IPPROTO_TCP ? GALE_FLOW_SYN_SENT : GALE_FLOW_UDP_ONE_WAY;
	reason = settings->flags & GALE_CONFIG_NO_SOURCE_NAT ? source_keep() : source_choose();
	if (!reason)
		count_connection(service->service_id, node_index);
	return reason;
}

/*
 * The client's packet in flow_openings is for a half-open flow. 0 with flow as it is now, a reason, or -1 when it has no pair any more or a
 * fresh one is to take its place.
 */
static __always_inline int flow_continue(struct packet *packet, struct gale_service *service, struct gale_flow *flow)
{
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	struct gale_config *settings = config_lookup();
	struct gale_flow_key other_key;
	struct gale_node *node;
	__u32 now_ms;

	if (!settings || !order)
		return GALE_DROP_NO_NODES;
	now_ms = clock_ms();
	if (!flow_find_other(FLOW_ORDER_PACKET, &packet->key, flow, &other_key) || flow->direction != GALE_FLOW_FORWARD ||
	    (__u32)(now_ms - flow->last_seen_ms) >= flow_timeout_ms(settings, flow->state))
		return -1;
	node = node_lookup(flow->node_index);
	if (!node || !node_accepts(node, flow->node_generation)) {
		flow_change_both(&packet->key, &other_key, FLOW_DELETE, 0, 0);
		return is_opening(packet) ? -1 : GALE_DROP_NODE_REFUSED;
	}
	if (packet->tcp_flags & TCP_RST) {
		/*
		 * Before any SYN+ACK it answers a node that has the port in TIME_WAIT still, from a flow this replica knows
		 * nothing of any more: the node forgets that one by it, and the client's next SYN is to take the same port.
		 */
		if (flow->state != GALE_FLOW_SYN_SENT)
			flow_change_both(&packet->key, &other_key, FLOW_DELETE, 0, 0);
		return 0;
	}
	/* A node that never answered may have left the ring: the repeated SYN tries its successor. */
	if (packet->tcp_flags & TCP_SYN && flow->state == GALE_FLOW_SYN_SENT &&
	    choose_node(packet, service, settings) != flow->node_index) {
		flow_change_both(&packet->key, &other_key, FLOW_DELETE, 0, 0);
		return -1;
	}
	if (packet->key.protocol == IPPROTO_UDP || packet->tcp_flags & TCP_SYN) {
		if (flow_is_stale(flow, now_ms))
			flow_change_both(&packet->key, &other_key, FLOW_ADVANCE, flow->state, now_ms);
		return 0;
	}
	if (flow->state != GALE_FLOW_SYN_RECEIVED)
		return GALE_DROP_NO_FLOW;
	if (flow_settle(&packet->key, flow, &other_key, &order->found, GALE_FLOW_ESTABLISHED, now_ms))
		return GALE_DROP_TABLE_FULL;
	if (packet->tcp_flags & TCP_FIN)
		flow_track_close(&packet->key, flow, packet->tcp_flags);
	return 0;
}

/*
 * The order that flow_open gives, a global function as flow_insert_order is: what opens a flow is most of the program, and the ways
 * that lead here are many.
 */
__attribute__((noinline)) int flow_open_order(void)
{
	struct flow_opening *opening = flow_opening();
	int result;

	if (!opening)
		return GALE_DROP_NO_FLOW;
	if (opening->half_open) {
		result = flow_continue(&opening->packet, &opening->service, &opening->flow);
		if (result >= 0)
			return result;
	}
	if (!is_opening(&opening->packet))
		return GALE_DROP_NO_FLOW;
	result = flow_create(&opening->packet, &opening->service, &opening->flow);
	if (result)
		count_refused(opening->service.service_id);
	return result;
}

/*
 * A packet of the client that has no settled flow; half_open: flow is its half-open one. 0 with flow filled in, or the reason why not.
 */
static __always_inline int flow_open(const struct packet *packet, const struct gale_service *service, struct gale_flow *flow, int half_open)
{
	struct flow_opening *opening = flow_opening();
	int reason;

	if (!opening)
		return GALE_DROP_NO_FLOW;
	opening->packet = *packet;
	opening->service = *service;
	opening->half_open = half_open;
	if (half_open)
		opening->flow = *flow;
	reason = flow_open_order();
	*flow = opening->flow;
	return reason;
}

#endif
