/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Flows. Two halves each: the client's packet leads to the forward half, the node's to the reverse one.
 * Half-open flows live in an LRU of their own, where a flood of SYNs can only push out other half-open flows;
 * since it evicts single elements, a half counts there only while the other half names it back.
 */
#ifndef GALELB_CONNTRACK_H
#define GALELB_CONNTRACK_H

#include <linux/errno.h>
#include "galelb_clock.h"
#include "galelb_maps.h"
#include "galelb_packet.h"
#include "galelb_trace.h"

extern const volatile struct gale_options options;

/* The key under which the other half is found. */
static __always_inline void flow_turn(const struct gale_flow *flow, __u8 protocol,
				      struct gale_flow_key *other)
{
	other->source = flow->destination;
	other->destination = flow->source;
	other->source_port = flow->destination_port;
	other->destination_port = flow->source_port;
	other->protocol = protocol;
	other->zero[0] = 0;
	other->zero[1] = 0;
	other->zero[2] = 0;
}

static __always_inline int flow_names(const struct gale_flow *flow, const struct gale_flow_key *key)
{
	return flow->source_port == key->destination_port &&
	       flow->destination_port == key->source_port &&
	       address_equal(&flow->source, &key->destination) &&
	       address_equal(&flow->destination, &key->source);
}

/* The other half of flow, found under key in map, if it names the first half back. */
static __always_inline struct gale_flow *flow_other(void *map, const struct gale_flow_key *key,
						    const struct gale_flow *flow)
{
	struct gale_flow_key other_key;
	struct gale_flow *other;

	flow_turn(flow, key->protocol, &other_key);
	other = bpf_map_lookup_elem(map, &other_key);
	return other && flow_names(other, key) ? other : NULL;
}

/* The differences by which a rewrite changes checksums; key and flow hold addresses and ports in the same order. */
static __always_inline void flow_set_diffs(const struct gale_flow_key *key, struct gale_flow *flow)
{
	flow->address_csum_diff = bpf_csum_diff((__be32 *)&key->source, 32,
						(__be32 *)&flow->source, 32, 0);
	flow->port_csum_diff = bpf_csum_diff((__be32 *)&key->source_port, 4,
					     (__be32 *)&flow->source_port, 4, 0);
}

static __always_inline void flow_touch(struct gale_flow *flow, __u32 now_ms)
{
	if (unlikely((__u32)(now_ms - flow->last_seen_ms) >= LAST_SEEN_GRAIN_MS) &&
	    !is_explaining())
		flow->last_seen_ms = now_ms;
}

static __always_inline __u32 flow_timeout_ms(const struct gale_config *settings, __u8 state)
{
	return state < GALE_FLOW_STATES ? settings->timeout_ms[state] : 0;
}

static __always_inline int flow_is_over(const struct gale_flow *flow)
{
	return flow->state == GALE_FLOW_TIME_WAIT || flow->state == GALE_FLOW_CLOSED;
}

/*
 * FIN and RST of an established flow, noted in both halves. Each side writes a byte of its own, so that two
 * CPUs that see both FINs at once lose neither.
 */
static __noinline int flow_track_close(struct gale_flow_key *key, struct gale_flow *flow, __u8 tcp_flags)
{
	struct gale_flow *other;
	__u8 state;

	if (!key || !flow || is_explaining())
		return 0;
	other = flow_other(&flows, key, flow);
	if (tcp_flags & TCP_RST) {
		state = GALE_FLOW_CLOSED;
	} else {
		if (flow->direction == GALE_FLOW_FORWARD) {
			flow->fin_client = 1;
			if (other)
				other->fin_client = 1;
		} else {
			flow->fin_node = 1;
			if (other)
				other->fin_node = 1;
		}
		if (flow->state == GALE_FLOW_CLOSED)
			return 0;
		state = flow->fin_client && flow->fin_node ? GALE_FLOW_TIME_WAIT : GALE_FLOW_FIN;
	}
	flow->state = state;
	if (other)
		other->state = state;
	return 0;
}

/* Both halves out of half_open. */
static __always_inline void half_open_delete(const struct gale_flow_key *key,
					     const struct gale_flow *flow)
{
	struct gale_flow_key other_key;

	if (is_explaining())
		return;
	flow_turn(flow, key->protocol, &other_key);
	bpf_map_delete_elem(&half_open, &other_key);
	bpf_map_delete_elem(&half_open, key);
}

/*
 * Moves a flow from half_open to flows. own is the half that key leads to, other its pair; both are copies, for
 * the elements in the LRU may be evicted meanwhile. 0, or -1 when flows is full.
 */
static __always_inline int flow_promote(const struct gale_flow_key *key, struct gale_flow *own,
					struct gale_flow *other, __u8 state)
{
	struct gale_flow_key other_key;
	long error;

	if (is_explaining())
		return 0;
	flow_turn(own, key->protocol, &other_key);
	own->state = state;
	other->state = state;
	/* EEXIST: another CPU has promoted the same flow a moment ago, with the same content. */
	error = bpf_map_update_elem(&flows, &other_key, other, BPF_NOEXIST);
	if (error && error != -EEXIST)
		return -1;
	error = bpf_map_update_elem(&flows, key, own, BPF_NOEXIST);
	if (error && error != -EEXIST) {
		bpf_map_delete_elem(&flows, &other_key);
		return -1;
	}
	bpf_map_delete_elem(&half_open, &other_key);
	bpf_map_delete_elem(&half_open, key);
	return 0;
}

#endif
