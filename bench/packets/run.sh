#!/usr/bin/env bash
# bench/packets/run.sh - what one packet costs in the replica's program, in ns, by program test-run. Needs root.
#
#   run.sh [--json FILE] [--rounds N] [--against OBJECT] [--only TEXT]
#     --json FILE       write the records there as well
#     --rounds N        so many rounds over all cells (default 9)
#     --against OBJECT  another galelb.bpf.o, measured in the same rounds: for comparing a change in pairs
#     --only TEXT       only cells whose name contains TEXT, such as "l4 tcp4"
#
# Every cell: the real object, maps of the default sizes, flows opened by first packets. A reset program restores the frame
# before each repeat, as the next of 1, 1,024 or 65,536 flows. "floors" is the median in units of the look-up floor (parse, one
# hash look-up, one array look-up) of the same round and number of flows: that is what compares between machines.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; }

json='' rounds=9 against='' only=''
while (($#)); do
	case $1 in
	--json) json=${2:?--json needs a file} ;;
	--rounds) rounds=${2:?--rounds needs a number} ;;
	--against) against=${2:?--against needs an object file} ;;
	--only) only=${2:?--only needs a text} ;;
	-h | --help)
		usage
		exit
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
	shift 2
done
((EUID == 0)) || {
	echo "bench packets: needs root, to load programs" >&2
	exit 1
}
"$root/bpf/build.sh"
make --silent -C "$root/bench/packets"
echo "$(uname -r), $(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo), $(nproc) CPUs, JIT $(cat /proc/sys/net/core/bpf_jit_enable)"
options=(-r "$rounds")
[[ -z $json ]] || options+=(-j "$json")
[[ -z $only ]] || options+=(-f "$only")
objects=("=$root/.build/bpf/galelb.bpf.o")
[[ -z $against ]] || objects=("now=$root/.build/bpf/galelb.bpf.o" "against=$against")
"$root/.build/bench/packets/packets" "${options[@]}" "${objects[@]}"
