// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* One map of each kind and one program, for the tests of the libbpf binding. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 answer = 1;
const volatile __u8 small = 2;

struct pair {
	__u32 left;
	__u16 right;
	__u16 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, struct pair);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} rings SEC(".maps");

/* Writes inner[answer] into the first four bytes of the frame, counts the packet. */
SEC("xdp")
int xdp_answer(struct xdp_md *ctx)
{
	__u32 *data = (void *)(long)ctx->data;
	__u32 zero = 0, slot = answer;
	void *ring = bpf_map_lookup_elem(&rings, &zero);
	__u64 *count = bpf_map_lookup_elem(&counts, &zero);
	__u32 *value;

	if (count)
		*count += small;
	if ((void *)(data + 1) > (void *)(long)ctx->data_end || !ring)
		return XDP_ABORTED;
	value = bpf_map_lookup_elem(ring, &slot);
	if (!value)
		return XDP_DROP;
	*data = *value;
	return XDP_PASS;
}

SEC("tc")
int tc_accept(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
