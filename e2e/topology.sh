#!/usr/bin/env bash
# topology.sh - the network namespaces in which GaleLB runs for the demo and the end-to-end tests.
#
#   topology.sh -p PREFIX [-l REPLICAS] [-n NODES] COMMAND
#     up               make it all; what an earlier run of the prefix left behind is removed first
#     down             end what runs inside by process id, delete the namespaces and the pinned BPF objects
#     lb-config N DIR  print the configuration of replica N, with its data directory below DIR
#     node-config N    print the configuration of node N
#     ping             check that client, replicas and nodes reach each other as they should, and only so
#
#   -p PREFIX    what every namespace's name starts with, such as galedemo-
#   -l REPLICAS  how many load balancer replicas (default 3)
#   -n NODES     how many node namespaces (default 4)
#   -w           up: wider than the drawing, with the parts described below it
#   -o           up: senders leave checksums and segmentation to others where no XDP program follows, for replicas with xdp_mode = "tc"
#   -s           up: ends steer packets to processors by their addresses (RPS), as cards do: with -o a veth takes packets on the
#                processor that sends, and fragments of a datagram whose sender moves to another one overtake each other
#
#         10.98.1.0/24, fd98:1::/64                          10.98.2.0/24, fd98:2::/64
#   client  pub ---+                        +--- pub  lb-1  priv ---+        +--- priv  node-1
#    .100          |  switch-pub (bridge)   |    .1          .1     |        |           .11
#                  +------------------------+--- pub  lb-2  priv ---+--------+--- priv  node-2
#                                           |    .2          .2     |        |           .12
#                                           +--- pub  lb-3  priv ---+        +--- priv  node-3 ...
#                                                .3          .3    switch-priv (bridge)  .13
#
# Every interface has an IPv6 address too, which ends as the IPv4 one does: the client is fd98:1::100.
#
# The client has no route to the private network and nothing here forwards IP: what reaches a node was brought there by
# a replica. A node sends all it has for others through no router either: replies go to the replica's private address.
#
# With -w there are more ways. The service addresses 10.98.9.0/24 and fd98:9::/64, which nobody here owns, are routed to
# lb-1. Nodes have a cable to the public switch too (pub, .11 to ...), by which they answer clients themselves in modes l2 and l3.
# And a second client, remote (10.98.3.100, fd98:3::100), is behind a router (.200) whose link to it takes 1400 bytes at
# most, while the remote client's own end takes 1500: only the router's ICMP errors tell a sender.
#
# Frames are as on a cable: senders complete checksums and do not leave segmentation to others (tx off; an XDP program
# would otherwise see the pseudo-header sum only), receivers run GRO (which gives a veth end the NAPI context that
# XDP_REDIRECT into its peer needs), and each end has one queue and a pfifo (several queues with a queueing discipline
# and GRO-only NAPI can stop for good). The replicas' own ends keep tx on, as a real machine does.
#
# Settings of the printed configurations, from the environment:
#   GALE_CHECKS_TIMEOUT (1s)  GALE_BLACK_LIST_AFTER_FAILS (5)  GALE_BLACK_LIST_EXPIRY (5m)
#   GALE_ENFORCE_SINGLE_CONFIGURATION (false)  GALE_XDP_MODE (auto)  GALE_DECAPSULATION (auto)
#   GALE_SERVICES (default)  default: TCP on each replica's own address. wide: in each family TCP and UDP, l4 and l2, and TCP by l3
#   GALE_FAMILY (4)          4 or 6: the family of the node, and with wide services which of them it serves
set -euo pipefail

prefix='' replicas=3 nodes=4 wide=false offload=false steer=false
usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; }
while getopts p:l:n:wosh option; do
	case $option in
	p) prefix=$OPTARG ;;
	l) replicas=$OPTARG ;;
	n) nodes=$OPTARG ;;
	w) wide=true ;;
	o) offload=true ;;
	s) steer=true ;;
	h)
		usage
		exit
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
done
shift $((OPTIND - 1))
[[ $prefix =~ ^gale[a-z0-9]*-$ ]] || {
	echo "topology: -p PREFIX must be gale, letters or digits, and a dash" >&2
	exit 2
}

client=${prefix}client switch_pub=${prefix}switch-pub switch_priv=${prefix}switch-priv
remote=${prefix}remote router=${prefix}router
pins=/sys/fs/bpf/${prefix%-}

namespaces() { ip netns list | awk -v p="$prefix" 'index($1, p) == 1 { print $1 }'; }
in_ns() { nsenter --net="/run/netns/$1" "${@:2}"; }

make_namespace() {
	ip netns add "$1"
	ip -n "$1" link set lo up
	in_ns "$1" sysctl -qw \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 \
		net.ipv4.tcp_congestion_control=reno net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=8192
}

make_bridge() { # NAMESPACE
	ip -n "$1" link add br0 type bridge stp_state 0 mcast_snooping 0
	ip -n "$1" link set br0 up
	# A bridge must not run its frames through this machine's packet filter. Absent where the filter is not loaded.
	in_ns "$1" sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 \
		net.bridge.bridge-nf-call-arptables=0 2>/dev/null || true
}

# address NETWORK HOST FAMILY : an address of the plan
address() {
	if [[ $3 == 6 ]]; then echo "fd98:$1::$2"; else echo "10.98.$1.$2"; fi
}

add_addresses() { # NAMESPACE INTERFACE NETWORK HOST
	ip -n "$1" addr add "$(address "$3" "$4" 4)/24" dev "$2"
	ip -n "$1" addr add "$(address "$3" "$4" 6)/64" dev "$2" nodad
}

# cable NAMESPACE INTERFACE NETWORK HOST SWITCH PORT : an interface with its addresses, plugged into a switch
cable() {
	local namespace=$1 interface=$2 switch=$5 port=$6
	ip link add "$interface" netns "$namespace" numrxqueues 1 numtxqueues 1 type veth \
		peer name "$port" netns "$switch" numrxqueues 1 numtxqueues 1
	in_ns "$namespace" ethtool -K "$interface" gro on >/dev/null
	in_ns "$switch" ethtool -K "$port" gro on >/dev/null
	# gale-node unwraps in XDP what comes by this one.
	[[ $offload == true && $port/$switch != node-*/"$switch_priv" ]] || in_ns "$switch" ethtool -K "$port" tx off >/dev/null
	# Clients and nodes are the first senders; a switch port alone cannot finish what its bridge merged.
	[[ $offload == true || $namespace == "$prefix"lb-* ]] || in_ns "$namespace" ethtool -K "$interface" tx off >/dev/null
	in_ns "$namespace" tc qdisc add dev "$interface" root pfifo limit 1000
	in_ns "$switch" tc qdisc add dev "$port" root pfifo limit 1000
	ip -n "$switch" link set "$port" master br0 up
	steer "$namespace" "$interface"
	steer "$switch" "$port"
	add_addresses "$namespace" "$interface" "$3" "$4"
	ip -n "$namespace" link set "$interface" up
}

# steer NAMESPACE INTERFACE : ip-netns mounts that namespace's /sys
steer() {
	"$steer" || return 0
	ip netns exec "$1" sh -c "printf %x $(((1 << ($(nproc) < 31 ? $(nproc) : 31)) - 1)) >/sys/class/net/$2/queues/rx-0/rps_cpus"
}

# The kernel reports a new link's state up to a second late; whoever compares before and after needs it settled.
settle() {
	local namespace links _
	for namespace in $(namespaces); do
		for _ in {1..100}; do
			links=$(ip -n "$namespace" -br link show)
			grep -qE '^[^ ]+ +(DOWN|LOWERLAYERDOWN) ' <<<"$links" || continue 2
			sleep 0.05
		done
		echo "topology: interfaces of $namespace do not come up" >&2
		return 1
	done
}

up() {
	local n
	down
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	make_namespace "$switch_pub"
	make_namespace "$switch_priv"
	make_bridge "$switch_pub"
	make_bridge "$switch_priv"
	make_namespace "$client"
	cable "$client" pub 1 100 "$switch_pub" client
	# ping by a datagram socket, for which the kernel checks IPv4 checksums; with a raw one wrong ones pass for answers.
	in_ns "$client" sysctl -qw net.ipv4.ping_group_range='0 0'
	for ((n = 1; n <= replicas; n++)); do
		make_namespace "${prefix}lb-$n"
		cable "${prefix}lb-$n" pub 1 "$n" "$switch_pub" "lb-$n"
		cable "${prefix}lb-$n" priv 2 "$n" "$switch_priv" "lb-$n"
	done
	for ((n = 1; n <= nodes; n++)); do
		make_namespace "${prefix}node-$n"
		cable "${prefix}node-$n" priv 2 $((10 + n)) "$switch_priv" "node-$n"
	done
	! "$wide" || widen
	settle
}

# route NAMESPACE NETWORK VIA-HOST : to a network of the plan, through a host of the public one
route() {
	ip -n "$1" route add "$(address "$2" 0 4)/24" via "$(address 1 "$3" 4)"
	ip -n "$1" route add "$(address "$2" 0 6)/64" via "$(address 1 "$3" 6)"
}

widen() {
	local n
	make_namespace "$router"
	cable "$router" pub 1 200 "$switch_pub" router
	make_namespace "$remote"
	ip link add near netns "$router" type veth peer name far netns "$remote"
	add_addresses "$router" near 3 1
	add_addresses "$remote" far 3 100
	ip -n "$router" link set near mtu 1400 up
	ip -n "$remote" link set far up
	in_ns "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n "$remote" route add default via "$(address 3 1 4)"
	ip -n "$remote" route add default via "$(address 3 1 6)"
	route "$router" 9 1
	route "$client" 9 1
	for ((n = 1; n <= replicas; n++)); do route "${prefix}lb-$n" 3 200; done
	for ((n = 1; n <= nodes; n++)); do
		cable "${prefix}node-$n" pub 1 $((10 + n)) "$switch_pub" "node-$n"
		route "${prefix}node-$n" 3 200
	done
}

# end SIGNAL : to every process that lives in one of the namespaces
end() {
	local namespace pid
	for namespace in $(namespaces); do
		for pid in $(ip netns pids "$namespace"); do kill "-$1" "$pid" 2>/dev/null || true; done
	done
}
running() {
	local namespace
	for namespace in $(namespaces); do ip netns pids "$namespace"; done
}

down() {
	local namespace _
	if [[ -n $(running) ]]; then
		end TERM
		for _ in {1..30}; do
			[[ -z $(running) ]] && break
			sleep 0.1
		done
		end KILL
	fi
	for namespace in $(namespaces); do ip netns delete "$namespace"; done
	rm -rf "$pins"
	for _ in {1..50}; do
		[[ -z $(namespaces) ]] && return
		sleep 0.1
	done
	echo "topology: still there: $(namespaces | paste -sd' ')" >&2
	return 1
}

lb_config() { # N DIRECTORY
	local n peers=() port=$'clients_port = 8080\n'
	[[ ${GALE_SERVICES:-default} == default ]] || port=''
	for ((n = 1; n <= replicas; n++)); do peers+=("    { ip = \"10.98.2.$n\", port = 9090 },"); done
	cat <<CONFIG
[private_interface]
node_port = 7070
api_port = 5555
load_balancer_port = 9090
net_interface_private = "priv"

[public_interface]
${port}net_interface_public = "pub"

[node_health]
checks_before_routing = 3
checks_timeout = "${GALE_CHECKS_TIMEOUT:-1s}"
black_list_after_fails = ${GALE_BLACK_LIST_AFTER_FAILS:-5}
black_list_expiry = "${GALE_BLACK_LIST_EXPIRY:-5m}"

[load_balancer_quorum]
enforce_single_configuration = ${GALE_ENFORCE_SINGLE_CONFIGURATION:-false}
data_directory = "$2/lb-$1/data"
addresses = [
$(printf '%s\n' "${peers[@]}")
]

[data_plane]
xdp_mode = "${GALE_XDP_MODE:-auto}"
pin_path = "$pins"
CONFIG
	[[ ${GALE_SERVICES:-default} == default ]] || { wide_services 4 && wide_services 6; }
}

# The names of the services that -w has in one family, each with that of the family at its end.
wide_names() { echo "own-$1" "translated-$1" "datagrams-$1" "direct-$1" "direct-datagrams-$1" "tunnelled-$1"; }

wide_services() { # FAMILY
	local translated direct
	translated=$(address 9 1 "$1") direct=$(address 9 2 "$1")
	# A replica has addresses of both families of its own: the port tells these two apart.
	service "own-$1" '' tcp l4 "808$1"
	service "translated-$1" "\"$translated\"" tcp l4 8080
	service "datagrams-$1" "\"$translated\"" udp l4 8080
	service "direct-$1" "\"$direct\"" tcp l2 8080
	service "direct-datagrams-$1" "\"$direct\"" udp l2 8080
	service "tunnelled-$1" "\"$(address 9 3 "$1")\"" tcp l3 8080
}

service() { # NAME ADDRESSES PROTOCOL FORWARDING PORT
	cat <<CONFIG

[[services]]
name = "$1"
addresses = [$2]
protocol = "$3"
forwarding = "$4"
port = $5
target_port = 8080
CONFIG
}

node_config() { # N
	local n family=${GALE_FAMILY:-4} own health names
	own=$(address 2 $((10 + $1)) "$family")
	health=$own:8080
	[[ $family == 4 ]] || health="[$own]:8080"
	echo "[load_balancer]"
	echo "addresses = ["
	for ((n = 1; n <= replicas; n++)); do echo "    { ip = \"$(address 2 "$n" "$family")\", port = 7070 },"; done
	cat <<CONFIG
]

[node]
name = "node-$1"
service_port = 8080
CONFIG
	if [[ ${GALE_SERVICES:-default} == wide ]]; then
		names=$(wide_names "$family")
		printf 'services = ["%s"]\n\n[forwarding]\nmode = "l3"\ndecapsulation = "%s"\n' "${names// /\", \"}" "${GALE_DECAPSULATION:-auto}"
	fi
	cat <<CONFIG

[health_check]
tcp = "$health"
interval = "250ms"
timeout = "200ms"
CONFIG
}

ping_all() {
	local n family bad=0
	reaches() { in_ns "$1" ping -n -q -c 1 -W 2 "$2" >/dev/null 2>&1; }
	for family in 4 6; do
		for ((n = 1; n <= replicas; n++)); do
			reaches "$client" "$(address 1 "$n" $family)" || { echo "topology: no way from client to lb-$n, IPv$family" && bad=1; }
			reaches "${prefix}lb-$n" "$(address 2 $((n % replicas + 1)) $family)" || { echo "topology: lb-$n does not reach its peer, IPv$family" && bad=1; }
		done
		for ((n = 1; n <= nodes; n++)); do
			reaches "${prefix}lb-1" "$(address 2 $((10 + n)) $family)" || { echo "topology: no way from lb-1 to node-$n, IPv$family" && bad=1; }
			! reaches "$client" "$(address 2 $((10 + n)) $family)" || { echo "topology: client reaches node-$n by itself, IPv$family" && bad=1; }
		done
	done
	return "$bad"
}

case ${1:-} in
up) up ;;
down) down ;;
lb-config) lb_config "$2" "$3" ;;
node-config) node_config "$2" ;;
ping) ping_all ;;
*)
	usage >&2
	exit 2
	;;
esac
