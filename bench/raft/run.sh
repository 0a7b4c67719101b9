#!/usr/bin/env bash
# run.sh [--json FILE] [--rounds N] [--seconds N] [--kills N] [--entries N] [--only orders,failover,memory,restart] - gale-lb's replicated log beside etcd's.
#
# Three processes each on one disk, in the network namespaces of e2e/topology.sh, with the same orders by HTTP and JSON on
# both sides, and fsync on both. Needs root and Debian's etcd-server, which it installs if it can. ./build.sh bench raft.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
prefix=${GALE_BENCH_PREFIX:-galebench-}
data=$root/.build/bench/raft

((EUID == 0)) || {
	echo "bench raft: needs root, for network namespaces: sudo ./build.sh bench raft" >&2
	exit 1
}
if ! command -v etcd >/dev/null; then
	echo "bench raft: etcd, to be measured against, is not installed: apt-get install etcd-server" >&2
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends etcd-server; } >&2
fi

cleanup() { e2e/topology.sh -p "$prefix" -n 1 down; }
trap cleanup EXIT
rm -rf "$data"
mkdir -p "$data"
[[ ${GALE_BENCH_BUILT:-} ]] || dotnet build bench/raft -c Release -v quiet --nologo >&2
e2e/topology.sh -p "$prefix" -n 1 up
nsenter --net="/run/netns/${prefix}node-1" bench/raft/bin/Release/net10.0/raft-bench "$root" "$prefix" "$data" "$@"
rm -rf "$data"
