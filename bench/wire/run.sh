#!/usr/bin/env bash
# bench/wire/run.sh - load balancers side by side: the same client, wires and nodes, interleaved rounds. Needs root.
#
#   run.sh [--json FILE] [--rounds N] [--seconds N] [--only LOAD,LOAD] [--offload] [CONTENDER...]
#
# A CONTENDER takes the service address on the replica lb-1 of e2e/topology.sh and spreads it over three nodes (all by default):
#   kernel         no balancer: plain forwarding to one node, what the others are compared with
#   ecmp           no balancer: the kernel's multipath route over three nodes, the ceiling for whoever touches three
#   nftables       DNAT by a counter over the nodes, and masquerade
#   haproxy        TCP mode, round robin
#   nginx          stream, round robin
#   gale-l4        gale-lb: NAT with connection tracking. gale-node runs on the nodes
#   gale-l3        gale-lb: encapsulated, unwrapped by gale-node in XDP, answers go straight to the client
#   gale-l2        gale-lb: MAC rewriting, answers go straight to the client
#   gale-l4-tc     gale-lb: as gale-l4, clients' packets seen in TC
#   gale-l3-tc     gale-lb: as gale-l3, packets seen in TC, by the nodes too
# --offload: senders leave checksums and segmentation to others (topology.sh -o), as interfaces come; then without gale-l4, gale-l3 and gale-l2,
# whose XDP program has to see whole checksums
# A LOAD (all by default; each takes --seconds, by default 2):
#   connections    HTTP over a new connection for each request, 32 at a time
#   requests       HTTP over 32 connections that stay
#   bulk1, bulk8   1 and 8 TCP streams
#   datagrams      60-byte UDP frames from 8 ports, as fast as they go: how many the nodes take
#   datagrams-50k  the same, 50,000 a second: what one costs on a machine that is not full
# cpu is busy time of the whole machine per unit of work, client and nodes included: only differences are the balancer's.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; }

all=(kernel ecmp nftables haproxy nginx gale-l4 gale-l3 gale-l2 gale-l4-tc gale-l3-tc)
without_xdp=(kernel ecmp nftables haproxy nginx gale-l4-tc gale-l3-tc)
loads=connections,requests,bulk1,bulk8,datagrams,datagrams-50k
json='' rounds=3 seconds=2 offload=false contenders=()
while (($#)); do
	case $1 in
	--json) json=${2:?--json needs a file} && shift ;;
	--rounds) rounds=${2:?--rounds needs a number} && shift ;;
	--seconds) seconds=${2:?--seconds needs a number} && shift ;;
	--only) loads=${2:?--only needs loads} && shift ;;
	--offload) offload=true ;;
	-h | --help) usage && exit ;;
	*)
		[[ " ${all[*]} " == *" $1 "* ]] || {
			echo "bench wire: there is no contender $1; there are: ${all[*]}" >&2
			exit 2
		}
		contenders+=("$1")
		;;
	esac
	shift
done
"$offload" && all=("${without_xdp[@]}")
((${#contenders[@]})) || contenders=("${all[@]}")
for contender in "${contenders[@]}"; do
	[[ " ${all[*]} " == *" $contender "* ]] || {
		echo "bench wire: $contender cannot be measured with --offload: XDP would see checksums half done" >&2
		exit 2
	}
done
((EUID == 0)) || {
	echo "bench wire: needs root, for network namespaces: sudo ./build.sh bench wire" >&2
	exit 1
}

# Not installed here: where systemd runs, packages of balancers start their services on the machine's own ports.
missing=()
for tool in haproxy:haproxy nginx:nginx-light /usr/lib/nginx/modules/ngx_stream_module.so:libnginx-mod-stream; do
	command -v "${tool%:*}" >/dev/null || [[ -e ${tool%:*} ]] || missing+=("${tool#*:}")
done
((${#missing[@]} == 0)) || {
	echo "bench wire: to be measured against, but missing: apt-get install --no-install-recommends ${missing[*]}, and stop the services that this starts" >&2
	exit 1
}
make --silent -C bench/wire

prefix=${GALE_BENCH_PREFIX:-galebench-} work=$root/.build/bench/wire/run load=$root/.build/bench/wire/load
topology=(e2e/topology.sh -p "$prefix" -l 1 -n 3 -w)
! "$offload" || topology+=(-o)
# The plan of e2e/topology.sh: what the client's route for service addresses leads to, the nodes, and the ports of the load.
service=10.98.9.1 nodes=(10.98.2.11 10.98.2.12 10.98.2.13) http=8080 sink=5001
in_ns() { nsenter --net="/run/netns/$prefix$1" "${@:2}"; }

servers=() balancer=()
end() { # PID... : and waits until they are gone
	(($#)) || return 0
	kill "$@" 2>/dev/null || true
	wait "$@" 2>/dev/null || true
}
cleanup() {
	end "${balancer[@]}" "${servers[@]}"
	"${topology[@]}" down
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# ---- contenders: up prints nothing and returns when started; down leaves lb-1 and the nodes as they were ----------------

background() { # NAMESPACE LOG COMMAND...
	nsenter --net="/run/netns/$prefix$1" "${@:3}" >>"$work/$2" 2>&1 </dev/null &
	balancer+=($!)
}

# answers_by WAY : through the replica, or straight by the nodes' own cable to the public switch
answers_by() {
	local n
	for n in 1 2 3; do
		if [[ $1 == replica ]]; then
			in_ns "node-$n" ip link set pub down
			in_ns "node-$n" ip route replace 10.98.1.0/24 via 10.98.2.1
		else
			in_ns "node-$n" ip route del 10.98.1.0/24 via 10.98.2.1 2>/dev/null || true
			in_ns "node-$n" ip link set pub up
		fi
	done
}
address_on_nodes() { for n in 1 2 3; do in_ns "node-$n" ip addr "$1" "$service/32" dev lo; done; }

up_kernel() {
	target=${nodes[0]}
	in_ns lb-1 sysctl -qw net.ipv4.ip_forward=1
	in_ns client ip route add 10.98.2.0/24 via 10.98.1.1
}
down_kernel() {
	in_ns client ip route del 10.98.2.0/24
	in_ns lb-1 sysctl -qw net.ipv4.ip_forward=0
}

up_ecmp() {
	local hops=() node
	for node in "${nodes[@]}"; do hops+=(nexthop via "$node"); done
	in_ns lb-1 sysctl -qw net.ipv4.ip_forward=1 net.ipv4.fib_multipath_hash_policy=1
	address_on_nodes add
	in_ns lb-1 ip route add "$service/32" "${hops[@]}"
}
down_ecmp() {
	in_ns lb-1 ip route del "$service/32"
	address_on_nodes del
	in_ns lb-1 sysctl -qw net.ipv4.ip_forward=0
}

up_nftables() {
	in_ns lb-1 sysctl -qw net.ipv4.ip_forward=1
	in_ns lb-1 nft -f - <<-NFT
		table ip balancer {
			chain before {
				type nat hook prerouting priority dstnat
				ip daddr $service dnat to numgen inc mod 3 map { 0 : ${nodes[0]}, 1 : ${nodes[1]}, 2 : ${nodes[2]} }
			}
			chain after {
				type nat hook postrouting priority srcnat
				oifname "priv" masquerade
			}
		}
	NFT
}
down_nftables() {
	in_ns lb-1 nft delete table ip balancer
	in_ns lb-1 sysctl -qw net.ipv4.ip_forward=0
}

up_haproxy() {
	local port node
	in_ns lb-1 ip addr add "$service/32" dev lo
	{
		printf 'global\n nbthread %d\n maxconn 8000\n' "$(nproc)"
		printf 'defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n balance roundrobin\n'
		for port in "$http" "$sink"; do
			printf 'listen p%d\n bind %s:%d\n' "$port" "$service" "$port"
			for node in "${nodes[@]}"; do printf ' server n%s %s:%d\n' "${node##*.}" "$node" "$port"; done
		done
	} >"$work/haproxy.cfg"
	background lb-1 haproxy.log haproxy -db -q -f "$work/haproxy.cfg"
}
down_haproxy() { in_ns lb-1 ip addr del "$service/32" dev lo; }

up_nginx() {
	local port node
	in_ns lb-1 ip addr add "$service/32" dev lo
	{
		echo "load_module /usr/lib/nginx/modules/ngx_stream_module.so;"
		echo "user root; daemon off; worker_processes $(nproc); pid $work/nginx.pid; error_log $work/nginx-error.log;"
		echo "events { worker_connections 8192; }"
		echo "stream {"
		for port in "$http" "$sink"; do
			echo "upstream p$port {"
			for node in "${nodes[@]}"; do echo "server $node:$port;"; done
			echo "}"
			echo "server { listen $service:$port reuseport backlog=4096; proxy_pass p$port; }"
		done
		echo "server { listen $service:$sink udp reuseport; proxy_pass p$sink; proxy_timeout 5s; }"
		echo "}"
	} >"$work/nginx.conf"
	background lb-1 nginx.log nginx -e "$work/nginx-error.log" -c "$work/nginx.conf"
}
down_nginx() { in_ns lb-1 ip addr del "$service/32" dev lo; }

up_gale() { # FORWARDING XDP_MODE
	local n name
	mkdir -p "$work/gale"
	{
		cat <<-CONFIG
			[private_interface]
			net_interface_private = "priv"
			[public_interface]
			net_interface_public = "pub"
			[node_health]
			checks_before_routing = 2
			checks_timeout = "5s"
			[load_balancer_quorum]
			addresses = [{ ip = "10.98.2.1", port = 9090 }]
			data_directory = "$work/gale/data"
			[data_plane]
			xdp_mode = "$2"
			pin_path = "/sys/fs/bpf/${prefix%-}"
		CONFIG
		for name in "web tcp $http" "streams tcp $sink" "datagrams udp $sink"; do
			read -r name protocol port <<<"$name"
			printf '[[services]]\nname = "%s"\naddresses = ["%s"]\nprotocol = "%s"\nport = %d\nforwarding = "%s"\n' \
				"$name" "$service" "$protocol" "$port" "$1"
		done
	} >"$work/gale/lb.toml"
	background lb-1 gale-lb.log bin/gale-lb --config "$work/gale/lb.toml"
	for n in 1 2 3; do
		cat >"$work/gale/node-$n.toml" <<-CONFIG
			[load_balancer]
			addresses = [{ ip = "10.98.2.1", port = 7070 }]
			[node]
			name = "node-$n"
			[forwarding]
			mode = "${1/l4/none}"
			decapsulation = "$2"
			[health_check]
			tcp = "10.98.2.1$n:$http"
		CONFIG
		background "node-$n" "gale-node-$n.log" bin/gale-node --config "$work/gale/node-$n.toml"
	done
	# All three in the ring: the load is to be spread over as many as the others'.
	for ((n = 0; n < 300; n++)); do
		[[ $(in_ns lb-1 curl -fs --max-time 2 http://10.98.2.1:5555/api/v1/status 2>/dev/null | jq .nodes.routable) == 3 ]] && return
		sleep 0.1
	done
	echo "bench wire: no three nodes are routable: see $work/gale-*.log" >&2
	return 1
}
down_gale() { rm -rf "$work/gale"; }
up_gale-l4() { up_gale l4 auto; }
down_gale-l4() { down_gale; }
up_gale-l3() { answers_by node && up_gale l3 auto; }
down_gale-l3() { down_gale && answers_by replica; }
up_gale-l2() { answers_by node && up_gale l2 auto; }
down_gale-l2() { down_gale && answers_by replica; }
up_gale-l4-tc() { up_gale l4 tc; }
down_gale-l4-tc() { down_gale; }
up_gale-l3-tc() { answers_by node && up_gale l3 tc; }
down_gale-l3-tc() { down_gale && answers_by replica; }

# ---- loads ------------------------------------------------------------------------------------------------------------

put() { printf '%s\t%s\t%s\t%s\n' "$round" "$contender" "$1" "$2" >>"$work/results.tsv"; } # METRIC VALUE
busy() { awk '/^cpu / { printf "%.0f\n", ($2 + $3 + $4 + $7 + $8 + $9) * 10000 }' /proc/stat; } # microseconds of all processors
quotient() { awk -v a="$1" -v b="$2" -v d="$3" 'BEGIN { printf "%." d "f\n", (b > 0 ? a / b : 0) }'; } # DIVIDEND DIVISOR DECIMALS
taken() { # datagrams that the nodes' programs have been given
	local n
	for n in 1 2 3; do in_ns "node-$n" awk '/^Udp: [0-9]/ { print $2 }' /proc/net/snmp; done | awk '{ n += $1 } END { print n }'
}

http_load() { # METRIC close|keep
	local before after done failed p50 p99
	before=$(busy)
	read -r _ done _ failed _ p50 _ p99 < <(in_ns client "$load" http "$target" "$http" 32 "$seconds" "$2")
	after=$(busy)
	put "$1, 1/s" "$(quotient "$done" "$seconds" 0)"
	put "$1, p50 us" "$p50"
	put "$1, p99 us" "$p99"
	put "$1, cpu us" "$(quotient $((after - before)) "$done" 1)"
	put "$1, errors" "$failed"
}
bulk_load() { # METRIC FLOWS
	local gbps
	read -r _ gbps < <(in_ns client "$load" bulk "$target" "$sink" "$2" "$seconds")
	put "$1, Gbit/s" "$gbps"
}
datagram_load() { # METRIC RATE
	local before after from to
	before=$(busy) from=$(taken)
	in_ns client "$load" udp "$target" "$sink" 8 "$seconds" "$2" >"$work/udp"
	after=$(busy)
	sleep 0.2
	to=$(taken)
	put "$1, k/s" "$(quotient $((to - from)) $((seconds * 1000)) 1)"
	put "$1, cpu us" "$(quotient $((after - before)) $((to - from)) 2)"
}
run_load() {
	# HAProxy has no UDP.
	[[ $1 != datagrams* || $contender != haproxy ]] || return 0
	case $1 in
	connections) http_load connections close ;;
	requests) http_load requests keep ;;
	bulk1) bulk_load "1 stream" 1 ;;
	bulk8) bulk_load "8 streams" 8 ;;
	datagrams) datagram_load datagrams 0 ;;
	datagrams-50k) datagram_load "50k datagrams" 50000 ;;
	*)
		echo "bench wire: there is no load $1" >&2
		return 2
		;;
	esac
}

ready() { # the service answers, and did so often enough for neighbours to be known
	local _ errors
	for _ in {1..60}; do
		read -r _ _ _ errors _ < <(in_ns client "$load" http "$target" "$http" 6 1 close) && ((errors == 0)) && return
	done
	echo "bench wire: $contender does not answer on $target:$http" >&2
	return 1
}

rm -rf "$work"
mkdir -p "$work"
"${topology[@]}" up
in_ns client sysctl -qw net.ipv4.ip_local_port_range='1024 65535'
# Rounds and contenders use the same addresses and ports towards the nodes again and again. A node with the pair in TIME_WAIT answers a SYN with a late ACK where
# the client's time stamps begin elsewhere for each connection, as newer kernels have them: one contender's past would be the next one's wait.
for n in 1 2 3; do in_ns "node-$n" sysctl -qw net.ipv4.tcp_max_tw_buckets=0; done
answers_by replica
for n in 1 2 3; do
	nsenter --net="/run/netns/${prefix}node-$n" "$load" serve 0.0.0.0 "$http" "$sink" >>"$work/node-$n.log" 2>&1 </dev/null &
	servers+=($!)
done
for ((round = 1; round <= rounds; round++)); do
	for ((k = 0; k < ${#contenders[@]}; k++)); do
		contender=${contenders[(k + round - 1) % ${#contenders[@]}]}
		target=$service
		"up_$contender"
		ready
		for one in ${loads//,/ }; do run_load "$one"; done
		end "${balancer[@]}"
		balancer=()
		"down_$contender"
		echo "round $round of $rounds: $contender" >&2
	done
done
python3 bench/wire/report.py "$work/results.tsv" "${contenders[0]}" ${json:+"$json"}
