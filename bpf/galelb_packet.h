/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Parsing. Each step has one shape: the cursor and the packet's end in, bounds proven before anything is
 * read, the cursor advanced past what was read; a negative result is a packet that is not for us to judge.
 */
#ifndef GALELB_PACKET_H
#define GALELB_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "galelb_layout.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define maybe_unused __attribute__((unused)) /* what only one of XDP and TC has use for */

enum {
	PACKET_VLAN_DEPTH_MAX = 2,
	IPV4_FRAGMENT_OFFSET = 0x1fff,
	IPV4_MORE_FRAGMENTS = 0x2000,
	IPV4_DONT_FRAGMENT = 0x4000,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
	TCP_FLAGS_OFFSET = 13,
	HEADER_OFFSET_MASK = 0x3ff, /* no header starts beyond; without a bound the verifier trusts no offset */
};

/* What a parsed packet has besides its ports. */
enum packet_trait {
	PACKET_IPV6 = 1,
	PACKET_FRAGMENT_FIRST = 2,
	PACKET_FRAGMENT_LATER = 4, /* carries no ports: those of the key are 0 */
	PACKET_OPTIONS = 8,	   /* IPv4 options or IPv6 extension headers */
	PACKET_VLAN = 16,
	PACKET_DONT_FRAGMENT = 32,
	PACKET_BLOCKED = 64, /* its source is in blocks, at the place in block */
};

struct packet {
	struct gale_flow_key key;
	__u16 l3_offset;
	__u16 l4_offset;
	__u32 ip_length; /* of the whole IP packet, as its header says; of IPv6 it may exceed 16 bits */
	__u8 traits;	 /* enum packet_trait */
	__u8 tcp_flags;
	__u8 ttl;
	__u8 traffic_class; /* IPv4 TOS, IPv6 traffic class */
	__u16 mtu;	    /* what a too-big answer tells */
	__be32 fragment_id;
	__u32 fragment_new_id;
	__u32 block;
	__u8 tcp_data_offset; /* in bytes; for UDP as if there were no options */
};

enum { IPV6_FRAGMENT_OFFSET = 0xfff8, IPV6_MORE_FRAGMENTS = 1 };

struct fragment_header {
	__u8 next_header;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

struct vlan_header {
	__be16 tci;
	__be16 encapsulated_protocol;
};

static __always_inline void address_from_ipv4(struct gale_address *address, __be32 ipv4)
{
	address->word[0] = 0;
	address->word[1] = 0;
	address->word[2] = bpf_htonl(0x0000ffff);
	address->word[3] = ipv4;
}

static __always_inline void address_from_ipv6(struct gale_address *address, const struct in6_addr *ipv6)
{
	__builtin_memcpy(address, ipv6, sizeof(*address));
}

static __always_inline int address_is_ipv4(const struct gale_address *address)
{
	return address->word[0] == 0 && address->word[1] == 0 && address->word[2] == bpf_htonl(0x0000ffff);
}

static __always_inline int address_equal(const struct gale_address *a, const struct gale_address *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2] && a->word[3] == b->word[3];
}

static __always_inline int address_is_zero(const struct gale_address *address)
{
	return (address->word[0] | address->word[1] | address->word[2] | address->word[3]) == 0;
}

static __always_inline __be16 packet_ethertype(const struct packet *packet)
{
	return packet->traits & PACKET_IPV6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
}

/* The ethertype behind at most two VLAN tags, or -1. */
static __always_inline int parse_ethernet(void **cursor, void *end, struct packet *packet)
{
	struct ethhdr *eth = *cursor;
	__be16 protocol;

	if ((void *)(eth + 1) > end)
		return -1;
	*cursor = eth + 1;
	protocol = eth->h_proto;
#pragma clang loop unroll(full)
	for (int depth = 0; depth < PACKET_VLAN_DEPTH_MAX; depth++) {
		struct vlan_header *vlan = *cursor;

		if (likely(protocol != bpf_htons(ETH_P_8021Q) && protocol != bpf_htons(ETH_P_8021AD)))
			break;
		if ((void *)(vlan + 1) > end)
			return -1;
		*cursor = vlan + 1;
		protocol = vlan->encapsulated_protocol;
		packet->traits |= PACKET_VLAN;
	}
	return protocol;
}

/* The IP protocol, with source, destination and traits filled in, or -1. */
static __always_inline int parse_ipv4(void **cursor, void *end, struct packet *packet)
{
	struct iphdr *ip = *cursor;
	__u32 header_length, length;
	__u16 fragment;

	if ((void *)(ip + 1) > end)
		return -1;
	header_length = ip->ihl * 4;
	length = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header_length < sizeof(*ip) || length < header_length)
		return -1;
	packet->ip_length = length;
	packet->ttl = ip->ttl;
	packet->traffic_class = ip->tos;
	address_from_ipv4(&packet->key.source, ip->saddr);
	address_from_ipv4(&packet->key.destination, ip->daddr);
	fragment = bpf_ntohs(ip->frag_off);
	if (unlikely(fragment & (IPV4_FRAGMENT_OFFSET | IPV4_MORE_FRAGMENTS))) {
		packet->traits |= fragment & IPV4_FRAGMENT_OFFSET ? PACKET_FRAGMENT_LATER : PACKET_FRAGMENT_FIRST;
		packet->fragment_id = ip->id;
	}
	if (fragment & IPV4_DONT_FRAGMENT)
		packet->traits |= PACKET_DONT_FRAGMENT;
	*cursor = ip + 1;
	if (unlikely(header_length > sizeof(*ip))) {
		packet->traits |= PACKET_OPTIONS;
		*cursor = (void *)ip + header_length;
	}
	return ip->protocol;
}

/* The header behind IPv6's when that is a fragment header; a whole packet in one fragment is none. */
static __always_inline int parse_ipv6_fragment(void **cursor, void *end, struct packet *packet)
{
	struct fragment_header *header = *cursor;
	__u16 offset;

	if ((void *)(header + 1) > end)
		return -1;
	offset = bpf_ntohs(header->offset);
	packet->traits |= PACKET_OPTIONS;
	if (offset & IPV6_FRAGMENT_OFFSET)
		packet->traits |= PACKET_FRAGMENT_LATER;
	else if (offset & IPV6_MORE_FRAGMENTS)
		packet->traits |= PACKET_FRAGMENT_FIRST;
	packet->fragment_id = header->id;
	*cursor = header + 1;
	return header->next_header;
}

/* As parse_ipv4. Of the extension headers only a fragment header right behind is read; others are not ours. */
static __always_inline int parse_ipv6(void **cursor, void *end, struct packet *packet)
{
	struct ipv6hdr *ip = *cursor;

	if ((void *)(ip + 1) > end || ip->version != 6)
		return -1;
	packet->ip_length = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	packet->ttl = ip->hop_limit;
	packet->traffic_class = bpf_ntohs(*(__be16 *)ip) >> 4;
	packet->traits |= PACKET_IPV6;
	address_from_ipv6(&packet->key.source, &ip->saddr);
	address_from_ipv6(&packet->key.destination, &ip->daddr);
	*cursor = ip + 1;
	if (unlikely(ip->nexthdr == IPPROTO_FRAGMENT))
		return parse_ipv6_fragment(cursor, end, packet);
	return ip->nexthdr;
}

/*
 * Whether the headers contradict themselves or the frame, which length bytes follow from the IP header on.
 * Judged only once a packet is known to be for a service: others are for the kernel to judge.
 */
static __always_inline int is_malformed(const struct packet *packet, __u32 length)
{
	__u32 headers = packet->l4_offset - packet->l3_offset;

	if (!(packet->traits & PACKET_FRAGMENT_LATER))
		headers += packet->key.protocol == IPPROTO_TCP ? packet->tcp_data_offset : sizeof(struct udphdr);
	return packet->ip_length > length || packet->ip_length < headers || packet->tcp_data_offset < sizeof(struct tcphdr);
}

/* Ports, and a TCP packet's flags; the cursor stays at the header. 0, or -1. */
static __always_inline int parse_ports(void *cursor, void *end, struct packet *packet)
{
	struct udphdr *udp = cursor;

	if (packet->key.protocol == IPPROTO_TCP) {
		if (cursor + sizeof(struct tcphdr) > end)
			return -1;
		packet->tcp_flags = ((__u8 *)cursor)[TCP_FLAGS_OFFSET];
		packet->tcp_data_offset = (((__u8 *)cursor)[TCP_FLAGS_OFFSET - 1] >> 4) * 4;
	} else {
		if ((void *)(udp + 1) > end)
			return -1;
		packet->tcp_flags = 0;
		packet->tcp_data_offset = sizeof(struct tcphdr);
	}
	packet->key.source_port = udp->source;
	packet->key.destination_port = udp->dest;
	return 0;
}

/* Ethernet with two tags, IPv4 with all options, TCP without any. */
enum { HEADERS_LENGTH_MAX = sizeof(struct ethhdr) + PACKET_VLAN_DEPTH_MAX * sizeof(struct vlan_header) + 60 + sizeof(struct tcphdr) };

/* How far into the frame the headers that are read go, by what can be seen of them. */
static __always_inline __u32 headers_length(void *data, void *end)
{
	struct ethhdr *eth = data;
	struct iphdr *ipv4 = (void *)(eth + 1);
	struct ipv6hdr *ipv6 = (void *)(eth + 1);

	if ((void *)(ipv6 + 1) > end)
		return HEADERS_LENGTH_MAX;
	if (eth->h_proto == bpf_htons(ETH_P_IP) && ipv4->ihl * 4 == sizeof(*ipv4))
		return sizeof(*eth) + sizeof(*ipv4) + (ipv4->protocol == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr));
	if (eth->h_proto == bpf_htons(ETH_P_IPV6) && (ipv6->nexthdr == IPPROTO_TCP || ipv6->nexthdr == IPPROTO_UDP))
		return sizeof(*eth) + sizeof(*ipv6) + (ipv6->nexthdr == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr));
	return HEADERS_LENGTH_MAX;
}

/* Makes length bytes readable in TC, or as many as there are. 0, or negative. */
static __always_inline int skb_pull(struct __sk_buff *skb, __u32 length)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (likely(skb->len <= end - data))
		return 0;
	return bpf_skb_pull_data(skb, skb->len < length ? skb->len : length);
}

/*
 * Makes headers readable that are not in the packet's linear part. No more than that: what a local sender made has its payload
 * beside the headers, and pulling one byte of it copies them. 0, or negative.
 */
static __always_inline int skb_pull_headers(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 length = headers_length(data, end);

	return likely(data + length <= end) ? 0 : skb_pull(skb, length);
}

/*
 * Whether the transport checksum is half done (CHECKSUM_PARTIAL): then the kernel leaves a sum alone that is no pseudo header's. Writes over two
 * bytes at offset, which is even. 0, 1, or negative.
 */
static __always_inline int skb_is_half_summed(struct __sk_buff *skb, __u32 offset)
{
	__u16 sum = 0;

	if (bpf_skb_store_bytes(skb, offset, &sum, sizeof(sum), 0) || bpf_l4_csum_replace(skb, offset, 0, bpf_htons(1), sizeof(sum)) ||
	    bpf_skb_load_bytes(skb, offset, &sum, sizeof(sum)))
		return -1;
	return sum == 0;
}

/*
 * Makes of the packet a frame of length bytes, 20 at least behind the IP header, whose Ethernet header stays, for an answer to be written into with
 * checksums of its own. A sum that a card took over the whole (CHECKSUM_COMPLETE) is forgotten once the packet is cut. Where a card is to finish
 * the checksum the kernel does not let go of the field, which also is how to tell; it does when all before it is taken away. Kernels of before 2025
 * then allow no other length any more, so it is made right before. Those of before 2023 do not let go even so: there is no answer. 0, or -1.
 */
static __always_inline int skb_cut(struct __sk_buff *skb, const struct packet *packet, __u32 length)
{
	__u32 l4_offset = packet->l4_offset & HEADER_OFFSET_MASK;
	__u32 check = packet->key.protocol == IPPROTO_TCP ? offsetof(struct tcphdr, check) : offsetof(struct udphdr, check);
	__u32 taken = l4_offset + sizeof(__be16);

	if (likely(!bpf_skb_change_tail(skb, l4_offset + check, 0)))
		return bpf_skb_change_tail(skb, length, 0) ? -1 : 0;
	if (bpf_skb_change_tail(skb, taken + length, 0) || bpf_skb_adjust_room(skb, -(__s32)taken, BPF_ADJ_ROOM_MAC, 0))
		return -1;
	return skb_is_half_summed(skb, l4_offset) ? -1 : 0;
}

/* The IP length of what leaves: of one segment, where several have been merged. */
static __always_inline __u32 skb_leaving_length(const struct __sk_buff *skb, const struct packet *packet)
{
	__u32 headers = packet->l4_offset - packet->l3_offset;

	if (likely(!skb->gso_size))
		return packet->ip_length;
	headers += packet->key.protocol == IPPROTO_TCP ? packet->tcp_data_offset : sizeof(struct udphdr);
	return headers + skb->gso_size;
}

static __always_inline __u32 skb_segments(const struct __sk_buff *skb)
{
	return skb->gso_segs ? skb->gso_segs : 1;
}

#endif
