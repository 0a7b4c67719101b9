/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Headers of packets that the programs themselves originate: from the packet's destination to its source. */
#ifndef GALELB_REPLY_H
#define GALELB_REPLY_H

#include "galelb_csum.h"
#include "galelb_packet.h"

enum { REPLY_TTL = 64 };

static __always_inline void mac_swap(struct ethhdr *eth)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
}

static __always_inline void reply_write_ipv4(const struct packet *packet, struct iphdr *ip, __u16 length, __u8 protocol)
{
	__builtin_memset(ip, 0, sizeof(*ip));
	*(__u8 *)ip = 0x45;
	ip->tot_len = bpf_htons(length);
	ip->frag_off = bpf_htons(IPV4_DONT_FRAGMENT);
	ip->ttl = REPLY_TTL;
	ip->protocol = protocol;
	ip->saddr = packet->key.destination.word[3];
	ip->daddr = packet->key.source.word[3];
	ip->check = ~csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof(*ip), 0));
}

static __always_inline void reply_write_ipv6(const struct packet *packet, struct ipv6hdr *ip, __u16 payload_length, __u8 protocol)
{
	__builtin_memset(ip, 0, sizeof(*ip));
	*(__u8 *)ip = 0x60;
	ip->payload_len = bpf_htons(payload_length);
	ip->nexthdr = protocol;
	ip->hop_limit = REPLY_TTL;
	__builtin_memcpy(&ip->saddr, &packet->key.destination, 16);
	__builtin_memcpy(&ip->daddr, &packet->key.source, 16);
}

#endif
