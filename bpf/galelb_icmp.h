/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP and ICMPv6. An error quotes the packet it is about: at least its IP header and eight bytes (RFC 792,
 * RFC 4443), which is enough to find the flow. The quote is translated like the packet was, backwards.
 */
#ifndef GALELB_ICMP_H
#define GALELB_ICMP_H

#include "galelb_csum.h"
#include "galelb_packet.h"

struct icmp_header {
	__u8 type;
	__u8 code;
	__sum16 check;
	__be32 rest;
};

enum icmp_type {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_ECHO_REQUEST = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_PARAMETER = 4,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
};

enum {
	ICMP_CODE_PORT_UNREACHABLE = 3,
	ICMP_CODE_FRAGMENTATION_NEEDED = 4,
	ICMPV6_CODE_PORT_UNREACHABLE = 4,
	QUOTE_TRANSPORT_LENGTH = 8,
	ICMP_PULL_LENGTH = 192, /* Ethernet, IPv6, ICMPv6, and a quote with its TCP checksum */
};

static __always_inline int icmp_is_error(const struct packet *packet, __u8 type)
{
	if (packet->traits & PACKET_IPV6)
		return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER;
	return type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER;
}

static __always_inline int icmp_is_echo_request(const struct packet *packet, __u8 type)
{
	return type == (packet->traits & PACKET_IPV6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST);
}

/* Whether the ICMP header belongs to the packet: a frame may go on behind what its IP header counts. */
static __always_inline int icmp_is_whole(const struct packet *packet)
{
	return packet->ip_length >= packet->l4_offset - packet->l3_offset + sizeof(struct icmp_header);
}

/*
 * The packet that an error quotes. Its key is turned around: as a packet of the side that the error came to would
 * have it, so that it leads to the same half as that side's packets do. Its ip_length is how much is quoted; what
 * follows in the frame is no part of it, nor of what the error's checksum covers. 0, or -1.
 */
static __always_inline int parse_quote(void *data, void *end, const struct packet *error, struct packet *quoted)
{
	__u32 offset = error->l4_offset + sizeof(struct icmp_header);
	void *l3 = data + (offset & HEADER_OFFSET_MASK);
	struct udphdr *ports;

	quoted->l3_offset = offset;
	quoted->ip_length = error->l3_offset + error->ip_length - offset;
	if (quoted->traits & PACKET_IPV6) {
		struct ipv6hdr *ip = l3;

		if ((void *)(ip + 1) > end || ip->version != 6)
			return -1;
		address_from_ipv6(&quoted->key.source, &ip->daddr);
		address_from_ipv6(&quoted->key.destination, &ip->saddr);
		quoted->key.protocol = ip->nexthdr;
		quoted->l4_offset = offset + sizeof(*ip);
	} else {
		struct iphdr *ip = l3;

		if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5 || ip->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
			return -1;
		address_from_ipv4(&quoted->key.source, ip->daddr);
		address_from_ipv4(&quoted->key.destination, ip->saddr);
		quoted->key.protocol = ip->protocol;
		quoted->l4_offset = offset + ip->ihl * 4;
	}
	if (quoted->key.protocol != IPPROTO_TCP && quoted->key.protocol != IPPROTO_UDP)
		return -1;
	ports = data + (quoted->l4_offset & HEADER_OFFSET_MASK);
	if ((void *)ports + QUOTE_TRANSPORT_LENGTH > end || quoted->l4_offset - offset + QUOTE_TRANSPORT_LENGTH > quoted->ip_length)
		return -1;
	quoted->key.source_port = ports->dest;
	quoted->key.destination_port = ports->source;
	quoted->key.zero[0] = 0;
	quoted->key.zero[1] = 0;
	quoted->key.zero[2] = 0;
	quoted->tcp_flags = 0;
	return 0;
}

/* Subtracts in ones complement. */
static __always_inline __u64 csum_negative(__u64 diff)
{
	return (__u16)~csum_fold(diff);
}

/* A transport checksum at place in the transport header, if the quote reaches that far; by how much it changed. */
static __always_inline __u64 translate_quoted_check(void *transport, void *end, const struct packet *quoted, __u32 place, __u64 diff)
{
	__sum16 *field = transport + place;

	if ((void *)(field + 1) > end || quoted->l4_offset - quoted->l3_offset + place + sizeof(*field) > quoted->ip_length)
		return 0;
	*field = csum_update(*field, diff);
	return csum_negative(diff);
}

/*
 * Makes the quote what the receiver of the error had sent. flow is the half that the quote's key led to. The
 * change of everything that the ICMP checksum covers is added to *diff. 0, or -1.
 */
static __always_inline int translate_quote(void *data, void *end, const struct packet *quoted, const struct gale_flow *flow, __u64 *diff)
{
	void *l3 = data + (quoted->l3_offset & HEADER_OFFSET_MASK);
	struct udphdr *ports = data + (quoted->l4_offset & HEADER_OFFSET_MASK);
	__u64 transport_diff = (__u64)flow->address_csum_diff + flow->port_csum_diff;

	if ((void *)(ports + 1) > end)
		return -1;
	if (quoted->traits & PACKET_IPV6) {
		struct ipv6hdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return -1;
		__builtin_memcpy(&ip->saddr, &flow->destination, 16);
		__builtin_memcpy(&ip->daddr, &flow->source, 16);
		*diff += flow->address_csum_diff;
	} else {
		struct iphdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return -1;
		/* The header's own checksum moves against its addresses: nothing for the ICMP checksum. */
		ip->saddr = flow->destination.word[3];
		ip->daddr = flow->source.word[3];
		ip->check = csum_update(ip->check, flow->address_csum_diff);
	}
	ports->source = flow->destination_port;
	ports->dest = flow->source_port;
	*diff += flow->port_csum_diff;
	if (quoted->key.protocol == IPPROTO_TCP)
		*diff += translate_quoted_check(ports, end, quoted, offsetof(struct tcphdr, check), transport_diff);
	else if (ports->check)
		*diff += translate_quoted_check(ports, end, quoted, offsetof(struct udphdr, check), transport_diff);
	return 0;
}

/* The error's own header: from the replica's translated address to the side that must hear of it. 0, or -1. */
static __always_inline int translate_error(void *data, void *end, const struct packet *packet, const struct gale_flow *flow, __u64 diff)
{
	void *l3 = data + (packet->l3_offset & HEADER_OFFSET_MASK);
	struct icmp_header *icmp = data + (packet->l4_offset & HEADER_OFFSET_MASK);
	__s64 addresses;

	if ((void *)(icmp + 1) > end)
		return -1;
	if (packet->traits & PACKET_IPV6) {
		struct ipv6hdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return -1;
		/* ICMPv6 sums a pseudo header, ICMP does not. */
		addresses = bpf_csum_diff((__be32 *)&packet->key.source, 32, (__be32 *)&flow->source, 32, 0);
		__builtin_memcpy(&ip->saddr, &flow->source, 16);
		__builtin_memcpy(&ip->daddr, &flow->destination, 16);
		ip->hop_limit--;
		diff += (__u32)addresses;
	} else {
		struct iphdr *ip = l3;

		if ((void *)(ip + 1) > end)
			return -1;
		addresses = bpf_csum_diff((__be32 *)&packet->key.source, 32, (__be32 *)&flow->source, 32, 0);
		ip->saddr = flow->source.word[3];
		ip->daddr = flow->destination.word[3];
		ip->ttl--;
		ip->check = csum_update(ip->check, (__u32)addresses + csum_ttl_diff());
	}
	icmp->check = csum_update(icmp->check, diff);
	return 0;
}

#endif
