/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The maps. User space sets the size of flows before load. */
#ifndef GALELB_MAPS_H
#define GALELB_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "galelb_layout.h"

/* Not preallocated: a replaced element lives on until its readers are done, so none reads a mixture. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GALE_SERVICES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct gale_service_key);
	__type(value, struct gale_service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, GALE_RINGS_MAX);
	__type(key, __u32);
	/* The shape of a ring; user space creates the maps themselves. */
	__array(
	    values, struct {
		    __uint(type, BPF_MAP_TYPE_ARRAY);
		    __uint(max_entries, 1);
		    __uint(map_flags, BPF_F_MMAPABLE);
		    __uint(key_size, sizeof(__u32));
		    __uint(value_size, sizeof(struct gale_ring));
	    });
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GALE_NODES_MAX);
	__type(key, __u32);
	__type(value, struct gale_node);
} nodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GALE_NODES_MAX);
	__type(key, __u32);
	__type(value, struct gale_next_hop);
} next_hops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct gale_flow_set);
} flows SEC(".maps");

/* Each for many sets: a lock may not be in memory that user space maps. One to a cache line. */
enum { FLOW_LOCKS = 1024 };

struct flow_lock {
	struct bpf_spin_lock lock;
	__u32 zero[15];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOW_LOCKS);
	__type(key, __u32);
	__type(value, struct flow_lock);
} flow_locks SEC(".maps");

/*
 * What the functions that look into flows and write there are given, and give back. They are global functions, which the verifier goes
 * through once and not on each of the many ways that lead to them, and which before 5.13 take no pointers. The programs' own.
 */
struct flow_order {
	struct gale_flow_key key;
	struct gale_flow_key other_key;
	struct gale_flow flow; /* to be inserted */
	struct gale_flow found;
};

/* User space runs gale_sweep, and a packet may come in the middle of it. */
enum flow_order_place {
	FLOW_ORDER_PACKET = 0,
	FLOW_ORDER_SWEEP = 1,
	FLOW_ORDERS = 2,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FLOW_ORDERS);
	__type(key, __u32);
	__type(value, struct flow_order);
} flow_orders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gale_sweep);
} sweep SEC(".maps");

struct fragment_key {
	struct gale_address source;
	struct gale_address destination;
	__be32 id; /* IPv4: in the first two bytes */
	__u8 protocol;
	__u8 zero[3];
};

struct fragment {
	__be16 source_port;
	__be16 destination_port;
	__u32 new_id;
};

/* Datagrams of which later fragments may come; and the ids handed out, by CPU. The programs' own. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct fragment_key);
	__type(value, struct fragment);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} fragment_ids SEC(".maps");

/* L2 and L3: flows opened since the ring last changed, the node each was given. The programs' own. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct gale_flow_key);
	__type(value, __u32);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GALE_NODES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} source_cursors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gale_control_ports);
} control_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, GALE_BLOCKS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct gale_block_key);
	__type(value, __u32);
} blocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GALE_BLOCKS_MAX);
	__type(key, __u32);
	__type(value, struct gale_counter);
} block_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dead_man SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gale_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GALE_REASONS);
	__type(key, __u32);
	__type(value, struct gale_counter);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GALE_NODES_MAX);
	__type(key, __u32);
	__type(value, struct gale_traffic);
} node_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GALE_SERVICES_MAX);
	__type(key, __u32);
	__type(value, struct gale_traffic);
} service_stats SEC(".maps");

#ifdef GALE_TRACED
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gale_trace_filter);
} trace_filter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gale_trace_scratch);
} trace_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} traces SEC(".maps");

#endif

#endif
