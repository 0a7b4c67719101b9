/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Flows. Two halves each: the client's packet leads to the forward half, the node's to the reverse one. Of a half-open flow either
 * half may be pushed out by a new one, so there a half counts only while the other names it back.
 */
#ifndef GALELB_CONNTRACK_H
#define GALELB_CONNTRACK_H

#include "galelb_flow_table.h"

/* The key under which the other half is found. */
static __always_inline void flow_turn(const struct gale_flow *flow, __u8 protocol, struct gale_flow_key *other)
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

/*
 * Whether flow, found under key, has a pair: the half under other_key, which this fills in, names it back. That half is found in the
 * order then.
 */
static __always_inline int flow_find_other(__u32 order_place, const struct gale_flow_key *key, const struct gale_flow *flow,
					   struct gale_flow_key *other_key)
{
	struct flow_order *order = flow_order(order_place);

	if (!order)
		return 0;
	flow_turn(flow, key->protocol, other_key);
	order->key = *other_key;
	return flow_find_order(order_place) >= 0 && flow_names(&order->found, key);
}

/*
 * The differences by which a rewrite changes checksums, in ones complement; key and flow hold addresses and ports in the same order. The
 * sums are the kernel's own helper's, which would be called twice.
 */
static __always_inline void flow_set_diffs(const struct gale_flow_key *key, struct gale_flow *flow)
{
	__u64 addresses = 0, ports;

#pragma clang loop unroll(full)
	for (int word = 0; word < 4; word++)
		addresses += (__u64)flow->source.word[word] + flow->destination.word[word] + (__u32)~key->source.word[word] +
			     (__u32)~key->destination.word[word];
	addresses = (addresses & 0xffffffff) + (addresses >> 32);
	flow->address_csum_diff = addresses + (addresses >> 32);
	ports = (__u64)((__u32)flow->source_port + flow->destination_port) + (__u32) ~((__u32)key->source_port + key->destination_port);
	flow->port_csum_diff = ports + (ports >> 32);
}

static __always_inline int flow_is_stale(const struct gale_flow *flow, __u32 now_ms)
{
	return (__u32)(now_ms - flow->last_seen_ms) >= LAST_SEEN_GRAIN_MS;
}

/* A packet of a settled half. */
static __always_inline void flow_touch(int slot, const struct gale_flow *flow, __u32 now_ms)
{
	if (unlikely(flow_is_stale(flow, now_ms)))
		flow_note_seen(slot, now_ms);
}

static __always_inline int flow_is_half_open(const struct gale_flow *flow)
{
	return state_is_half_open(flow->state);
}

static __always_inline int flow_is_over(const struct gale_flow *flow)
{
	return flow->state == GALE_FLOW_TIME_WAIT || flow->state == GALE_FLOW_CLOSED;
}

/* The same change for both halves, key's first. */
static __always_inline void flow_change_both(struct gale_flow_key *key, struct gale_flow_key *other_key, __u32 change, __u32 value,
					     __u32 now_ms)
{
	flow_change(key, other_key, change, value, now_ms);
	flow_change(other_key, key, change, value, now_ms);
}

/* FIN and RST of a settled flow, noted in both halves. */
static __noinline int flow_track_close(struct gale_flow_key *key, struct gale_flow *flow, __u8 tcp_flags)
{
	struct gale_flow_key other_key;
	__u32 how = CLOSE_RESET;

	if (!key || !flow)
		return 0;
	if (!(tcp_flags & TCP_RST))
		how = flow->direction == GALE_FLOW_FORWARD ? CLOSE_CLIENT_FIN : CLOSE_NODE_FIN;
	flow_turn(flow, key->protocol, &other_key);
	flow_change_both(key, &other_key, FLOW_CLOSE, how, 0);
	return 0;
}

/* The flow of a node that was given up: over, whatever it was. */
static __always_inline void flow_give_up(struct gale_flow_key *key, struct gale_flow *flow)
{
	flow_track_close(key, flow, TCP_RST);
}

/*
 * From half-open to settled, both halves. One that was pushed out since it was read is put back. 0, or -1 when there is no room for it,
 * or another flow has its place.
 */
static __always_inline int flow_settle_half(struct gale_flow_key *key, struct gale_flow_key *other_key, struct gale_flow *flow, __u8 state,
					    __u32 now_ms)
{
	if (likely(!flow_change(key, other_key, FLOW_ADVANCE, state, now_ms)))
		return 0;
	flow->state = state;
	flow->last_seen_ms = now_ms;
	return flow_insert(key, flow, FLOW_CLAIM, NO_SLOT) < 0 ? -1 : 0;
}

static __always_inline int flow_settle(struct gale_flow_key *key, struct gale_flow *own, struct gale_flow_key *other_key,
				       struct gale_flow *other, __u8 state, __u32 now_ms)
{
	if (flow_settle_half(other_key, key, other, state, now_ms))
		return -1;
	if (flow_settle_half(key, other_key, own, state, now_ms)) {
		flow_change(other_key, key, FLOW_DELETE, 0, 0);
		return -1;
	}
	return 0;
}

#endif
