/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* galetc.bpf.c once more, telling of packets, as galetrace.bpf.c is to galelb.bpf.c. */
#define GALE_PUBLIC_TC
#define GALE_TRACED
#include "galelb.bpf.c"
