/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* TCP resets that the programs themselves originate (RFC 9293, 3.10.7), in XDP (xdp_) and in TC (skb_). */
#ifndef GALELB_RESET_H
#define GALELB_RESET_H

#include "galelb_csum.h"
#include "galelb_reply.h"

enum {
	FRAME_LENGTH_MIN = 60,	      /* not every driver pads what XDP sends */
	FRAME_PADDING_MAX = 6,	      /* behind 14 + 20 + 20 bytes */
	TCP_DATA_OFFSET_PLAIN = 0x50, /* five words, no options */
};

/* The fields of the offending segment that its reset depends on. */
struct reset_numbers {
	__be32 sequence;
	__be32 acknowledgement;
	__u8 flags;
};

static __always_inline void reset_numbers_for(const struct packet *packet, const struct tcphdr *tcp, struct reset_numbers *numbers)
{
	__u32 length;

	if (packet->tcp_flags & TCP_ACK) {
		numbers->sequence = tcp->ack_seq;
		numbers->acknowledgement = 0;
		numbers->flags = TCP_RST;
		return;
	}
	length = packet->ip_length - (packet->l4_offset - packet->l3_offset) - tcp->doff * 4;
	length += !!(packet->tcp_flags & TCP_SYN) + !!(packet->tcp_flags & TCP_FIN);
	numbers->sequence = 0;
	numbers->acknowledgement = bpf_htonl(bpf_ntohl(tcp->seq) + length);
	numbers->flags = TCP_RST | TCP_ACK;
}

/*
 * The sum of the pseudo header of a reset; turning source and destination around does not change it. A mapped
 * IPv4 address adds 0xffff, which is zero in ones complement.
 */
static __always_inline __u16 reset_pseudo_sum(const struct packet *packet)
{
	__be32 pseudo[2] = { bpf_htonl(sizeof(struct tcphdr)), bpf_htonl(IPPROTO_TCP) };
	__s64 sum;

	sum = bpf_csum_diff(NULL, 0, (__be32 *)&packet->key.source, 32, 0);
	return csum_fold(bpf_csum_diff(NULL, 0, pseudo, sizeof(pseudo), sum));
}

/* A TCP header without options. */
static __always_inline void reset_write_tcp(const struct packet *packet, const struct reset_numbers *numbers, struct tcphdr *tcp)
{
	__u32 sum = reset_pseudo_sum(packet);

	__builtin_memset(tcp, 0, sizeof(*tcp));
	tcp->source = packet->key.destination_port;
	tcp->dest = packet->key.source_port;
	tcp->seq = numbers->sequence;
	tcp->ack_seq = numbers->acknowledgement;
	((__u8 *)tcp)[12] = TCP_DATA_OFFSET_PLAIN;
	((__u8 *)tcp)[TCP_FLAGS_OFFSET] = numbers->flags;
	tcp->check = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)tcp, sizeof(*tcp), sum));
}

/* Clears what is left of the sender's payload where the frame is kept at its minimum length. */
static __always_inline void clear_padding(void *from, void *end)
{
	__u8 *pad = from;

#pragma clang loop unroll(full)
	for (int n = 0; n < FRAME_PADDING_MAX; n++, pad++) {
		if ((void *)(pad + 1) > end)
			break;
		*pad = 0;
	}
}

/* Turns the frame into a reset for its sender, in XDP. The verdict, or -1. */
maybe_unused static __noinline int xdp_send_reset(struct xdp_md *ctx, struct packet *packet)
{
	struct reset_numbers numbers;
	void *data, *end;
	struct tcphdr *tcp;
	int length, delta;
	__u32 l3_offset;

	if (!packet || packet->tcp_flags & TCP_RST)
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	tcp = data + (packet->l4_offset & HEADER_OFFSET_MASK);
	if ((void *)(tcp + 1) > end)
		return -1;
	reset_numbers_for(packet, tcp, &numbers);

	l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	length = l3_offset + sizeof(*tcp) + (packet->traits & PACKET_IPV6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	if (length < FRAME_LENGTH_MIN)
		length = FRAME_LENGTH_MIN;
	delta = length - (int)(end - data);
	if (delta < 0 && bpf_xdp_adjust_tail(ctx, delta))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + sizeof(struct ethhdr) > end)
		return -1;
	if (packet->traits & PACKET_IPV6) {
		struct ipv6hdr *ip = data + l3_offset;

		tcp = (void *)(ip + 1);
		if ((void *)(tcp + 1) > end)
			return -1;
		reply_write_ipv6(packet, ip, sizeof(*tcp), IPPROTO_TCP);
	} else {
		struct iphdr *ip = data + l3_offset;

		tcp = (void *)(ip + 1);
		if ((void *)(tcp + 1) > end)
			return -1;
		reply_write_ipv4(packet, ip, sizeof(*ip) + sizeof(*tcp), IPPROTO_TCP);
	}
	clear_padding(tcp + 1, end);
	reset_write_tcp(packet, &numbers, tcp);
	mac_swap(data);
	return bpf_redirect(ctx->ingress_ifindex, 0);
}

/* The same in TC. */
static __noinline int skb_send_reset(struct __sk_buff *skb, struct packet *packet)
{
	struct reset_numbers numbers;
	struct tcphdr reset, *tcp;
	void *data, *end;
	__u32 l3_offset, l4_offset;
	int ipv6;

	if (!packet || packet->tcp_flags & TCP_RST || packet->traits & PACKET_FRAGMENT_LATER)
		return -1;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	l3_offset = packet->l3_offset & HEADER_OFFSET_MASK;
	l4_offset = packet->l4_offset & HEADER_OFFSET_MASK;
	tcp = data + l4_offset;
	if ((void *)(tcp + 1) > end)
		return -1;
	reset_numbers_for(packet, tcp, &numbers);
	reset_write_tcp(packet, &numbers, &reset);
	ipv6 = packet->traits & PACKET_IPV6;
	/* Options would have to be carried along; nobody sends them through a load balancer. */
	if (l4_offset != l3_offset + (ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)))
		return -1;
	if (skb_cut(skb, packet, l4_offset + sizeof(reset)))
		return -1;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(struct ethhdr) > end)
		return -1;
	mac_swap(data);
	if (ipv6) {
		struct ipv6hdr *ip = data + l3_offset;

		if ((void *)(ip + 1) > end)
			return -1;
		reply_write_ipv6(packet, ip, sizeof(reset), IPPROTO_TCP);
	} else {
		struct iphdr *ip = data + l3_offset;

		if ((void *)(ip + 1) > end)
			return -1;
		reply_write_ipv4(packet, ip, sizeof(*ip) + sizeof(reset), IPPROTO_TCP);
	}
	if (bpf_skb_store_bytes(skb, l4_offset, &reset, sizeof(reset), 0))
		return -1;
	return bpf_redirect(skb->ifindex, 0);
}

#endif
