/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef GALELB_CLOCK_H
#define GALELB_CLOCK_H

#include <bpf/bpf_helpers.h>
#include "galelb_layout.h"

extern const volatile struct gale_options options;

enum { LAST_SEEN_GRAIN_MS = 1000 }; /* so that a busy flow's entry is mostly read, seldom written */

/*
 * CLOCK_MONOTONIC in milliseconds. A division costs as much as the rest of the fast path's arithmetic: 2^20 ns
 * are 1.048576 ms, and 0.048576 is 208632331 / 2^32 to ten digits. A tick's grain is fine enough, and reading the
 * hardware's clock is what would take the time. Where the option is off the verifier removes the call that the kernel lacks.
 */
static __always_inline __u32 clock_ms(void)
{
	__u64 ns = options.coarse_clock ? bpf_ktime_get_coarse_ns() : bpf_ktime_get_ns();
	__u64 units = ns >> 20;

	return (__u32)(units + ((units * 208632331) >> 32));
}

#endif
