/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Internet checksums (RFC 1071), updated incrementally (RFC 1624). */
#ifndef GALELB_CSUM_H
#define GALELB_CSUM_H

#include <linux/types.h>
#include <bpf/bpf_endian.h>

/* A 32-bit ones-complement sum, folded to 16 bits. */
static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

/* The checksum field after the words it covers grew by diff (ones complement, up to 34 bits). */
static __always_inline __sum16 csum_update(__sum16 check, __u64 diff)
{
	return (__sum16)~csum_fold((__u16)~check + diff);
}

/* The difference that one less in TTL makes: the word (TTL, protocol) falls by 0x0100. */
static __always_inline __u64 csum_ttl_diff(void)
{
	return (__u16)~bpf_htons(0x0100);
}

/* The same for IPv6's hop limit, which no checksum covers but a card's sum over the whole packet: the low byte. */
static __always_inline __u64 csum_hop_limit_diff(void)
{
	return (__u16)~bpf_htons(0x0001);
}

#endif
