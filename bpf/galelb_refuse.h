/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Refusing a client's packet: counted, and answered where policy says so, TCP by a reset, UDP by port unreachable. */
#ifndef GALELB_REFUSE_H
#define GALELB_REFUSE_H

#include "galelb_hook.h"
#include "galelb_icmp_send.h"
#include "galelb_node.h"
#include "galelb_reset.h"
#include "galelb_stats.h"

/* What the configuration says about a reason: enum gale_refusal. */
static __always_inline __u8 refusal_policy(__u32 reason)
{
	struct gale_config *settings = config_lookup();

	if (!settings)
		return GALE_REFUSE_DROP;
	switch (reason) {
	case GALE_DROP_NO_NODES: return settings->on_no_nodes;
	case GALE_DROP_NODE_REFUSED: return settings->on_node_failure;
	case GALE_DROP_NO_FLOW: return settings->on_no_flow;
	case GALE_DROP_TABLE_FULL:
	case GALE_DROP_PORTS:
	case GALE_DROP_DEAD_MAN: return GALE_REFUSE_RESET; /* a client that is told tries another replica at once */
	default: return GALE_REFUSE_DROP;
	}
}

/*
 * A packet that is too big for its hop: the sender is told the size that fits. Without "don't fragment" IPv4
 * leaves fragmenting to routers, which this is not. An error is never answered by an error (RFC 1122, 3.2.2).
 */
static __always_inline int refuse_too_big(struct public_md *ctx, struct packet *packet)
{
	int verdict = -1;

	if (packet->traits & (PACKET_IPV6 | PACKET_DONT_FRAGMENT) && !(packet->traits & PACKET_FRAGMENT_LATER) &&
	    (packet->key.protocol == IPPROTO_TCP || packet->key.protocol == IPPROTO_UDP))
		verdict = public_send_icmp_error(ctx, packet, packet->mtu);
	count_reason(verdict < 0 ? GALE_DROP_TOO_BIG : GALE_ANSWERED_TOO_BIG, packet->ip_length);
	return verdict < 0 ? PUBLIC_DROP : verdict;
}

static __noinline int refuse(struct public_md *ctx, struct packet *packet, __u32 reason)
{
	int verdict = -1;

	if (!packet)
		return PUBLIC_DROP;
	if (reason == GALE_DROP_TOO_BIG)
		return refuse_too_big(ctx, packet);
	count_reason(reason, packet->ip_length);
	if (packet->traits & PACKET_FRAGMENT_LATER || refusal_policy(reason) == GALE_REFUSE_DROP)
		return PUBLIC_DROP;
	if (packet->key.protocol == IPPROTO_TCP) {
		verdict = public_send_reset(ctx, packet);
		if (verdict >= 0)
			count_reason(GALE_RESET_SENT, 0);
	} else if (packet->key.protocol == IPPROTO_UDP) {
		verdict = public_send_icmp_error(ctx, packet, 0);
		if (verdict >= 0)
			count_reason(GALE_UNREACHABLE_SENT, 0);
	}
	return verdict < 0 ? PUBLIC_DROP : verdict;
}

#endif
