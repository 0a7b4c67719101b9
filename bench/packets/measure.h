/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The harness: frames, the world that the maps hold, and the cells of the table. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include "cell.h"
#include "galelb_layout.h"

enum packet_kind { TCP4, SYN4, UDP4, TCP6, SYN6, UDP6 };

/* Whom a frame is for, which decides what the program does with it. */
enum target { TO_L4, TO_L3, TO_L2, TO_STRANGER, TO_CONTROL_PORT, TARGETS };

static inline int is_ipv6(enum packet_kind kind)
{
	return kind >= TCP6;
}

static inline int is_udp(enum packet_kind kind)
{
	return kind == UDP4 || kind == UDP6;
}

/* Ends the run with words, and errno's if it is set. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Networks of clients, so that cells do not meet each other's flows. */
enum clients { CLIENTS_ESTABLISHED, CLIENTS_NEW, CLIENTS_ONE_WAY };

/* The template of a frame with all that the reset program needs to know of it. */
void build_cell(struct cell *cell, enum packet_kind kind, enum target target, enum clients clients, uint32_t flows);

struct gale_address service_address(enum target target, int ipv6);

/* One loaded galelb object with its maps filled: a service of each mode, family and protocol, three nodes a family. */
struct world {
	struct bpf_object *object;
	int public_program;
	int stats;
	struct gale_flow_set *flows;
};

void open_world(struct world *world, const char *path);

/* Packets counted for a reason so far. */
uint64_t read_reason(const struct world *world, enum gale_reason reason);

/* Does for all half-open flows what the nodes' first answers and the clients' next packets would: both halves are settled. */
void establish(const struct world *world);

void forget_half_open(const struct world *world);

#endif
