/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which packets are ours to balance. */
#ifndef GALELB_SERVICE_H
#define GALELB_SERVICE_H

#include "galelb_maps.h"
#include "galelb_packet.h"
#include "galelb_trace.h"

static __always_inline int is_control_port(__u8 protocol, __be16 port)
{
	struct gale_control_ports *ports;
	__u32 number = bpf_ntohs(port), zero = 0;
	__u64 word;

	ports = bpf_map_lookup_elem(&control_ports, &zero);
	if (!ports)
		return 0;
	word = protocol == IPPROTO_TCP ? ports->tcp[number >> 6] : ports->udp[number >> 6];
	return (word >> (number & 63)) & 1;
}

static __always_inline struct gale_service *service_lookup(const struct gale_flow_key *packet)
{
	struct gale_service *service;
	struct gale_service_key key;

	key.address = packet->destination;
	key.port = packet->destination_port;
	key.protocol = packet->protocol;
	key.zero = 0;
	service = bpf_map_lookup_elem(&services, &key);
	if (likely(service))
		trace_service(service->service_id);
	return service;
}

/* Marks a packet of a blocked client. It is dropped only if it is for a service: the host's other traffic goes on. */
static __always_inline void mark_blocked(struct packet *packet)
{
	struct gale_block_key key;
	__u32 *place;

	key.prefix_length = 128;
	key.address = packet->key.source;
	place = bpf_map_lookup_elem(&blocks, &key);
	if (!place)
		return;
	packet->traits |= PACKET_BLOCKED;
	packet->block = *place;
}

#endif
