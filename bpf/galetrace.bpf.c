/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The replica's programs once more, on the same maps, telling of packets (galelb_trace.h): what is attached while somebody
 * traces, and what is asked by test-run what it would do. A compile of its own, so that the others do not even ask.
 */
#define GALE_TRACED
#include "galelb.bpf.c"
