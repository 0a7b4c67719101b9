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
	SOURCE_TRIES_NEXT = 8, /* ports after the cursor; then random ones, and last one after the cursor again */
};

/* The source address at position index of a family's list; a hop's own address stands for the whole list. */
static __always_inline void source_address(const struct gale_config *settings,
					   const struct gale_next_hop *hop, int ipv4, __u32 index,
					   struct gale_address *address)
{
	if (!address_is_zero(&hop->source_address)) {
		*address = hop->source_address;
		return;
	}
	index &= GALE_SOURCES_MAX - 1;
	*address = ipv4 ? settings->source_v4[index] : settings->source_v6[index];
}

static __always_inline __u32 source_count(const struct gale_config *settings,
					  const struct gale_next_hop *hop, int ipv4)
{
	if (!address_is_zero(&hop->source_address))
		return 1;
	return ipv4 ? settings->source_v4_count : settings->source_v6_count;
}

/*
 * Whether the reverse half could be put in place: no flow has this key, and none half-open either, unless
 * that one has outlived its timeout or, on the last try, is the oldest there is: a flood that holds every port
 * half-open loses its oldest rather than shutting everybody out.
 */
static __always_inline int source_claim(const struct gale_config *settings,
					const struct gale_flow_key *reverse_key,
					const struct gale_flow *reverse, __u32 now_ms, int last_try)
{
	struct gale_flow *holder;

	if (bpf_map_lookup_elem(&flows, reverse_key))
		return 0;
	if (is_explaining())
		return 1;
	if (!bpf_map_update_elem(&half_open, reverse_key, reverse, BPF_NOEXIST))
		return 1;
	holder = bpf_map_lookup_elem(&half_open, reverse_key);
	if (!holder || (!last_try && (__u32)(now_ms - holder->last_seen_ms) <
					     flow_timeout_ms(settings, holder->state)))
		return 0;
	return bpf_map_update_elem(&half_open, reverse_key, reverse, BPF_ANY) == 0;
}

/*
 * Fills in forward's source address and port and puts both halves into half_open. key is the client's packet;
 * forward has its destination already. 0, or the reason why not.
 */
static __noinline int source_choose(struct gale_flow_key *key, struct gale_flow *forward,
				    struct gale_next_hop *hop)
{
	struct gale_config *settings = config_lookup();
	struct gale_flow_key reverse_key;
	struct gale_flow reverse;
	__u32 node_index, ports, candidates, cursor, start;
	__u32 *stored;
	int ipv4;

	if (!settings || !key || !forward || !hop)
		return GALE_DROP_NO_SOURCE;
	node_index = forward->node_index;
	stored = bpf_map_lookup_elem(&source_cursors, &node_index);
	ipv4 = address_is_ipv4(&forward->destination);
	ports = (__u32)settings->port_last - settings->port_first + 1;
	candidates = ports * source_count(settings, hop, ipv4);
	if (!stored || settings->port_last < settings->port_first || !candidates)
		return GALE_DROP_NO_SOURCE;
	/* After a first start, ports of an earlier life may still be in TIME_WAIT on the node. */
	start = *stored ? *stored : bpf_get_prandom_u32();

	reverse = *forward;
	reverse.direction = GALE_FLOW_REVERSE;
	reverse.source = key->destination;
	reverse.destination = key->source;
	reverse.source_port = key->destination_port;
	reverse.destination_port = key->source_port;
	reverse_key.source = forward->destination;
	reverse_key.source_port = forward->destination_port;
	reverse_key.protocol = key->protocol;
	reverse_key.zero[0] = 0;
	reverse_key.zero[1] = 0;
	reverse_key.zero[2] = 0;
#pragma clang loop unroll(disable)
	for (int try = 1; try <= SOURCE_TRIES_MAX; try++) {
		/* Long-lived flows that were opened together hold ports that lie together: the cursor has to jump out. */
		cursor = try <= SOURCE_TRIES_NEXT || try == SOURCE_TRIES_MAX ? start + try :
									      bpf_get_prandom_u32();
		cursor %= candidates;
		source_address(settings, hop, ipv4, cursor / ports, &reverse_key.destination);
		reverse_key.destination_port = bpf_htons(settings->port_first + cursor % ports);
		flow_set_diffs(&reverse_key, &reverse);
		if (!source_claim(settings, &reverse_key, &reverse, forward->created_ms,
				  try == SOURCE_TRIES_MAX))
			continue;
		forward->source = reverse_key.destination;
		forward->source_port = reverse_key.destination_port;
		flow_set_diffs(key, forward);
		if (is_explaining())
			return 0;
		*stored = cursor ? cursor : candidates;
		bpf_map_update_elem(&half_open, key, forward, BPF_ANY);
		return 0;
	}
	if (!is_explaining())
		*stored = (start + SOURCE_TRIES_MAX) % candidates + candidates;
	return GALE_DROP_PORTS;
}

/* source_nat = "off": the client's own address and port, so that there is nothing to choose. */
static __noinline int source_keep(struct gale_flow_key *key, struct gale_flow *forward)
{
	struct gale_config *settings = config_lookup();
	struct gale_flow_key reverse_key;
	struct gale_flow reverse;

	if (!settings || !key || !forward)
		return GALE_DROP_NO_SOURCE;
	forward->source = key->source;
	forward->source_port = key->source_port;
	flow_set_diffs(key, forward);
	flow_turn(forward, key->protocol, &reverse_key);
	reverse = *forward;
	reverse.direction = GALE_FLOW_REVERSE;
	reverse.source = key->destination;
	reverse.destination = key->source;
	reverse.source_port = key->destination_port;
	reverse.destination_port = key->source_port;
	flow_set_diffs(&reverse_key, &reverse);
	if (!source_claim(settings, &reverse_key, &reverse, forward->created_ms, 0))
		return GALE_DROP_PORTS;
	if (!is_explaining())
		bpf_map_update_elem(&half_open, key, forward, BPF_ANY);
	return 0;
}

#endif
