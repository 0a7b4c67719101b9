#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bpf/build.sh [DIRECTORY]: compile the packet programs into DIRECTORY (default .build/bpf of the repository): galelb.bpf.o for
# replicas, galetrace.bpf.o for replicas that tell of packets, galetc.bpf.o and galetctrace.bpf.o the same with clients' packets in TC,
# galenode.bpf.o for nodes. What is up to date is not rebuilt.
# CLANG overrides the compiler; 18 or newer is needed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
directory=${1:-$here/../.build/bpf}

newest_clang() {
	for candidate in ${CLANG:-} clang-22 clang-21 clang-20 clang-19 clang-18 clang; do
		command -v "$candidate" >/dev/null 2>&1 || continue
		major=$("$candidate" -dumpversion | cut -d. -f1)
		[ "$major" -ge 18 ] && { echo "$candidate"; return; }
	done
	echo "bpf/build.sh: no clang 18 or newer in PATH: install clang-19 (Debian) or clang-18 (Ubuntu)" >&2
	exit 1
}

for source in "$here"/*.bpf.c; do
	out=$directory/$(basename "$source" .c).o
	if [ -f "$out" ] && [ -z "$(find "$here" \( -name '*.[ch]' -o -name build.sh \) -newer "$out" -print -quit)" ]; then
		continue
	fi
	clang=$(newest_clang)
	mkdir -p "$directory"
	# Through a temporary name: an interrupted compile leaves no half object that looks up to date.
	"$clang" -O2 -g -Wall -Werror -target bpf -mcpu=v3 "-I/usr/include/$(uname -m)-linux-gnu" "-I$here" \
		-c "$source" -o "$out.tmp"
	mv "$out.tmp" "$out"
done
