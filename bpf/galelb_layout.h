/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the packet programs and user space share: map keys, map values, enums, limits.
 *
 * Every type has fixed-width fields, explicit zeroed padding and an asserted size. User space mirrors
 * them with explicit offsets and proves the mirrors against the BTF of the compiled object.
 *
 * Addresses are 16 bytes in network order; an IPv4 address is mapped (::ffff:a.b.c.d), so one key space
 * serves both families and the family can be read off the address.
 *
 * Times are CLOCK_MONOTONIC in milliseconds, truncated to 32 bits: compare by unsigned subtraction,
 * age = (__u32)(now - then). They wrap after 49 days, far beyond any timeout.
 */
#ifndef GALELB_LAYOUT_H
#define GALELB_LAYOUT_H

#include <linux/types.h>

enum gale_limit {
	GALE_RING_SLOTS = 65537,
	GALE_RINGS_MAX = 1024,
	GALE_NODES_MAX = 16384,
	GALE_SERVICES_MAX = 4096,
	GALE_SOURCES_MAX = 8,
	GALE_PORT_WORDS = 1024, /* 65,536 ports as bits of 64-bit words */
	GALE_FLOW_SLOTS = 31,	/* halves of flows in a set */
	GALE_BLOCKS_MAX = 65536,
	GALE_RING_NONE = 0x7fffffff, /* a service's ring number when it has no node */
	GALE_TRACE_ANY = 0x7ffffffe, /* no service or node in particular */
};

enum gale_forwarding {
	GALE_FORWARD_L4 = 0,
	GALE_FORWARD_L3 = 1,
	GALE_FORWARD_L2 = 2,
};

enum gale_hash {
	GALE_HASH_FIVE_TUPLE = 0,
	GALE_HASH_SOURCE = 1,
};

/* What a client is told when there is no node for it, or its node was given up. */
enum gale_refusal {
	GALE_REFUSE_RESET = 0, /* TCP reset, ICMP port unreachable for UDP */
	GALE_REFUSE_DROP = 1,
};

enum gale_node_flag {
	GALE_NODE_VALID = 1,
	GALE_NODE_REFUSE = 2, /* given up: the next packet of either side is refused */
};

enum gale_next_hop_state {
	GALE_HOP_UNRESOLVED = 0,
	GALE_HOP_RESOLVED = 1,
};

enum gale_config_flag {
	GALE_CONFIG_NO_SOURCE_NAT = 1, /* source_nat = "off": nodes see the client's address */
	GALE_CONFIG_BLOCKS = 2,	       /* blocks is not empty: look there first */
	GALE_CONFIG_DEAD_MAN = 4,      /* dead_man is on: new flows only before the deadline */
	GALE_CONFIG_CLAMP_MSS = 8,     /* L4: both sides announce no larger an MSS than the way to them takes */
};

enum gale_flow_direction {
	GALE_FLOW_FORWARD = 0, /* client to node */
	GALE_FLOW_REVERSE = 1, /* node to client */
};

/*
 * States of a flow; both halves carry the same one. SYN_SENT, SYN_RECEIVED and UDP_ONE_WAY are half-open: such a half may be
 * pushed out by a new one, the others are settled and never are.
 */
enum gale_flow_state {
	GALE_FLOW_NONE = 0,
	GALE_FLOW_SYN_SENT = 1,	    /* client's SYN went to the node */
	GALE_FLOW_SYN_RECEIVED = 2, /* node's SYN/ACK went to the client */
	GALE_FLOW_ESTABLISHED = 3,
	GALE_FLOW_FIN = 4,	 /* one side has sent its FIN */
	GALE_FLOW_TIME_WAIT = 5, /* both have; the source port is quarantined until swept */
	GALE_FLOW_CLOSED = 6,	 /* reset by either; quarantined as well */
	GALE_FLOW_UDP_ONE_WAY = 7,
	GALE_FLOW_UDP = 8, /* the node has answered */
	GALE_FLOW_STATES = 9,
};

/*
 * Why a packet left as it did: the index into stats. Each packet counts exactly one reason; RESET_SENT and
 * UNREACHABLE_SENT are counted besides, when a refusal was answered instead of dropped in silence.
 */
enum gale_reason {
	/* passed to the kernel untouched */
	GALE_PASS_NOT_OURS = 0, /* no service has this address, port and protocol */
	GALE_PASS_CONTROL = 1,	/* a control or protected port */
	GALE_PASS_UNPARSED = 2, /* neither IPv4 nor IPv6, or cut short before its ports */
	GALE_PASS_FRAGMENT = 3, /* a later fragment that belongs to no known service packet */
	/* forwarded */
	GALE_FORWARDED_L4 = 4,
	GALE_FORWARDED_L3 = 5,
	GALE_FORWARDED_L2 = 6,
	GALE_RETURNED_L4 = 7,	 /* node to client, translated back */
	GALE_FORWARDED_ICMP = 8, /* an error about a flow, to its node */
	GALE_RETURNED_ICMP = 9,	 /* an error about a flow, to its client */
	/* answered here */
	GALE_ANSWERED_ECHO = 10,
	GALE_ANSWERED_TOO_BIG = 11,
	/* refused or dropped */
	GALE_DROP_MALFORMED = 12,    /* for a service, with a header that contradicts itself */
	GALE_DROP_FRAGMENT = 13,     /* for a service, and fragments are not forwarded in its mode */
	GALE_DROP_OPTIONS = 14,	     /* for a service, with an IPv4 option that asks for a route of its own */
	GALE_DROP_TTL = 15,	     /* would have expired here */
	GALE_DROP_BLOCKED = 16,	     /* client in blocks */
	GALE_DROP_NO_NODES = 17,     /* service without a ring; on_no_nodes */
	GALE_DROP_NODE_INVALID = 18, /* the ring names a node that nodes does not have; a bug above */
	GALE_DROP_NODE_REFUSED = 19, /* the flow's node was given up; on_node_failure */
	GALE_DROP_NO_FLOW = 20,	     /* TCP, not a SYN, and no flow */
	GALE_DROP_UNRESOLVED = 21,   /* the node's next hop has no neighbour entry here */
	GALE_DROP_TABLE_FULL = 22,   /* no room in flows among those that are settled */
	GALE_DROP_PORTS = 23,	     /* no free source port towards this node */
	GALE_DROP_NO_SOURCE = 24,    /* no source address of the node's family in config */
	GALE_DROP_DEAD_MAN = 25,     /* new flow after the dead-man deadline */
	GALE_DROP_NAT_UNKNOWN = 26,  /* for our source address and port range, and no flow: never passed */
	GALE_DROP_FAMILY = 27,	     /* service and node differ in family where that cannot be translated */
	GALE_DROP_TOO_BIG = 28,	     /* too big for the next hop and no answer possible */
	GALE_DROP_REWRITE = 29,	     /* a helper failed in the middle of a rewrite */
	/* counted besides one of the above */
	GALE_RESET_SENT = 30,
	GALE_UNREACHABLE_SENT = 31,
	GALE_REASONS = 32,
};

struct gale_address {
	__be32 word[4];
};

/* services: HASH. Protocol ICMP (1) or ICMPv6 (58) with port 0: "this address is a service's", for echo. */
struct gale_service_key {
	struct gale_address address;
	__be16 port;
	__u8 protocol;
	__u8 zero;
};

/* Replaced as a whole, so a packet sees the old value or the new one. */
struct gale_service {
	__u32 ring;	     /* number in rings; GALE_RING_NONE: no nodes */
	__u32 previous_ring; /* GALE_RING_NONE, or where flows older than the last change are found */
	__u32 previous_until_ms;
	__u16 service_id;   /* index into service_stats */
	__be16 target_port; /* for nodes whose own port is 0 */
	__u8 forwarding;    /* enum gale_forwarding */
	__u8 hash;	    /* enum gale_hash */
	__u8 zero[2];
};

/*
 * rings: ARRAY_OF_MAPS of ARRAYs with one element, this. A new ring is a new inner map, filled and then
 * put at a number by one update, which for the inner map's lifetime is never written again.
 */
struct gale_ring {
	__u16 node_index[GALE_RING_SLOTS];
};

/* nodes: ARRAY by node index. */
struct gale_node {
	struct gale_address address;
	__u32 generation;
	__be16 port; /* 0: the service's target port */
	__u8 flags;  /* enum gale_node_flag */
	__u8 zero;
};

/* next_hops: ARRAY by node index; this replica's own way to the node. */
struct gale_next_hop {
	__u32 ifindex;
	__u32 mtu; /* of that interface or of the route, IP header included */
	__u8 destination_mac[6];
	__u8 source_mac[6];
	__u8 state;	    /* enum gale_next_hop_state */
	__u8 vlan_count;    /* tags to push when the way leads over a VLAN of ifindex: 0, 1 or 2 */
	__be16 vlan_tci[2]; /* outer first */
	__u8 zero[2];
	struct gale_address source_address; /* NAT source, one of config's list; all zero: any of that list */
};

/* The packet as it arrives on its side. */
struct gale_flow_key {
	struct gale_address source;
	struct gale_address destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 zero[3];
} __attribute__((aligned(8)));

/*
 * One half of a flow: what the packet's addresses and ports become. The other half's key is this value turned
 * around: (destination, source, destination_port, source_port). A half belongs to a pair only if the other
 * half exists and names it back; a pair is swept together, and only when both halves are idle for
 * longer than the state's timeout; a half without its pair goes by its own age.
 */
struct gale_flow {
	struct gale_address source;
	struct gale_address destination;
	__be16 source_port;
	__be16 destination_port;
	__u32 node_generation;
	__u16 node_index;
	__u16 service_id;
	__u32 last_seen_ms; /* by packets of this half's direction; coarse: written at most once a second */
	__u32 created_ms;
	__u8 state;	 /* enum gale_flow_state */
	__u8 direction;	 /* enum gale_flow_direction */
	__u8 fin_client; /* 1 once the client's FIN was seen */
	__u8 fin_node;
	__u32 address_csum_diff; /* ones-complement sum: new addresses less the key's */
	__u32 port_csum_diff;
} __attribute__((aligned(8)));

struct gale_flow_slot {
	struct gale_flow_key key;
	struct gale_flow flow;
	__u32 version; /* odd while key and flow are being replaced, and another one afterwards */
	__u32 zero[5];
};

/*
 * flows: ARRAY of these, a page of memory each. A half is in the set that its key's hash and config's flow_seed and flow_sets name: see
 * galelb_flow_table.h. One line, the tags, tells which slot to look at.
 */
struct gale_flow_set {
	struct gale_flow_slot slot[GALE_FLOW_SLOTS];
	__u16 tag[GALE_FLOW_SLOTS + 1];	 /* of the key's hash; 0: the slot is free. There is no slot for the last */
	__u16 rank[GALE_FLOW_SLOTS + 1]; /* 0: settled; else 0x8000 and when last seen, in units of 32 ms: the oldest gives way */
};

/* sweep: ARRAY of one. User space sets it to zero, and has gale_sweep run until next is past the last slot. */
struct gale_sweep {
	__u64 next;  /* 32 times the set, and the slot */
	__u64 flows; /* pairs and halves without one that stay: settled, */
	__u64 half_open;
	__u64 expired; /* pairs that went */
	__u64 orphans; /* halves that went by themselves */
};

/* control_ports: ARRAY of one. Bit (port & 63) of word (port >> 6), port in host order. */
struct gale_control_ports {
	__u64 tcp[GALE_PORT_WORDS];
	__u64 udp[GALE_PORT_WORDS];
};

/* blocks: LPM_TRIE; IPv4 prefixes are 96 longer. An entry blocks; its value, __u32, is its place in block_stats. */
struct gale_block_key {
	__u32 prefix_length;
	struct gale_address address;
};

/* dead_man: ARRAY of one __u64, CLOCK_MONOTONIC in ns: new flows are refused after it (GALE_CONFIG_DEAD_MAN). */

/* config: ARRAY of one: what may change at run time. */
struct gale_config {
	__u32 flags; /* enum gale_config_flag */
	__u32 hash_seed;
	__u32 public_ifindex;
	__u32 private_ifindex;
	__u16 port_first; /* NAT source ports, inclusive, host order */
	__u16 port_last;
	__u8 on_node_failure; /* enum gale_refusal */
	__u8 on_no_nodes;     /* enum gale_refusal */
	__u8 on_no_flow;      /* enum gale_refusal: TCP that belongs to no flow */
	__u8 source_v4_count;
	__u8 source_v6_count;
	__u8 tunnel_bits_v4; /* L3: this many low bits of the tunnel source vary by flow, so receivers spread load */
	__u8 tunnel_bits_v6;
	__u8 zero;
	__u32 public_mtu;		    /* of the public interface: larger replies of a node are answered by a too-big error */
	__u32 timeout_ms[GALE_FLOW_STATES]; /* by enum gale_flow_state; element 0 unused */
	__u32 flow_sets;		    /* entries of flows; with flow_seed what finds a flow, so neither changes while there are any */
	__u32 flow_seed;
	struct gale_address source_v4[GALE_SOURCES_MAX]; /* mapped, as everywhere */
	struct gale_address source_v6[GALE_SOURCES_MAX];
	struct gale_address tunnel_source_v4; /* L3: outer source address, mapped */
	struct gale_address tunnel_source_v6;
};

/* stats: PERCPU_ARRAY by enum gale_reason; block_stats: by the place that an entry of blocks names. */
struct gale_counter {
	__u64 packets;
	__u64 bytes;
};

/* node_stats: PERCPU_ARRAY by node index; service_stats: by service id. Bytes are of the IP packet. */
struct gale_traffic {
	__u64 connections;
	__u64 packets_to_node;
	__u64 bytes_to_node;
	__u64 packets_from_node;
	__u64 bytes_from_node;
	__u64 refused; /* new flows that were not taken */
};

/* source_cursors: ARRAY of __u32 by node index, programs' own: where the search for a source port goes on. */

enum gale_trace_side {
	GALE_TRACE_PUBLIC = 0,
	GALE_TRACE_PRIVATE = 1,
};

/* Of galetrace alone. trace_filter: ARRAY of 1. Which packets are told of: those that have all of this. */
struct gale_trace_filter {
	__u64 reasons;		     /* bits by enum gale_reason: its reason or its answer is among them */
	struct gale_address address; /* one of its four addresses, as it came or left, is in this range; mapped, as everywhere */
	struct gale_address mask;
	__u32 service_id; /* or GALE_TRACE_ANY */
	__u32 node_index; /* or GALE_TRACE_ANY */
	__u32 one_in;	  /* of those, each CPU tells of one in so many */
	__be16 port;	  /* one of its four ports; 0: any */
	__u8 protocol;	  /* 0: any */
	__u8 zero;
};

/* traces: RINGBUF of these, by packet. */
struct gale_trace {
	__u64 at_ns;		   /* CLOCK_MONOTONIC */
	struct gale_flow_key came; /* as it was when it came; of what carries no ports those are 0 */
	struct gale_flow_key left; /* of what is sent, the outer packet of an encapsulated one; zero of what is not */
	__u32 length;		   /* of the IP packet that came */
	__u32 ifindex;
	__u32 service_id; /* GALE_TRACE_ANY: none was found */
	__u32 node_index; /* GALE_TRACE_ANY: none was looked at */
	__u32 verdict;	  /* XDP_* on the public side, TC_ACT_* on the private one */
	__u8 side;	  /* enum gale_trace_side */
	__u8 reason;	  /* enum gale_reason */
	__u8 answer;	  /* enum gale_reason, counted besides; GALE_REASONS: none */
	__u8 tcp_flags;
};

/* trace_scratch: PERCPU_ARRAY of 1, the programs' own but for what is read of it. */
struct gale_trace_scratch {
	struct gale_trace packet; /* the last one, told or not */
	__u64 matched;
	__u64 lost; /* not told: traces was full */
};

/* Set once, between open and load, as the whole of section .rodata.options. */
struct gale_options {
	__u32 explain;	    /* galetrace only. 1: write no map but trace_scratch, where the answer is */
	__u32 coarse_clock; /* 1: the kernel has bpf_ktime_get_coarse_ns (5.11), which reads no hardware */
};

#define GALE_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
GALE_ASSERT_SIZE(gale_address, 16);
GALE_ASSERT_SIZE(gale_service_key, 20);
GALE_ASSERT_SIZE(gale_service, 20);
GALE_ASSERT_SIZE(gale_ring, 131074);
GALE_ASSERT_SIZE(gale_node, 24);
GALE_ASSERT_SIZE(gale_next_hop, 44);
GALE_ASSERT_SIZE(gale_flow_key, 40);
GALE_ASSERT_SIZE(gale_flow, 64);
GALE_ASSERT_SIZE(gale_flow_slot, 128);
GALE_ASSERT_SIZE(gale_flow_set, 4096);
GALE_ASSERT_SIZE(gale_sweep, 40);
GALE_ASSERT_SIZE(gale_control_ports, 16384);
GALE_ASSERT_SIZE(gale_block_key, 20);
GALE_ASSERT_SIZE(gale_config, 364);
GALE_ASSERT_SIZE(gale_counter, 16);
GALE_ASSERT_SIZE(gale_traffic, 48);
GALE_ASSERT_SIZE(gale_trace_filter, 56);
GALE_ASSERT_SIZE(gale_trace, 112);
GALE_ASSERT_SIZE(gale_trace_scratch, 128);
GALE_ASSERT_SIZE(gale_options, 8);
#undef GALE_ASSERT_SIZE

#endif
