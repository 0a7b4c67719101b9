/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The source address and port that a node sees. (source address, port, node address, node port) is unique among
 * all flows, half-open and closed ones included: the reverse half is inserted only where none is. Each node has
 * a cursor that walks all ports of all source addresses, so the port freed longest ago is next, and jumps where those
 * after it are taken.
 */
#ifndef GALELB_SOURCE_H
#define GALELB_SOURCE_H

#include "galelb_conntrack.h"
#include "galelb_node.h"

enum {
	SOURCE_TRIES_MAX = 16,
	SOURCE_TRIES_FREE = 4, /* ports after the cursor, given out longest ago, if they are free; */
	SOURCE_TRIES_NEXT = 8, /* the same again, also if they are only half-open; then random ones */
};

/*
 * The packet that opens a flow, its service, and the flow. What is called one after the other for it finds it here: global functions, which
 * the verifier goes through once and not on each of the many ways that lead to them, and which before 5.13 take no pointers to it.
 * The programs' own.
 */
struct flow_opening {
	struct packet packet;
	struct gale_service service;
	struct gale_flow flow;
	__u32 half_open;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_opening);
} flow_openings SEC(".maps");

static __always_inline struct flow_opening *flow_opening(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&flow_openings, &zero);
}

/* The source address at position index of a family's list; a hop's own address stands for the whole list. */
static __always_inline void source_address(const struct gale_config *settings, const struct gale_next_hop *hop, int ipv4, __u32 index,
					   struct gale_address *address)
{
	if (!address_is_zero(&hop->source_address)) {
		*address = hop->source_address;
		return;
	}
	index &= GALE_SOURCES_MAX - 1;
	*address = ipv4 ? settings->source_v4[index] : settings->source_v6[index];
}

static __always_inline __u32 source_count(const struct gale_config *settings, const struct gale_next_hop *hop, int ipv4)
{
	if (!address_is_zero(&hop->source_address))
		return 1;
	return ipv4 ? settings->source_v4_count : settings->source_v6_count;
}

/* Puts the forward half beside the reverse one that has its port, in its slot. 0, or the reason why not. */
static __always_inline int source_take(const struct gale_flow_key *key, struct gale_flow *forward, int reverse_slot)
{
	struct gale_flow_key reverse_key;

	flow_set_diffs(key, forward);
	if (flow_insert(key, forward, FLOW_REPLACE, reverse_slot) >= 0)
		return 0;
	flow_turn(forward, key->protocol, &reverse_key);
	flow_change(&reverse_key, key, FLOW_DELETE, 0, 0);
	return GALE_DROP_TABLE_FULL;
}

/* The reverse half, but for the checksums: what it makes of a node's packet is the client's turned around. */
static __always_inline void source_reverse(const struct gale_flow_key *key, const struct gale_flow *forward, struct gale_flow *reverse)
{
	*reverse = *forward;
	reverse->direction = GALE_FLOW_REVERSE;
	reverse->source = key->destination;
	reverse->destination = key->source;
	reverse->source_port = key->destination_port;
	reverse->destination_port = key->source_port;
}

/*
 * Fills in the forward half's source address and port and puts both halves into the table; it has its destination already. 0, or the
 * reason why not.
 */
__attribute__((noinline)) int source_choose(void)
{
	struct flow_opening *opening = flow_opening();
	struct gale_config *settings = config_lookup();
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	__u32 node_index, ports, candidates, cursor, start;
	struct gale_flow *forward;
	struct gale_next_hop *hop;
	__u32 *stored;
	int ipv4, slot, full = 0;

	if (!settings || !opening || !order)
		return GALE_DROP_NO_SOURCE;
	forward = &opening->flow;
	node_index = forward->node_index;
	hop = next_hop_lookup(node_index);
	if (!hop)
		return GALE_DROP_UNRESOLVED;
	stored = bpf_map_lookup_elem(&source_cursors, &node_index);
	ipv4 = address_is_ipv4(&forward->destination);
	ports = (__u32)settings->port_last - settings->port_first + 1;
	candidates = ports * source_count(settings, hop, ipv4);
	if (!stored || settings->port_last < settings->port_first || !candidates)
		return GALE_DROP_NO_SOURCE;
	/* After a first start, ports of an earlier life may still be in TIME_WAIT on the node. */
	start = *stored ? *stored : bpf_get_prandom_u32();

	source_reverse(&opening->packet.key, forward, &order->flow);
	flow_turn(forward, opening->packet.key.protocol, &order->key);
#pragma clang loop unroll(disable)
	for (int try = 1; try <= SOURCE_TRIES_MAX; try++) {
		/* Long-lived flows that were opened together hold ports that lie together: the cursor has to jump out. */
		cursor = try <= SOURCE_TRIES_FREE ? start +
		try : try
			<= SOURCE_TRIES_NEXT ? start + try - SOURCE_TRIES_FREE : bpf_get_prandom_u32();
		cursor %= candidates;
		/* Else the address of each field used below is worked out beforehand, and kept on the stack. */
		asm volatile("" : "+r"(order), "+r"(opening), "+r"(settings), "+r"(hop) : : "memory");
		forward = &opening->flow;
		source_address(settings, hop, ipv4, cursor / ports, &order->key.destination);
		order->key.destination_port = bpf_htons(settings->port_first + cursor % ports);
		flow_set_diffs(&order->key, &order->flow);
		slot = flow_insert_prepared(try > SOURCE_TRIES_FREE ? FLOW_CLAIM_HALF_OPEN : FLOW_CLAIM, NO_SLOT);
		if (slot < 0) {
			full |= slot == -ENOSPC;
			continue;
		}
		forward->source = order->key.destination;
		forward->source_port = order->key.destination_port;
		if (!is_explaining())
			*stored = cursor ? cursor : candidates;
		return source_take(&opening->packet.key, forward, slot);
	}
	if (!is_explaining())
		*stored = (start + SOURCE_TRIES_MAX) % candidates + candidates;
	/* A port was free, but there was no room for its half: that later ones were taken is chance. */
	return full ? GALE_DROP_TABLE_FULL : GALE_DROP_PORTS;
}

/* source_nat = "off": the client's own address and port, so that there is nothing to choose. */
__attribute__((noinline)) int source_keep(void)
{
	struct flow_opening *opening = flow_opening();
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	struct gale_flow_key *key;
	struct gale_flow *forward;
	__u32 node_index;
	int slot;

	if (!opening || !order)
		return GALE_DROP_NO_SOURCE;
	key = &opening->packet.key;
	forward = &opening->flow;
	node_index = forward->node_index;
	if (!next_hop_lookup(node_index))
		return GALE_DROP_UNRESOLVED;
	forward->source = key->source;
	forward->source_port = key->source_port;
	source_reverse(key, forward, &order->flow);
	flow_turn(forward, key->protocol, &order->key);
	flow_set_diffs(&order->key, &order->flow);
	slot = flow_insert_prepared(FLOW_CLAIM, NO_SLOT);
	return slot < 0 ? GALE_DROP_PORTS : source_take(key, forward, slot);
}

#endif
