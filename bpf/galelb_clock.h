/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef GALELB_CLOCK_H
#define GALELB_CLOCK_H

#include <bpf/bpf_helpers.h>

enum { LAST_SEEN_GRAIN_MS = 1000 }; /* so that a busy flow's entry is mostly read, seldom written */

/*
 * CLOCK_MONOTONIC in milliseconds. A division costs as much as the rest of the fast path's arithmetic: 2^20 ns
 * are 1.048576 ms, and 0.048576 is 208632331 / 2^32 to ten digits.
 */
static __always_inline __u32 clock_ms(void)
{
	__u64 units = bpf_ktime_get_ns() >> 20;

	return (__u32)(units + ((units * 208632331) >> 32));
}

#endif
