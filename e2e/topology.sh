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
#
#              10.98.1.0/24                                       10.98.2.0/24
#   client  pub ---+                        +--- pub  lb-1  priv ---+        +--- priv  node-1
#    .100          |  switch-pub (bridge)   |    .1          .1     |        |           .11
#                  +------------------------+--- pub  lb-2  priv ---+--------+--- priv  node-2
#                                           |    .2          .2     |        |           .12
#                                           +--- pub  lb-3  priv ---+        +--- priv  node-3 ...
#                                                .3          .3    switch-priv (bridge)  .13
#
# The client has no route to the private network and nothing here forwards IP: what reaches a node was brought there by
# a replica. A node sends all it has for others through no router either: replies go to the replica's private address.
#
# Frames are as on a cable: senders complete checksums and do not leave segmentation to others (tx off; an XDP program
# would otherwise see the pseudo-header sum only), receivers run GRO (which gives a veth end the NAPI context that
# XDP_REDIRECT into its peer needs), and each end has one queue and a pfifo (several queues with a queueing discipline
# and GRO-only NAPI can stop for good). The replicas' own ends keep tx on, as a real machine does.
#
# Settings of the printed configurations, from the environment:
#   GALE_CHECKS_TIMEOUT (1s)  GALE_BLACK_LIST_AFTER_FAILS (5)  GALE_BLACK_LIST_EXPIRY (5m)
#   GALE_ENFORCE_SINGLE_CONFIGURATION (false)
set -euo pipefail

prefix='' replicas=3 nodes=4
usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; }
while getopts p:l:n:h option; do
	case $option in
	p) prefix=$OPTARG ;;
	l) replicas=$OPTARG ;;
	n) nodes=$OPTARG ;;
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

# cable NAMESPACE INTERFACE ADDRESS SWITCH PORT : an interface with an address, plugged into a switch
cable() {
	local namespace=$1 interface=$2 address=$3 switch=$4 port=$5
	ip link add "$interface" netns "$namespace" numrxqueues 1 numtxqueues 1 type veth \
		peer name "$port" netns "$switch" numrxqueues 1 numtxqueues 1
	in_ns "$namespace" ethtool -K "$interface" gro on >/dev/null
	in_ns "$switch" ethtool -K "$port" tx off gro on >/dev/null
	# Clients and nodes are the first senders; a switch port alone cannot finish what its bridge merged.
	[[ $namespace == "$prefix"lb-* ]] || in_ns "$namespace" ethtool -K "$interface" tx off >/dev/null
	in_ns "$namespace" tc qdisc add dev "$interface" root pfifo limit 1000
	in_ns "$switch" tc qdisc add dev "$port" root pfifo limit 1000
	ip -n "$switch" link set "$port" master br0 up
	ip -n "$namespace" addr add "$address" dev "$interface"
	ip -n "$namespace" link set "$interface" up
}

# The kernel reports a new link's state up to a second late; whoever compares before and after needs it settled.
settle() {
	local namespace _
	for namespace in $(namespaces); do
		for _ in {1..100}; do
			ip -n "$namespace" -br link show | grep -qE '^[^ ]+ +(DOWN|LOWERLAYERDOWN) ' || continue 2
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
	cable "$client" pub 10.98.1.100/24 "$switch_pub" client
	for ((n = 1; n <= replicas; n++)); do
		make_namespace "${prefix}lb-$n"
		cable "${prefix}lb-$n" pub "10.98.1.$n/24" "$switch_pub" "lb-$n"
		cable "${prefix}lb-$n" priv "10.98.2.$n/24" "$switch_priv" "lb-$n"
	done
	for ((n = 1; n <= nodes; n++)); do
		make_namespace "${prefix}node-$n"
		cable "${prefix}node-$n" priv "10.98.2.$((10 + n))/24" "$switch_priv" "node-$n"
	done
	settle
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
	local n peers=()
	for ((n = 1; n <= replicas; n++)); do peers+=("    { ip = \"10.98.2.$n\", port = 9090 },"); done
	cat <<CONFIG
[private_interface]
node_port = 7070
api_port = 5555
load_balancer_port = 9090
net_interface_private = "priv"

[public_interface]
clients_port = 8080
net_interface_public = "pub"

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
pin_path = "$pins"
CONFIG
}

node_config() { # N
	local n
	echo "[load_balancer]"
	echo "addresses = ["
	for ((n = 1; n <= replicas; n++)); do echo "    { ip = \"10.98.2.$n\", port = 7070 },"; done
	cat <<CONFIG
]

[node]
name = "node-$1"
service_port = 8080

[health_check]
tcp = "10.98.2.$((10 + $1)):8080"
interval = "250ms"
timeout = "200ms"
CONFIG
}

ping_all() {
	local n bad=0
	reaches() { in_ns "$1" ping -n -q -c 1 -W 2 "$2" >/dev/null 2>&1; }
	for ((n = 1; n <= replicas; n++)); do
		reaches "$client" "10.98.1.$n" || { echo "topology: no way from client to lb-$n" && bad=1; }
		reaches "${prefix}lb-$n" "10.98.2.$((n % replicas + 1))" || { echo "topology: lb-$n does not reach its peer" && bad=1; }
	done
	for ((n = 1; n <= nodes; n++)); do
		reaches "${prefix}lb-1" "10.98.2.$((10 + n))" || { echo "topology: no way from lb-1 to node-$n" && bad=1; }
		! reaches "$client" "10.98.2.$((10 + n))" || { echo "topology: client reaches node-$n by itself" && bad=1; }
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
