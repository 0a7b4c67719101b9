/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where clients' packets are seen: in XDP, or with GALE_PUBLIC_TC in TC at ingress. What is decided is the same source for both; what
 * they do differently is here, by the names that the public side uses.
 *
 * In TC a packet may be several merged ones (GSO), its payload may be out of reach, its transport checksum half done
 * (CHECKSUM_PARTIAL) or summed by the card with all that it covers (CHECKSUM_COMPLETE), and its outermost VLAN tag lies beside it.
 */
#ifndef GALELB_HOOK_H
#define GALELB_HOOK_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include "galelb_packet.h"

#ifdef GALE_PUBLIC_TC

#define public_md __sk_buff
#define public_clamp_mss skb_clamp_mss
#define public_encapsulate skb_encapsulate
#define public_rewrite skb_rewrite
#define public_send_framed skb_send_framed
#define public_send_icmp_error skb_send_icmp_error
#define public_send_reset skb_send_reset
#define public_leaving_length skb_leaving_length
#define public_segments skb_segments
#define public_csum_update bpf_csum_update
#define public_pull skb_pull
#define public_pull_headers skb_pull_headers

/* A filter behind this one is asked about what is passed: on one interface for both sides the nodes' one. */
enum { PUBLIC_PASS = TC_ACT_UNSPEC, PUBLIC_DROP = TC_ACT_SHOT };

static __always_inline __u32 public_ifindex(const struct __sk_buff *skb)
{
	return skb->ifindex;
}

/* Bytes of the frame from the IP header, which is at l3, on. */
static __always_inline __u32 public_length(const struct __sk_buff *skb, const struct packet *packet, void *l3, void *end)
{
	return skb->len - packet->l3_offset;
}

static __always_inline __u8 public_traits(const struct __sk_buff *skb)
{
	return skb->vlan_present ? PACKET_VLAN : 0;
}

#else

#define public_md xdp_md
#define public_clamp_mss xdp_clamp_mss
#define public_encapsulate xdp_encapsulate
#define public_rewrite xdp_rewrite
#define public_send_framed xdp_send_framed
#define public_send_icmp_error xdp_send_icmp_error
#define public_send_reset xdp_send_reset

enum { PUBLIC_PASS = XDP_PASS, PUBLIC_DROP = XDP_DROP };

static __always_inline __u32 public_ifindex(const struct xdp_md *ctx)
{
	return ctx->ingress_ifindex;
}

static __always_inline __u32 public_length(const struct xdp_md *ctx, const struct packet *packet, void *l3, void *end)
{
	__u64 length = end - l3;

	/* Pointers may be subtracted as 64 bits only, whatever becomes of the difference. */
	asm("" : "+r"(length));
	return length;
}

static __always_inline __u8 public_traits(const struct xdp_md *ctx)
{
	return 0;
}

static __always_inline __u32 public_leaving_length(const struct xdp_md *ctx, const struct packet *packet)
{
	return packet->ip_length;
}

static __always_inline __u32 public_segments(const struct xdp_md *ctx)
{
	return 1;
}

static __always_inline void public_csum_update(struct xdp_md *ctx, __wsum diff)
{
}

static __always_inline int public_pull(struct xdp_md *ctx, __u32 length)
{
	return 0;
}

static __always_inline int public_pull_headers(struct xdp_md *ctx)
{
	return 0;
}

#endif

#endif
