#!/usr/bin/env bash
# run.sh [--json FILE] [--nodes N] [--seconds N] [--idle SECONDS] - a cluster with many nodes.
#
# Three replicas with their programs in the kernel, in the network namespaces of e2e/topology.sh, and in one more a process that is
# N nodes (10,000), each with a stream of its own and a heartbeat a second. Needs root. ./build.sh bench cluster.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
prefix=${GALE_BENCH_PREFIX:-galebench-}
data=$root/.build/bench/cluster

((EUID == 0)) || {
	echo "bench cluster: needs root, for network namespaces: sudo ./build.sh bench cluster" >&2
	exit 1
}

cleanup() { e2e/topology.sh -p "$prefix" -n 1 down; }
trap cleanup EXIT
rm -rf "$data"
mkdir -p "$data"
[[ ${GALE_BENCH_BUILT:-} ]] || dotnet build bench/cluster -c Release -v quiet --nologo >&2
e2e/topology.sh -p "$prefix" -n 1 up
nsenter --net="/run/netns/${prefix}node-1" bench/cluster/bin/Release/net10.0/cluster-bench "$root" "$prefix" "$data" "$@"
rm -rf "$data"
