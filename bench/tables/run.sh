#!/usr/bin/env bash
# run.sh [--json FILE] [--rounds 9] - how long a committed change takes to the kernel's maps of one replica.
#
# The state machine, the table's builder and the data plane of a replica in one process, its programs attached to two veth
# interfaces of a namespace of their own. Needs root. ./build.sh bench tables.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
namespace=${GALE_BENCH_PREFIX:-galebench-}tables

((EUID == 0)) || {
	echo "bench tables: needs root, for a network namespace: sudo ./build.sh bench tables" >&2
	exit 1
}

cleanup() {
	ip netns delete "$namespace" 2>/dev/null || true
	rm -rf "/sys/fs/bpf/$namespace"
}
trap cleanup EXIT
cleanup
dotnet build bench/tables -c Release -v quiet --nologo >&2
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
ip netns add "$namespace"
ip -n "$namespace" link add pub type veth peer name pub-end
ip -n "$namespace" link add priv type veth peer name priv-end
for link in lo pub pub-end priv priv-end; do ip -n "$namespace" link set "$link" up; done
ip -n "$namespace" addr add 10.71.0.1/24 dev pub
ip -n "$namespace" addr add 10.72.0.1/16 dev priv
nsenter --net="/run/netns/$namespace" bench/tables/bin/Release/net10.0/tables-bench "/sys/fs/bpf/$namespace" "$@"
