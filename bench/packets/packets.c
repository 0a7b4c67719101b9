// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What one packet costs, in ns, by program test-run:
 *
 *   packets [-r ROUNDS] [-n REPEATS] [-c CPU] [-j JSON] [-f FILTER] LABEL=OBJECT...
 *
 * OBJECT is a compiled galelb.bpf.o; with several of them the rounds alternate, so that they can be compared in pairs. Floors are
 * measured in the same rounds. The kernel reports whole ns.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "measure.h"

enum {
	ROUNDS_MAX = 99,
	OBJECTS_MAX = 4,
	CELLS_MAX = 64,
	FLOWS_FEW = 1024,
	FLOWS_FULL = 65536,
	FILL_CHUNK = 16384,
	CHECKED = 20000,
	FRESH = 32768
};
enum { VERDICT_PASS = 2, VERDICT_TX = 3, VERDICT_REDIRECT = 4 };

/* Ranges of another load balancer's program, measured elsewhere on a machine of this kind, behind a reset program like ours. */
struct reference {
	double low, high;
};

struct spec {
	const char *name;
	const char *floor; /* a program of the floor object, or NULL: the object under test */
	enum target target;
	enum packet_kind kind;
	enum clients clients;
	uint32_t flows;
	uint32_t verdict;
	enum gale_reason reason;
	int is_fresh; /* half_open is emptied before each round, and FRESH repeats are taken: none finds a flow, none pushes one out */
	struct reference reference;
};

/* A table, one row a line. */
/* clang-format off */
#define FLOOR(program, flow_count, answer) \
	{ .name = #program, .floor = #program, .target = TO_L4, .kind = TCP4, .flows = flow_count, .verdict = answer }
#define CELL(title, to, packets, flow_count, why, ...) \
	{ .name = title, .target = to, .kind = packets, .flows = flow_count, .verdict = VERDICT_REDIRECT, .reason = why, __VA_ARGS__ }
#define STATELESS(title, to, why) \
	CELL(title " tcp4", to, TCP4, 1, why, .reference = { 103, 107 }), \
	CELL(title " tcp4", to, TCP4, 1024, why, .reference = { 111, 130 }), \
	CELL(title " tcp4", to, TCP4, FLOWS_FULL, why, .reference = { 160, 218 }), \
	CELL(title " tcp4 new", to, SYN4, 1024, why, .reference = { 114, 115 }), \
	CELL(title " udp4", to, UDP4, 1024, why, .reference = { 130, 132 }), \
	CELL(title " tcp6", to, TCP6, 1, why, .reference = { 99, 100 }), \
	CELL(title " tcp6", to, TCP6, 1024, why, .reference = { 102, 112 }), \
	CELL(title " tcp6", to, TCP6, FLOWS_FULL, why, .reference = { 151, 231 })

static const struct spec specs[] = {
	FLOOR(floor_pass, 1, VERDICT_PASS),
	FLOOR(floor_swap, 1, VERDICT_TX),
	FLOOR(floor_lookup, 1, VERDICT_TX),
	FLOOR(floor_lookup, 1024, VERDICT_TX),
	FLOOR(floor_lookup, FLOWS_FULL, VERDICT_TX),
	{ .name = "not ours tcp4", .target = TO_STRANGER, .kind = TCP4, .flows = 1024, .verdict = VERDICT_PASS, .reason = GALE_PASS_NOT_OURS },
	{ .name = "not ours tcp6", .target = TO_STRANGER, .kind = TCP6, .flows = 1024, .verdict = VERDICT_PASS, .reason = GALE_PASS_NOT_OURS },
	{ .name = "control port tcp4", .target = TO_CONTROL_PORT, .kind = TCP4, .flows = 1024, .verdict = VERDICT_PASS, .reason = GALE_PASS_CONTROL },
	CELL("l4 tcp4 established", TO_L4, TCP4, 1, GALE_FORWARDED_L4, .reference = { 103, 107 }),
	CELL("l4 tcp4 established", TO_L4, TCP4, 1024, GALE_FORWARDED_L4, .reference = { 111, 130 }),
	CELL("l4 tcp4 established", TO_L4, TCP4, FLOWS_FULL, GALE_FORWARDED_L4, .reference = { 160, 218 }),
	CELL("l4 tcp6 established", TO_L4, TCP6, 1, GALE_FORWARDED_L4, .reference = { 99, 100 }),
	CELL("l4 tcp6 established", TO_L4, TCP6, 1024, GALE_FORWARDED_L4, .reference = { 102, 112 }),
	CELL("l4 tcp6 established", TO_L4, TCP6, FLOWS_FULL, GALE_FORWARDED_L4, .reference = { 151, 231 }),
	CELL("l4 udp4 established", TO_L4, UDP4, 1, GALE_FORWARDED_L4, .reference = { 130, 132 }),
	CELL("l4 udp4 established", TO_L4, UDP4, 1024, GALE_FORWARDED_L4),
	CELL("l4 udp6 established", TO_L4, UDP6, 1024, GALE_FORWARDED_L4),
	CELL("l4 udp4 one way", TO_L4, UDP4, 1024, GALE_FORWARDED_L4, .clients = CLIENTS_ONE_WAY),
	CELL("l4 tcp4 new", TO_L4, SYN4, FLOWS_FULL, GALE_FORWARDED_L4, .clients = CLIENTS_NEW, .is_fresh = 1, .reference = { 435, 469 }),
	CELL("l4 tcp6 new", TO_L4, SYN6, FLOWS_FULL, GALE_FORWARDED_L4, .clients = CLIENTS_NEW, .is_fresh = 1),
	CELL("l4 tcp4 flood", TO_L4, SYN4, 1 << 22, GALE_FORWARDED_L4, .clients = CLIENTS_NEW),
	CELL("l4 tcp6 flood", TO_L4, SYN6, 1 << 22, GALE_FORWARDED_L4, .clients = CLIENTS_NEW),
	STATELESS("l3", TO_L3, GALE_FORWARDED_L3),
	STATELESS("l2", TO_L2, GALE_FORWARDED_L2),
};
/* clang-format on */

/* One spec on one object: the reset program that leads to it, and what was measured. */
struct measurement {
	const struct spec *spec;
	const char *label;
	const struct world *world; /* NULL: a floor */
	int program;
	double ns[ROUNDS_MAX];
	double in_floors[ROUNDS_MAX];
};

static int rounds = 9, repeats = 400000;
static char directory[4096];

void fail(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	fprintf(stderr, "packets: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, error ? ": %s\n" : "\n", strerror(error));
	exit(1);
}

static int print_warnings(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

static struct bpf_object *open_own(const char *name)
{
	char path[sizeof(directory) + 64];
	struct bpf_object *object;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	object = bpf_object__open(path);
	if (!object)
		fail("open %s", path);
	return object;
}

/* A reset program with its own template, in front of target. */
static int load_reset(const struct cell *cell, int target)
{
	struct bpf_object *object = open_own("reset.bpf.o");
	struct bpf_map *map, *section = NULL;
	uint32_t zero = 0;

	bpf_object__for_each_map(map, object)
		if (strstr(bpf_map__name(map), ".rodata.cell"))
			section = map;
	if (!section || bpf_map__set_initial_value(section, cell, sizeof(*cell)) || bpf_object__load(object))
		fail("load the reset program");
	if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "under_test"), &zero, &target, 0))
		fail("tail call to the program under test");
	return bpf_program__fd(bpf_object__find_program_by_name(object, "reset_and_call"));
}

/* Runs and gives the mean ns; *verdict is the last repeat's. */
static double run(int program, int repeat, uint32_t *verdict)
{
	uint8_t in[TEMPLATE_LONG] = {}, out[512];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = in, .data_size_in = sizeof(in), .data_out = out, .data_size_out = sizeof(out),
		    .repeat = repeat);

	if (bpf_prog_test_run_opts(program, &options))
		fail("test-run");
	if (verdict)
		*verdict = options.retval;
	return options.duration;
}

/*
 * So many flows of each kind, opened as first packets make them, through the program itself; then what the nodes' answers would make
 * of them. A table holds no more than the cells need, since what lies around the flows costs cache misses.
 */
static void fill_flows(const struct world *world, int flows)
{
	static const enum packet_kind openers[] = { SYN4, SYN6, UDP4, UDP6 };
	struct cell cell;

	/* Among many flows only TCP is measured. */
	for (unsigned n = 0; n < (flows == FLOWS_FULL ? 2 : 4); n++) {
		int program;

		build_cell(&cell, openers[n], TO_L4, CLIENTS_ESTABLISHED, flows);
		program = load_reset(&cell, world->public_program);
		for (int done = 0; done < flows; done += FILL_CHUNK) {
			run(program, flows < FILL_CHUNK ? flows : FILL_CHUNK, NULL);
			establish(world);
		}
		close(program);
	}
}

/* Warms a cell up and makes sure that it measures what its name says. */
static void check(const struct measurement *cell)
{
	const struct spec *spec = cell->spec;
	uint64_t before, counted;
	uint32_t verdict;

	run(cell->program, spec->flows < FLOWS_FULL ? CHECKED : 2 * FLOWS_FULL, &verdict);
	if (verdict != spec->verdict)
		errno = 0, fail("%s (%s): verdict %u, not %u", spec->name, cell->label, verdict, spec->verdict);
	if (spec->floor)
		return;
	before = read_reason(cell->world, spec->reason);
	run(cell->program, CHECKED, NULL);
	counted = read_reason(cell->world, spec->reason) - before;
	if (counted < CHECKED * 999 / 1000)
		errno = 0, fail("%s (%s): %lu of %d packets went that way", spec->name, cell->label, (unsigned long)counted, CHECKED);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void sort(double *values)
{
	qsort(values, rounds, sizeof(*values), compare);
}

/* The look-up floor that goes with so many flows. */
static const struct measurement *floor_for(const struct measurement *cells, int count, uint32_t flows)
{
	const struct measurement *best = NULL;

	for (int n = 0; n < count; n++)
		if (cells[n].spec->floor && !strcmp(cells[n].spec->name, "floor_lookup") && (!best || cells[n].spec->flows <= flows))
			best = &cells[n];
	return best;
}

/* The same floor where the references were measured. */
static double reference_floor(uint32_t flows)
{
	return flows == 1 ? 42 : flows <= 1024 ? 54 : 94;
}

static void print(const struct measurement *cell)
{
	const struct reference *reference = &cell->spec->reference;
	char name[64], there[64] = "";

	snprintf(name, sizeof(name), "%s%s%s", cell->spec->name, *cell->label ? ", " : "", cell->label);
	if (reference->low)
		snprintf(there, sizeof(there), "%4.0f-%-4.0f %5.2f-%.2f", reference->low, reference->high,
			 reference->low / reference_floor(cell->spec->flows), reference->high / reference_floor(cell->spec->flows));
	printf("%-34s %8u %6.0f %6.0f %6.0f   %6.2f   %s\n", name, cell->spec->flows, cell->ns[0], cell->ns[rounds / 2],
	       cell->ns[rounds - 1], cell->in_floors[rounds / 2], there);
}

static void write_json(const char *path, const struct measurement *cells, int count)
{
	FILE *file = fopen(path, "w");

	if (!file)
		fail("write %s", path);
	fprintf(file, "[");
	for (int n = 0; n < count; n++)
		fprintf(
		    file,
		    "%s\n  {\"bench\": \"packets\", \"name\": \"%s%s%s\", \"variant\": \"%u flows\", \"unit\": \"ns/packet\", \"min\": %.0f, "
		    "\"median\": %.0f, \"max\": %.0f, \"ratio\": %.3f}",
		    n ? "," : "", cells[n].spec->name, *cells[n].label ? ", " : "", cells[n].label, cells[n].spec->flows, cells[n].ns[0],
		    cells[n].ns[rounds / 2], cells[n].ns[rounds - 1], cells[n].in_floors[rounds / 2]);
	fprintf(file, "\n]\n");
	if (fclose(file))
		fail("write %s", path);
}

/* All cells of a round after another, forwards and backwards in turn, so that a slow moment hits no cell alone. */
static void measure(struct measurement *cells, int count)
{
	uint32_t verdict;

	for (int round = 0; round < rounds; round++) {
		for (int n = 0; n < count; n++) {
			struct measurement *cell = &cells[round & 1 ? count - 1 - n : n];

			if (cell->spec->is_fresh)
				forget_half_open(cell->world);
			cell->ns[round] = run(cell->program, cell->spec->is_fresh ? FRESH : repeats, &verdict);
			/* A refusal shortens the frame; what follows would measure nothing. */
			if (verdict != cell->spec->verdict)
				errno = 0, fail("%s (%s): verdict %u in round %d", cell->spec->name, cell->label, verdict, round + 1);
		}
		for (int n = 0; n < count; n++)
			cells[n].in_floors[round] = cells[n].ns[round] / floor_for(cells, count, cells[n].spec->flows)->ns[round];
	}
	for (int n = 0; n < count; n++) {
		sort(cells[n].ns);
		sort(cells[n].in_floors);
	}
}

/* Whether a cell of those wanted has the largest number of flows, for which loading and filling takes time. */
static int is_any_full(const char *filter)
{
	for (unsigned n = 0; n < sizeof(specs) / sizeof(*specs); n++)
		if (!specs[n].floor && specs[n].flows == FLOWS_FULL && strstr(specs[n].name, filter))
			return 1;
	return 0;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("stay on CPU %d", cpu);
}

int main(int argc, char **argv)
{
	static struct measurement cells[CELLS_MAX * OBJECTS_MAX];
	static struct world worlds[OBJECTS_MAX], full_worlds[OBJECTS_MAX];
	const char *json = NULL, *filter = "";
	struct bpf_object *floors;
	int option, objects, count = 0, cpu = sysconf(_SC_NPROCESSORS_ONLN) - 1;

	while ((option = getopt(argc, argv, "r:n:c:j:f:")) != -1)
		switch (option) {
		case 'r': rounds = atoi(optarg); break;
		case 'n': repeats = atoi(optarg); break;
		case 'c': cpu = atoi(optarg); break;
		case 'j': json = optarg; break;
		case 'f': filter = optarg; break;
		default: return 2;
		}
	objects = argc - optind;
	if (objects < 1 || objects > OBJECTS_MAX || rounds < 1 || rounds > ROUNDS_MAX || repeats < 1) {
		fprintf(stderr, "usage: packets [-r 1..%d] [-n REPEATS] [-c CPU] [-j JSON] [-f FILTER] LABEL=OBJECT... (at most %d)\n",
			ROUNDS_MAX, OBJECTS_MAX);
		return 2;
	}
	libbpf_set_print(print_warnings);
	stay_on(cpu);
	if (readlink("/proc/self/exe", directory, sizeof(directory) - 1) < 0)
		fail("find the directory of this program");
	*strrchr(directory, '/') = 0;
	floors = open_own("floor.bpf.o");
	if (bpf_object__load(floors))
		fail("load the floors");

	for (int n = 0; n < objects; n++) {
		char *path = strchr(argv[optind + n], '=');

		if (!path)
			errno = 0, fail("%s: expected LABEL=OBJECT", argv[optind + n]);
		*path++ = 0;
		open_world(&worlds[n], path);
		fill_flows(&worlds[n], FLOWS_FEW);
		if (!is_any_full(filter))
			continue;
		open_world(&full_worlds[n], path);
		fill_flows(&full_worlds[n], FLOWS_FULL);
	}
	for (unsigned n = 0; n < sizeof(specs) / sizeof(*specs); n++) {
		const struct spec *spec = &specs[n];
		struct cell cell;

		if (!spec->floor && !strstr(spec->name, filter))
			continue;
		build_cell(&cell, spec->kind, spec->target, spec->clients, spec->flows);
		for (int world = 0; world < (spec->floor ? 1 : objects); world++) {
			struct world *of = spec->flows == FLOWS_FULL ? &full_worlds[world] : &worlds[world];
			int target =
			    spec->floor ? bpf_program__fd(bpf_object__find_program_by_name(floors, spec->floor)) : of->public_program;

			cells[count].spec = spec;
			cells[count].label = spec->floor ? "" : argv[optind + world];
			cells[count].world = spec->floor ? NULL : of;
			cells[count].program = load_reset(&cell, target);
			check(&cells[count]);
			count++;
		}
	}
	measure(cells, count);
	printf("%-34s %8s %6s %6s %6s   %6s   %s\n", "ns a packet", "flows", "min", "median", "max", "floors", "Katran: ns, floors");
	for (int n = 0; n < count; n++)
		print(&cells[n]);
	if (json)
		write_json(json, cells, count);
	return 0;
}
