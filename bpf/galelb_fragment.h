/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fragments. The first carries the ports; they are remembered by (source, destination, id, protocol), and later
 * fragments follow it. One that overtakes its first is passed as not ours. Behind NAT all clients look like one
 * sender, so a datagram in fragments is given an id of the replica's own.
 */
#ifndef GALELB_FRAGMENT_H
#define GALELB_FRAGMENT_H

#include "galelb_csum.h"
#include "galelb_maps.h"
#include "galelb_packet.h"
#include "galelb_trace.h"

extern const volatile struct gale_options options;

enum { FRAGMENT_ID_CPUS = 32 }; /* the id's low bits are the CPU's, so that CPUs do not hand out the same */

static __always_inline void fragment_key(const struct packet *packet, struct fragment_key *key)
{
	key->source = packet->key.source;
	key->destination = packet->key.destination;
	key->id = packet->fragment_id;
	key->protocol = packet->key.protocol;
	key->zero[0] = 0;
	key->zero[1] = 0;
	key->zero[2] = 0;
}

static __always_inline __u32 fragment_new_id(void)
{
	__u32 zero = 0;
	__u32 *counter = bpf_map_lookup_elem(&fragment_ids, &zero);

	if (!counter || is_explaining())
		return 0;
	*counter += 1;
	return *counter * FRAGMENT_ID_CPUS + bpf_get_smp_processor_id() % FRAGMENT_ID_CPUS;
}

/* A first fragment, its ports parsed. */
static __noinline int fragment_remember(struct packet *packet)
{
	struct fragment_key key;
	struct fragment value;

	if (!packet)
		return -1;
	packet->fragment_new_id = fragment_new_id();
	fragment_key(packet, &key);
	value.source_port = packet->key.source_port;
	value.destination_port = packet->key.destination_port;
	value.new_id = packet->fragment_new_id;
	if (is_explaining())
		return 0;
	return bpf_map_update_elem(&fragments, &key, &value, BPF_ANY);
}

/* Gives a later fragment the ports of its first. 0, or -1 when that is not known. */
static __noinline int fragment_recall(struct packet *packet)
{
	struct fragment_key key;
	struct fragment *value;

	if (!packet)
		return -1;
	fragment_key(packet, &key);
	value = bpf_map_lookup_elem(&fragments, &key);
	if (!value)
		return -1;
	packet->key.source_port = value->source_port;
	packet->key.destination_port = value->destination_port;
	packet->fragment_new_id = value->new_id;
	packet->tcp_flags = TCP_ACK;
	packet->tcp_data_offset = sizeof(struct tcphdr);
	return 0;
}

/* What the replica's own id adds to a sum over an IPv6 packet. */
static __always_inline __wsum fragment_id_diff(const struct packet *packet)
{
	__be32 old = packet->fragment_id, new = bpf_htonl(packet->fragment_new_id);

	return bpf_csum_diff(&old, sizeof(old), &new, sizeof(new), 0);
}

/* The replica's own id in place of the sender's. 0, or -1. */
static __always_inline int fragment_rewrite_id(void *l3, void *end, const struct packet *packet)
{
	if (packet->traits & PACKET_IPV6) {
		struct fragment_header *header = l3 + sizeof(struct ipv6hdr);

		if ((void *)(header + 1) > end)
			return -1;
		header->id = bpf_htonl(packet->fragment_new_id);
	} else {
		struct iphdr *ip = l3;
		__be16 id = bpf_htons(packet->fragment_new_id);

		if ((void *)(ip + 1) > end)
			return -1;
		ip->check = csum_update(ip->check, (__u64)id + (__u16)~ip->id);
		ip->id = id;
	}
	return 0;
}

#endif
