/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Options of IPv4 and of TCP, which have one shape: a kind, a length that counts both, and a body; two kinds are one
 * byte long. Walked only where something depends on them: a packet with IPv4 options, a SYN.
 */
#ifndef GALELB_OPTIONS_H
#define GALELB_OPTIONS_H

#include "galelb_csum.h"
#include "galelb_hook.h"
#include "galelb_packet.h"

enum {
	OPTION_END = 0,
	OPTION_PADDING = 1,
	OPTION_OFFSET_MASK = 63,	/* options are at most 40 bytes; the verifier sees by it that all steps are alike */
	OPTIONS_WALKED_MAX = 12,	/* more are nothing that a stack sends */
	IPV4_OPTION_LOOSE_ROUTE = 0x83, /* RFC 791 */
	IPV4_OPTION_STRICT_ROUTE = 0x89,
	TCP_OPTION_MSS = 2,
	TCP_OPTION_MSS_LENGTH = 4,
	MSS_LENGTH_MIN = 536, /* RFC 9293, 3.7.1: what everybody takes anyway */
};

/* The offset of the first option of one of two kinds in length bytes of options, or -1. */
static __always_inline int option_find(void *options, void *end, __u32 length, __u8 one, __u8 other)
{
	__u32 offset = 0, step;
	__u8 *option;

#pragma clang loop unroll(disable)
	for (int n = 0; n < OPTIONS_WALKED_MAX; n++) {
		option = options + offset;
		if (offset + 1 >= length || (void *)(option + 2) > end || option[0] == OPTION_END)
			return -1;
		if (option[0] == one || option[0] == other)
			return offset;
		step = option[0] == OPTION_PADDING ? 1 : option[1];
		offset += step;
		if (!step || offset > OPTION_OFFSET_MASK)
			return -1;
	}
	return -1;
}

/* Whether an IPv4 packet asks for a route of its own (RFC 7126, 4.3 and 4.4: to be dropped). */
static __noinline int has_source_route(struct public_md *ctx, struct packet *packet)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	void *options;

	if (!packet)
		return 0;
	options = data + (packet->l3_offset & HEADER_OFFSET_MASK) + sizeof(struct iphdr);
	return option_find(options, end, packet->l4_offset - packet->l3_offset - sizeof(struct iphdr), IPV4_OPTION_LOOSE_ROUTE,
			   IPV4_OPTION_STRICT_ROUTE) >= 0;
}

/* The largest segment that fits a packet of mtu bytes without options of either header. */
static __always_inline __u32 mss_for(const struct packet *packet, __u32 mtu)
{
	__u32 headers = sizeof(struct tcphdr) + (packet->traits & PACKET_IPV6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));

	return mtu > headers + MSS_LENGTH_MIN ? mtu - headers : MSS_LENGTH_MIN;
}

/*
 * Where a SYN's MSS is to become less than it is: the offset of its two bytes behind the TCP header's fixed part, and what
 * they are. 0 if it stays.
 */
static __always_inline __u32 find_larger_mss(void *options, void *end, const struct packet *packet, __u32 mss, __u32 *present)
{
	__u32 length = packet->tcp_data_offset - sizeof(struct tcphdr);
	int found = option_find(options, end, length, TCP_OPTION_MSS, TCP_OPTION_MSS);
	__u8 *option;

	if (found < 0)
		return 0;
	option = options + (found & OPTION_OFFSET_MASK);
	if ((void *)(option + TCP_OPTION_MSS_LENGTH) > end || found + TCP_OPTION_MSS_LENGTH > length || option[1] != TCP_OPTION_MSS_LENGTH)
		return 0;
	*present = (__u32)option[2] << 8 | option[3];
	return *present > mss ? found + 2 : 0;
}

/* What a TCP checksum's sum changes by; a value at an odd place lies in two words, its bytes the other way round. */
static __always_inline void mss_words(__u32 offset, __u32 from, __u32 to, __be16 *old, __be16 *new)
{
	*old = offset & 1 ? (__be16)from : bpf_htons(from);
	*new = offset & 1 ? (__be16)to : bpf_htons(to);
}

/* Lowers the MSS that a SYN announces to what fits mtu. 1 if it did. */
maybe_unused static __noinline int xdp_clamp_mss(struct xdp_md *ctx, struct packet *packet, __u32 mtu)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 offset, present, mss;
	struct tcphdr *tcp;
	__be16 old, new;
	__u8 *value;

	if (!packet)
		return 0;
	tcp = data + (packet->l4_offset & HEADER_OFFSET_MASK);
	if ((void *)(tcp + 1) > end)
		return 0;
	mss = mss_for(packet, mtu);
	offset = find_larger_mss(tcp + 1, end, packet, mss, &present);
	if (!offset)
		return 0;
	value = (void *)(tcp + 1) + (offset & OPTION_OFFSET_MASK);
	if ((void *)(value + 2) > end)
		return 0;
	value[0] = mss >> 8;
	value[1] = mss;
	mss_words(offset, present, mss, &old, &new);
	tcp->check = csum_update(tcp->check, (__u64) new + (__u16)~old);
	return 1;
}

/* The same in TC, where the checksum may be half done. */
static __noinline int skb_clamp_mss(struct __sk_buff *skb, struct packet *packet, __u32 mtu)
{
	void *data, *end;
	__u32 l4_offset, offset, present, mss;
	__be16 old, new, value;
	struct tcphdr *tcp;

	if (!packet)
		return 0;
	l4_offset = packet->l4_offset & HEADER_OFFSET_MASK;
	if (bpf_skb_pull_data(skb, l4_offset + packet->tcp_data_offset))
		return 0;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	tcp = data + l4_offset;
	if ((void *)(tcp + 1) > end)
		return 0;
	mss = mss_for(packet, mtu);
	offset = find_larger_mss(tcp + 1, end, packet, mss, &present);
	if (!offset)
		return 0;
	value = bpf_htons(mss);
	mss_words(offset, present, mss, &old, &new);
	bpf_skb_store_bytes(skb, l4_offset + sizeof(*tcp) + offset, &value, sizeof(value), 0);
	bpf_l4_csum_replace(skb, l4_offset + offsetof(struct tcphdr, check), old, new, sizeof(value));
	return 1;
}

#endif
