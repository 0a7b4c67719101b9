/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the reset program is told by the harness, as the whole of its section .rodata.cell. */
#ifndef BENCH_CELL_H
#define BENCH_CELL_H

#include <linux/types.h>

enum { TEMPLATE_SHORT = 64, TEMPLATE_LONG = 80, FLOW_PORT_BITS = 14, FLOW_PORT_FIRST = 1024 };

/* Offsets are into the frame; sums are ones-complement sums of all that a checksum covers, with source and port as 0. */
struct cell {
	__u8 template[TEMPLATE_LONG] __attribute__((aligned(8)));
	__u32 length;	   /* TEMPLATE_SHORT or TEMPLATE_LONG */
	__u32 flow_mask;   /* flows - 1, of a power of two up to 2^24 */
	__u32 source_at;   /* the low 16 bits of the source address */
	__u32 port_at;	   /* the source port */
	__u32 ip_check_at; /* 0: IPv6 has none */
	__u32 l4_check_at;
	__u32 ip_sum;
	__u32 l4_sum;
};

#endif
