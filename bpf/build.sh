#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bpf/build.sh [OUT]: compile the packet programs into OUT (default .build/bpf/galelb.bpf.o of the repository).
# What is up to date is not rebuilt. CLANG overrides the compiler; 18 or newer is needed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../.build/bpf/galelb.bpf.o}

newest_clang() {
	for candidate in ${CLANG:-} clang-22 clang-21 clang-20 clang-19 clang-18 clang; do
		command -v "$candidate" >/dev/null 2>&1 || continue
		major=$("$candidate" -dumpversion | cut -d. -f1)
		[ "$major" -ge 18 ] && { echo "$candidate"; return; }
	done
	echo "bpf/build.sh: no clang 18 or newer in PATH: install clang-19 (Debian) or clang-18 (Ubuntu)" >&2
	exit 1
}

if [ -f "$out" ] && [ -z "$(find "$here" \( -name '*.[ch]' -o -name build.sh \) -newer "$out" -print -quit)" ]; then
	exit 0
fi
clang=$(newest_clang)
mkdir -p "$(dirname "$out")"
# Through a temporary name: an interrupted compile leaves no half object that looks up to date.
"$clang" -O2 -g -Wall -Werror -target bpf -mcpu=v3 "-I/usr/include/$(uname -m)-linux-gnu" "-I$here" \
	-c "$here/galelb.bpf.c" -o "$out.tmp"
mv "$out.tmp" "$out"
