/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Refusing a node's packet: by a reset, or by the size that fits the clients' network. */
#ifndef GALELB_PRIVATE_REFUSE_H
#define GALELB_PRIVATE_REFUSE_H

#include <linux/pkt_cls.h>
#include "galelb_icmp_send.h"
#include "galelb_refuse.h"
#include "galelb_reset.h"

static __noinline int private_refuse(struct __sk_buff *skb, struct packet *packet, __u32 reason)
{
	int verdict = -1;

	if (!packet)
		return TC_ACT_SHOT;
	count_reason(reason, packet->ip_length);
	if (refusal_policy(reason) == GALE_REFUSE_RESET && packet->key.protocol == IPPROTO_TCP)
		verdict = skb_send_reset(skb, packet);
	if (verdict < 0)
		return TC_ACT_SHOT;
	count_reason(GALE_RESET_SENT, 0);
	return verdict;
}

/* Counted; answered where routers may not cut the packet and its quote would name the flow. The verdict. */
static __noinline int private_refuse_too_big(struct __sk_buff *skb, struct packet *packet, __u32 mtu)
{
	int verdict = -1;

	if (!packet)
		return TC_ACT_SHOT;
	if (packet->traits & (PACKET_IPV6 | PACKET_DONT_FRAGMENT) && !(packet->traits & (PACKET_FRAGMENT_FIRST | PACKET_FRAGMENT_LATER)))
		verdict = skb_send_icmp_error(skb, packet, mtu);
	count_reason(verdict < 0 ? GALE_DROP_TOO_BIG : GALE_ANSWERED_TOO_BIG, packet->ip_length);
	return verdict < 0 ? TC_ACT_SHOT : verdict;
}

#endif
