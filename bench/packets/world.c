// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The real object and maps as gale-lb fills them: default sizes, services of each mode, a ring over three nodes. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "measure.h"

enum {
	FLOW_SETS = 33826, /* as gale-lb chooses for the defaults of [data_plane] established_flows and half_open_flows */
	NODES = 3,
	IPV6_NODES_FIRST = 100,
	LOOPBACK = 1, /* a redirect is not carried out in a test-run */
	HOUR_MS = 3600 * 1000,
	MTU = 1500,
};

static int map_of(struct bpf_object *object, const char *name)
{
	int map = bpf_object__find_map_fd_by_name(object, name);

	if (map < 0)
		fail("the object has no map %s", name);
	return map;
}

static void put(int map, const void *key, const void *value, const char *what)
{
	if (bpf_map_update_elem(map, key, value, BPF_ANY))
		fail("write %s", what);
}

static struct gale_address node_address(int node, int ipv6)
{
	struct gale_address address = {};
	uint8_t *bytes = (uint8_t *)&address;

	if (ipv6) {
		inet_pton(AF_INET6, "fd02::11", bytes);
		bytes[15] += node;
	} else {
		bytes[10] = bytes[11] = 0xff;
		inet_pton(AF_INET, "10.2.0.11", bytes + 12);
		bytes[15] += node;
	}
	return address;
}

static void fill_config(struct bpf_object *object)
{
	struct gale_config config = {
		.hash_seed = 7,
		.public_ifindex = LOOPBACK,
		.private_ifindex = LOOPBACK,
		.port_first = 1024,
		.port_last = 65535,
		.source_v4_count = 2,
		.source_v6_count = 2,
		.public_mtu = MTU,
		.flow_sets = FLOW_SETS,
		.flow_seed = 0x9b1c5e27,
	};
	struct gale_control_ports *ports = calloc(1, sizeof(*ports));
	uint32_t zero = 0;

	for (int state = 1; state < GALE_FLOW_STATES; state++)
		config.timeout_ms[state] = HOUR_MS;
	config.source_v4[0] = config.tunnel_source_v4 = node_address(-10, 0);
	config.source_v6[0] = config.tunnel_source_v6 = node_address(-10, 1);
	config.source_v4[1] = node_address(-9, 0);
	config.source_v6[1] = node_address(-9, 1);
	put(map_of(object, "config"), &zero, &config, "config");
	if (!ports)
		fail("memory");
	ports->tcp[0] = ports->udp[0] = 1ull << 22;
	put(map_of(object, "control_ports"), &zero, ports, "control_ports");
	free(ports);
}

static void fill_nodes(struct bpf_object *object, int ipv6)
{
	struct gale_ring *ring = calloc(1, sizeof(*ring));
	uint32_t number = ipv6, zero = 0;
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int inner;

	for (uint32_t node = 0; node < NODES; node++) {
		uint32_t index = node + (ipv6 ? IPV6_NODES_FIRST : 0);
		struct gale_node entry = { .address = node_address(node, ipv6), .generation = 1, .flags = GALE_NODE_VALID };
		struct gale_next_hop hop = {
			.ifindex = LOOPBACK,
			.mtu = MTU,
			.state = GALE_HOP_RESOLVED,
			.destination_mac = { 2, 0, 0, 0, ipv6, node },
			.source_mac = { 2, 0, 0, 0, 0, 0xf2 },
		};

		put(map_of(object, "nodes"), &index, &entry, "nodes");
		put(map_of(object, "next_hops"), &index, &hop, "next_hops");
	}
	if (!ring)
		fail("memory");
	for (int slot = 0; slot < GALE_RING_SLOTS; slot++)
		ring->node_index[slot] = slot % NODES + (ipv6 ? IPV6_NODES_FIRST : 0);
	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "ring", sizeof(uint32_t), sizeof(*ring), 1, &options);
	if (inner < 0)
		fail("create a ring");
	put(inner, &zero, ring, "a ring");
	put(map_of(object, "rings"), &number, &inner, "rings");
	free(ring);
}

static void fill_services(struct bpf_object *object, int ipv6)
{
	static const struct {
		enum target target;
		enum gale_forwarding forwarding;
	} modes[] = {
		{ TO_L4, GALE_FORWARD_L4 },
		{ TO_L3, GALE_FORWARD_L3 },
		{ TO_L2, GALE_FORWARD_L2 },
	};
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

	for (unsigned mode = 0; mode < 3; mode++)
		for (unsigned protocol = 0; protocol < 2; protocol++) {
			struct gale_service_key key = {
				.address = service_address(modes[mode].target, ipv6),
				.port = htons(80),
				.protocol = protocols[protocol],
			};
			struct gale_service service = {
				.ring = ipv6,
				.previous_ring = GALE_RING_NONE,
				.service_id = mode * 4 + protocol * 2 + ipv6,
				.target_port = htons(8080),
				.forwarding = modes[mode].forwarding,
			};

			put(map_of(object, "services"), &key, &service, "services");
		}
}

/* As gale-lb does on a kernel that has the coarse clock. An object from before that option keeps its zeroes. */
static void set_options(struct bpf_object *object)
{
	struct gale_options options = { .coarse_clock = 1 };
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, object)
		if (strstr(bpf_map__name(map), ".rodata.options")) {
			bpf_map__initial_value(map, &size);
			if (size == sizeof(options) && bpf_map__set_initial_value(map, &options, size))
				fail("set the options");
		}
}

void open_world(struct world *world, const char *path)
{
	struct bpf_program *program;

	world->object = bpf_object__open(path);
	if (!world->object)
		fail("open %s", path);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(world->object, "flows"), FLOW_SETS);
	set_options(world->object);
	bpf_object__for_each_program(program, world->object)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), "gale_xdp_public"));
	if (bpf_object__load(world->object))
		fail("load %s", path);
	world->public_program = bpf_program__fd(bpf_object__find_program_by_name(world->object, "gale_xdp_public"));
	world->stats = map_of(world->object, "stats");
	world->flows =
	    mmap(NULL, FLOW_SETS * sizeof(struct gale_flow_set), PROT_READ | PROT_WRITE, MAP_SHARED, map_of(world->object, "flows"), 0);
	if (world->flows == MAP_FAILED)
		fail("map flows");
	fill_config(world->object);
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		fill_nodes(world->object, ipv6);
		fill_services(world->object, ipv6);
	}
}

uint64_t read_reason(const struct world *world, enum gale_reason reason)
{
	int cpus = libbpf_num_possible_cpus();
	struct gale_counter counters[cpus];
	uint32_t key = reason;
	uint64_t packets = 0;

	if (bpf_map_lookup_elem(world->stats, &key, counters))
		fail("read stats");
	for (int cpu = 0; cpu < cpus; cpu++)
		packets += counters[cpu].packets;
	return packets;
}

static void end_half_open(const struct world *world, int established)
{
	for (unsigned number = 0; number < FLOW_SETS; number++) {
		struct gale_flow_set *set = &world->flows[number];

		for (int index = 0; index < GALE_FLOW_SLOTS; index++) {
			if (!set->tag[index] || !set->rank[index])
				continue;
			if (established) {
				set->slot[index].flow.state =
				    set->slot[index].key.protocol == IPPROTO_TCP ? GALE_FLOW_ESTABLISHED : GALE_FLOW_UDP;
				set->rank[index] = 0;
			} else {
				set->tag[index] = 0;
			}
		}
	}
}

void establish(const struct world *world)
{
	end_half_open(world, 1);
}

void forget_half_open(const struct world *world)
{
	end_half_open(world, 0);
}
