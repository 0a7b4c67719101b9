/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a packet to a node. The slot depends on the packet's addresses and ports and the cluster's seed alone,
 * so that every replica chooses the same node for the same flow.
 */
#ifndef GALELB_RING_H
#define GALELB_RING_H

#include "galelb_maps.h"
#include "galelb_packet.h"

/* Multiplying by an odd constant carries every bit upward; the shift brings the high half down again. */
static __always_inline __u64 hash_word(__u64 h, __u64 word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15;
	return h ^ (h >> 32);
}

static __always_inline __u64 hash_address(__u64 h, const struct gale_address *address)
{
	h = hash_word(h, (__u64)bpf_ntohl(address->word[0]) << 32 | bpf_ntohl(address->word[1]));
	return hash_word(h, (__u64)bpf_ntohl(address->word[2]) << 32 | bpf_ntohl(address->word[3]));
}

/* Words are taken in host order of their network value: the same on every architecture. */
static __always_inline __u32 hash_flow(const struct gale_flow_key *key, __u8 policy, __u32 seed)
{
	__u64 h = hash_address(seed, &key->source);

	if (policy == GALE_HASH_FIVE_TUPLE) {
		h = hash_address(h, &key->destination);
		h = hash_word(h, (__u64)key->protocol << 32 | (__u32)bpf_ntohs(key->source_port) << 16 | bpf_ntohs(key->destination_port));
	}
	h = hash_word(h, 0);
	return (__u32)(h >> 32);
}

/* Scales 32 bits to the ring's length by multiplication: even to one part in 65,536, and no division. */
static __always_inline __u32 ring_slot(__u32 hash)
{
	return (__u32)(((__u64)hash * GALE_RING_SLOTS) >> 32);
}

/* The node's index, or -1 when there is no such ring. */
static __always_inline int ring_lookup(__u32 ring_number, __u32 slot)
{
	struct gale_ring *ring;
	__u32 zero = 0;
	void *map;

	map = bpf_map_lookup_elem(&rings, &ring_number);
	if (!map)
		return -1;
	ring = bpf_map_lookup_elem(map, &zero);
	/* The compiler knows that slot is in range and would drop the check that the verifier asks for. */
	asm volatile("" : "+r"(slot));
	if (!ring || slot >= GALE_RING_SLOTS)
		return -1;
	return ring->node_index[slot];
}

#endif
