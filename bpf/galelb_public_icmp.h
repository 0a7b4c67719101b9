/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* ICMP on the public side: echo of a service address, and errors about what nodes sent to clients. */
#ifndef GALELB_PUBLIC_ICMP_H
#define GALELB_PUBLIC_ICMP_H

#include "galelb_conntrack.h"
#include "galelb_icmp.h"
#include "galelb_refuse.h"
#include "galelb_rewrite.h"
#include "galelb_service.h"
#include "galelb_stateless.h"

static __always_inline int public_icmp_exit(const struct packet *packet, __u32 reason, int verdict)
{
	count_reason(reason, packet->ip_length);
	return verdict;
}

static __always_inline int public_icmp_blocked(const struct packet *packet)
{
	count_blocked(packet->block, packet->ip_length);
	return PUBLIC_DROP;
}

/* Turns an echo request into its reply. */
static __always_inline int answer_echo(struct public_md *ctx, struct packet *packet)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	void *l3 = data + (packet->l3_offset & HEADER_OFFSET_MASK);
	struct icmp_header *icmp = data + (packet->l4_offset & HEADER_OFFSET_MASK);
	__u64 type_diff;

	if ((void *)(icmp + 1) > end || data + sizeof(struct ethhdr) > end)
		return PUBLIC_DROP;
	/* Cut short: the reply would claim a length that its frame does not have. */
	if (packet->ip_length > public_length(ctx, packet, l3, end)) {
		count_reason(GALE_DROP_MALFORMED, packet->ip_length);
		return PUBLIC_DROP;
	}
	if (packet->traits & PACKET_IPV6) {
		struct ipv6hdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return PUBLIC_DROP;
		__builtin_memcpy(&ip->saddr, &packet->key.destination, 16);
		__builtin_memcpy(&ip->daddr, &packet->key.source, 16);
		public_csum_update(ctx, csum_fold((__u64)bpf_htons(REPLY_TTL) + (__u16)~bpf_htons(ip->hop_limit)));
		ip->hop_limit = REPLY_TTL;
		icmp->type = ICMPV6_ECHO_REPLY;
		type_diff = bpf_htons((ICMPV6_ECHO_REPLY - ICMPV6_ECHO_REQUEST) << 8);
	} else {
		struct iphdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return PUBLIC_DROP;
		ip->saddr = packet->key.destination.word[3];
		ip->daddr = packet->key.source.word[3];
		ip->check = csum_update(ip->check, (__u64)bpf_htons(REPLY_TTL << 8) + (__u16)~bpf_htons(ip->ttl << 8));
		ip->ttl = REPLY_TTL;
		icmp->type = ICMP_ECHO_REPLY;
		type_diff = (__u16)~bpf_htons(ICMP_ECHO_REQUEST << 8);
	}
	icmp->check = csum_update(icmp->check, type_diff);
	mac_swap(data);
	count_reason(GALE_ANSWERED_ECHO, packet->ip_length);
	return bpf_redirect(public_ifindex(ctx), 0);
}

static __noinline int public_echo(struct public_md *ctx, struct packet *packet)
{
	if (!packet)
		return PUBLIC_DROP;
	packet->key.source_port = 0;
	packet->key.destination_port = 0;
	if (!service_lookup(&packet->key))
		return public_icmp_exit(packet, GALE_PASS_NOT_OURS, PUBLIC_PASS);
	if (packet->traits & PACKET_BLOCKED)
		return public_icmp_blocked(packet);
	return answer_echo(ctx, packet);
}

/* Finds the half of a flow that the quote's key leads to, unless that has lost its pair or its node was given up. 0, or -1. */
static __noinline int find_quoted(struct packet *quoted, __u8 direction)
{
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	struct gale_flow_key other_key;
	struct gale_node *node;

	if (!quoted || !order || flow_find(order, &quoted->key) < 0)
		return -1;
	if (flow_is_half_open(&order->found) &&
	    (!flow_find_other(FLOW_ORDER_PACKET, &quoted->key, &order->found, &other_key) || flow_find(order, &quoted->key) < 0))
		return -1;
	if (order->found.direction != direction)
		return -1;
	node = node_lookup(order->found.node_index);
	return node && node_accepts(node, order->found.node_generation) ? 0 : -1;
}

/* An error about a translated flow, to its node. */
static __noinline int public_icmp_l4(struct public_md *ctx, struct packet *packet, struct packet *quoted)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct flow_order *order = flow_order(FLOW_ORDER_PACKET);
	struct gale_next_hop *hop;
	struct gale_flow *flow;
	__u64 diff = 0;

	if (!packet || !quoted || !order)
		return PUBLIC_DROP;
	flow = &order->found;
	if (find_quoted(quoted, GALE_FLOW_FORWARD))
		return public_icmp_exit(packet, GALE_DROP_NO_FLOW, PUBLIC_DROP);
	hop = next_hop_lookup(flow->node_index);
	if (!hop)
		return public_icmp_exit(packet, GALE_DROP_UNRESOLVED, PUBLIC_DROP);
	if (packet->ttl <= 1)
		return public_icmp_exit(packet, GALE_DROP_TTL, PUBLIC_DROP);
	if (packet->ip_length > hop->mtu)
		return public_icmp_exit(packet, GALE_DROP_TOO_BIG, PUBLIC_DROP);
	if (translate_quote(data, end, quoted, flow, &diff) || translate_error(data, end, packet, flow, diff) ||
	    public_send_framed(ctx, packet, hop))
		return public_icmp_exit(packet, GALE_DROP_REWRITE, PUBLIC_DROP);
	if (packet->traits & PACKET_IPV6)
		public_csum_update(ctx, csum_hop_limit_diff());
	count_reason(GALE_FORWARDED_ICMP, packet->ip_length);
	return bpf_redirect(hop->ifindex, 0);
}

/* Which way an error goes is the service's matter that the quoted packet came from. */
static __noinline int public_icmp_error(struct public_md *ctx, struct packet *packet)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct gale_service *service;
	struct packet quoted;

	if (!packet)
		return PUBLIC_DROP;
	quoted.traits = packet->traits & PACKET_IPV6;
	if (parse_quote(data, end, packet, &quoted) || !address_equal(&quoted.key.destination, &packet->key.destination) ||
	    is_control_port(quoted.key.protocol, quoted.key.destination_port))
		return public_icmp_exit(packet, GALE_PASS_NOT_OURS, PUBLIC_PASS);
	service = service_lookup(&quoted.key);
	if (!service)
		return public_icmp_exit(packet, GALE_PASS_NOT_OURS, PUBLIC_PASS);
	if (packet->traits & PACKET_BLOCKED)
		return public_icmp_blocked(packet);
	if (packet->ip_length > public_length(ctx, packet, data + packet->l3_offset, end))
		return public_icmp_exit(packet, GALE_DROP_MALFORMED, PUBLIC_DROP);
	if (service->forwarding == GALE_FORWARD_L4)
		return public_icmp_l4(ctx, packet, &quoted);
	return public_stateless(ctx, packet, &quoted, service, GALE_FORWARDED_ICMP);
}

/* Inline, as flow_open is: the way to public_icmp_l4 has no room for another frame. */
static __always_inline int public_icmp(struct public_md *ctx, struct packet *packet)
{
	struct icmp_header *icmp;
	void *data, *end;

	if (public_pull(ctx, ICMP_PULL_LENGTH))
		return public_icmp_exit(packet, GALE_PASS_NOT_OURS, PUBLIC_PASS);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	icmp = data + (packet->l4_offset & HEADER_OFFSET_MASK);
	if ((void *)(icmp + 1) > end || !icmp_is_whole(packet) || packet->traits & (PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LATER))
		return public_icmp_exit(packet, GALE_PASS_NOT_OURS, PUBLIC_PASS);
	if (icmp_is_echo_request(packet, icmp->type))
		return public_echo(ctx, packet);
	if (icmp_is_error(packet, icmp->type))
		return public_icmp_error(ctx, packet);
	return public_icmp_exit(packet, GALE_PASS_NOT_OURS, PUBLIC_PASS);
}

#endif
