/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Telling of single packets: what came, what was decided and what left. Only galetrace.bpf.c does so; elsewhere all of this is
 * nothing. What is known of the packet under way is gathered in trace_scratch, which also is the answer where the explain switch
 * is on: then nothing is sent, and no other map is written.
 */
#ifndef GALELB_TRACE_H
#define GALELB_TRACE_H

#include <linux/pkt_cls.h>
#include "galelb_hook.h"
#include "galelb_maps.h"
#include "galelb_packet.h"

extern const volatile struct gale_options options;

#ifndef GALE_TRACED

static __always_inline int is_explaining(void)
{
	return 0;
}

static __always_inline void trace_reason(__u32 reason)
{
}

static __always_inline void trace_service(__u32 service_id)
{
}

static __always_inline void trace_node(__u32 node_index)
{
}

static __always_inline void trace_public_begin(struct public_md *ctx)
{
}

static __always_inline void trace_public_end(struct public_md *ctx, int verdict)
{
}

static __always_inline void trace_private_begin(struct __sk_buff *skb)
{
}

static __always_inline void trace_private_end(struct __sk_buff *skb, int verdict)
{
}

#else

static __always_inline int is_explaining(void)
{
	return options.explain;
}

static __always_inline struct gale_trace_scratch *trace_scratch_lookup(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&trace_scratch, &zero);
}

/* The first reason decided; one that is counted besides is the answer that was sent. */
static __always_inline void trace_reason(__u32 reason)
{
	struct gale_trace_scratch *scratch = trace_scratch_lookup();

	if (!scratch)
		return;
	if (scratch->packet.reason == GALE_REASONS)
		scratch->packet.reason = reason;
	else
		scratch->packet.answer = reason;
}

static __always_inline void trace_service(__u32 service_id)
{
	struct gale_trace_scratch *scratch = trace_scratch_lookup();

	if (scratch)
		scratch->packet.service_id = service_id;
}

/* The node that was looked at last is the one that the packet is about. */
static __always_inline void trace_node(__u32 node_index)
{
	struct gale_trace_scratch *scratch = trace_scratch_lookup();

	if (scratch)
		scratch->packet.node_index = node_index;
}

/* Addresses and ports as far as they can be read, all zero of what is not IP. Returns the IP packet's length. */
static __always_inline __u32 trace_parse(void *data, void *end, struct gale_flow_key *key, __u8 *tcp_flags)
{
	struct packet packet = {};
	void *cursor = data;
	int ethertype, protocol = -1;

	ethertype = parse_ethernet(&cursor, end, &packet);
	if (ethertype == bpf_htons(ETH_P_IP))
		protocol = parse_ipv4(&cursor, end, &packet);
	else if (ethertype == bpf_htons(ETH_P_IPV6))
		protocol = parse_ipv6(&cursor, end, &packet);
	if (protocol < 0)
		return 0;
	packet.key.protocol = protocol;
	if ((protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) && !(packet.traits & PACKET_FRAGMENT_LATER))
		parse_ports(cursor, end, &packet);
	*key = packet.key;
	*tcp_flags = packet.tcp_flags;
	return packet.ip_length;
}

static __always_inline struct gale_trace_scratch *trace_fresh(__u32 side, __u32 ifindex)
{
	struct gale_trace_scratch *scratch = trace_scratch_lookup();

	if (!scratch)
		return NULL;
	__builtin_memset(&scratch->packet, 0, sizeof(scratch->packet));
	scratch->packet.at_ns = bpf_ktime_get_ns();
	scratch->packet.ifindex = ifindex;
	scratch->packet.side = side;
	scratch->packet.service_id = GALE_TRACE_ANY;
	scratch->packet.node_index = GALE_TRACE_ANY;
	scratch->packet.reason = GALE_REASONS;
	scratch->packet.answer = GALE_REASONS;
	return scratch;
}

static __noinline int trace_public_begin(struct public_md *ctx)
{
	struct gale_trace_scratch *scratch = trace_fresh(GALE_TRACE_PUBLIC, public_ifindex(ctx));

	public_pull_headers(ctx);
	if (scratch)
		scratch->packet.length =
		    trace_parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, &scratch->packet.came, &scratch->packet.tcp_flags);
	return 0;
}

static __noinline int trace_private_begin(struct __sk_buff *skb)
{
	struct gale_trace_scratch *scratch = trace_fresh(GALE_TRACE_PRIVATE, skb->ifindex);

	skb_pull_headers(skb);
	if (scratch)
		scratch->packet.length =
		    trace_parse((void *)(long)skb->data, (void *)(long)skb->data_end, &scratch->packet.came, &scratch->packet.tcp_flags);
	return 0;
}

static __always_inline int trace_matches_address(const struct gale_trace_filter *filter, const struct gale_address *address)
{
#pragma clang loop unroll(full)
	for (int word = 0; word < 4; word++) {
		if ((address->word[word] & filter->mask.word[word]) != filter->address.word[word])
			return 0;
	}
	return 1;
}

static __always_inline int trace_matches(const struct gale_trace_filter *filter, const struct gale_trace *packet)
{
	const struct gale_flow_key *came = &packet->came, *left = &packet->left;

	if (!(filter->reasons >> (packet->reason & 63) & 1) && !(filter->reasons >> (packet->answer & 63) & 1))
		return 0;
	if (filter->service_id != GALE_TRACE_ANY && filter->service_id != packet->service_id)
		return 0;
	if (filter->node_index != GALE_TRACE_ANY && filter->node_index != packet->node_index)
		return 0;
	if (filter->protocol && filter->protocol != came->protocol)
		return 0;
	if (filter->port && filter->port != came->source_port && filter->port != came->destination_port &&
	    filter->port != left->source_port && filter->port != left->destination_port)
		return 0;
	return trace_matches_address(filter, &came->source) || trace_matches_address(filter, &came->destination) ||
	       trace_matches_address(filter, &left->source) || trace_matches_address(filter, &left->destination);
}

static __always_inline void trace_tell(struct gale_trace_scratch *scratch)
{
	struct gale_trace_filter *filter;
	__u32 zero = 0;

	if (is_explaining())
		return;
	filter = bpf_map_lookup_elem(&trace_filter, &zero);
	if (!filter || !trace_matches(filter, &scratch->packet))
		return;
	if (filter->one_in > 1 && scratch->matched++ % filter->one_in)
		return;
	if (bpf_ringbuf_output(&traces, &scratch->packet, sizeof(scratch->packet), 0))
		scratch->lost++;
}

static __noinline int trace_public_end(struct public_md *ctx, int verdict)
{
	struct gale_trace_scratch *scratch = trace_scratch_lookup();
	__u8 flags;

	if (!scratch)
		return 0;
	/* Told of in XDP's words, wherever it was decided. */
	scratch->packet.verdict = verdict == PUBLIC_DROP ? XDP_DROP : verdict == PUBLIC_PASS ? XDP_PASS : XDP_REDIRECT;
	if (verdict != PUBLIC_DROP && verdict != PUBLIC_PASS)
		trace_parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, &scratch->packet.left, &flags);
	trace_tell(scratch);
	return 0;
}

static __noinline int trace_private_end(struct __sk_buff *skb, int verdict)
{
	struct gale_trace_scratch *scratch = trace_scratch_lookup();
	__u8 flags;

	if (!scratch)
		return 0;
	scratch->packet.verdict = verdict;
	if (verdict == TC_ACT_REDIRECT)
		trace_parse((void *)(long)skb->data, (void *)(long)skb->data_end, &scratch->packet.left, &flags);
	trace_tell(scratch);
	return 0;
}

#endif

#endif
