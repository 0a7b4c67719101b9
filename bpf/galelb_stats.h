/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Counting. A packet's way ends in count_reason, once. */
#ifndef GALELB_STATS_H
#define GALELB_STATS_H

#include "galelb_maps.h"
#include "galelb_packet.h"
#include "galelb_trace.h"

static __always_inline void count_reason(__u32 reason, __u64 bytes)
{
	struct gale_counter *counter;

	trace_reason(reason);
	if (is_explaining())
		return;
	counter = bpf_map_lookup_elem(&stats, &reason);
	if (likely(counter)) {
		counter->packets++;
		counter->bytes += bytes;
	}
}

/* A blocked client's packet for a service: by its range, besides its reason. */
static __always_inline void count_blocked(__u32 place, __u64 bytes)
{
	struct gale_counter *counter;

	count_reason(GALE_DROP_BLOCKED, bytes);
	if (is_explaining())
		return;
	counter = bpf_map_lookup_elem(&block_stats, &place);
	if (likely(counter)) {
		counter->packets++;
		counter->bytes += bytes;
	}
}

static __always_inline struct gale_traffic *traffic_of_node(__u32 node_index)
{
	return is_explaining() ? NULL : bpf_map_lookup_elem(&node_stats, &node_index);
}

static __always_inline struct gale_traffic *traffic_of_service(__u32 service_id)
{
	trace_service(service_id);
	return is_explaining() ? NULL : bpf_map_lookup_elem(&service_stats, &service_id);
}

static __always_inline void count_to_node(__u32 service_id, __u32 node_index, __u64 packets, __u64 bytes)
{
	struct gale_traffic *node = traffic_of_node(node_index);
	struct gale_traffic *service = traffic_of_service(service_id);

	if (likely(node)) {
		node->packets_to_node += packets;
		node->bytes_to_node += bytes;
	}
	if (likely(service)) {
		service->packets_to_node += packets;
		service->bytes_to_node += bytes;
	}
}

static __always_inline void count_from_node(__u32 service_id, __u32 node_index, __u64 packets, __u64 bytes)
{
	struct gale_traffic *node = traffic_of_node(node_index);
	struct gale_traffic *service = traffic_of_service(service_id);

	if (likely(node)) {
		node->packets_from_node += packets;
		node->bytes_from_node += bytes;
	}
	if (likely(service)) {
		service->packets_from_node += packets;
		service->bytes_from_node += bytes;
	}
}

static __always_inline void count_connection(__u32 service_id, __u32 node_index)
{
	struct gale_traffic *node = traffic_of_node(node_index);
	struct gale_traffic *service = traffic_of_service(service_id);

	if (likely(node))
		node->connections++;
	if (likely(service))
		service->connections++;
}

/* A new flow that was not taken. */
static __always_inline void count_refused(__u32 service_id)
{
	struct gale_traffic *service = traffic_of_service(service_id);

	if (likely(service))
		service->refused++;
}

#endif
