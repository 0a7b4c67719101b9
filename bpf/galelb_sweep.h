/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Taking out of the table what has outlived its timeout: a pair together, and only when both halves are idle; a half that has lost its
 * other one by its own age. Attached to nothing: user space runs it (BPF_PROG_TEST_RUN), where it finds the table as packets do.
 */
#ifndef GALELB_SWEEP_H
#define GALELB_SWEEP_H

#include "galelb_conntrack.h"

/* Judges the half under the order's key, which was found there. */
static __always_inline void sweep_half(struct gale_sweep *counts, struct flow_order *order)
{
	struct gale_config *settings = config_lookup();
	struct gale_flow_key key = order->key, other_key;
	struct gale_flow flow = order->found;
	__u32 now_ms = clock_ms(), timeout_ms;
	int paired, idle;

	if (!settings)
		return;
	timeout_ms = flow_timeout_ms(settings, flow.state);
	idle = flow_is_idle(&flow, timeout_ms, now_ms);
	paired = idle && flow_find_other(FLOW_ORDER_SWEEP, &key, &flow, &other_key);
	if (idle && !paired) {
		if (!flow_change_from(FLOW_ORDER_SWEEP, &key, &other_key, FLOW_EXPIRE, timeout_ms, now_ms))
			counts->orphans++;
		return;
	}
	/* The pair is judged once, by its forward half. */
	if (flow.direction != GALE_FLOW_FORWARD)
		return;
	if (idle && !flow_change_from(FLOW_ORDER_SWEEP, &other_key, &key, FLOW_EXPIRE, timeout_ms, now_ms)) {
		flow_change_from(FLOW_ORDER_SWEEP, &key, &other_key, FLOW_EXPIRE, timeout_ms, now_ms);
		counts->expired++;
	} else if (flow_is_half_open(&flow)) {
		counts->half_open++;
	} else {
		counts->flows++;
	}
}

static __always_inline int set_is_empty(const struct gale_flow_set *set)
{
	const tag_word_t *words = (const tag_word_t *)set->tag;
	__u64 all = 0;

#pragma clang loop unroll(full)
	for (int word = 0; word < TAG_WORDS; word++)
		all |= words[word];
	return !all;
}

/* Looks at the next slot; a set without any flow is passed at once. */
static __always_inline void sweep_next(void)
{
	struct flow_order *order = flow_order(FLOW_ORDER_SWEEP);
	struct gale_sweep *counts;
	struct gale_flow_set *set;
	__u32 zero = 0, number, index;

	counts = bpf_map_lookup_elem(&sweep, &zero);
	if (!counts || !order)
		return;
	number = counts->next >> SLOT_BITS;
	index = counts->next & SLOT_MASK;
	set = bpf_map_lookup_elem(&flows, &number);
	if (!set)
		return;
	if (!index && set_is_empty(set)) {
		counts->next += 1 << SLOT_BITS;
		return;
	}
	counts->next++;
	if (!*mark_at(set->tag, index))
		return;
	/* Found once more by its key, so that key and flow belong together. */
	order->key = slot_at(set, index)->key;
	if (flow_find_order(FLOW_ORDER_SWEEP) == (int)(number << SLOT_BITS | index))
		sweep_half(counts, order);
}

SEC("xdp")
int gale_sweep(struct xdp_md *ctx)
{
	sweep_next();
	return XDP_DROP;
}

#endif
