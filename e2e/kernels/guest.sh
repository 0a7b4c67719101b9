#!/usr/bin/env bash
# guest.sh - what is checked inside a kernel that run.sh has booted. Each result is a line "PASSED FAILED SKIPPED NAME" on the second serial port.
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
export TMPDIR=/run DOTNET_EnableDiagnostics=0 DOTNET_TieredPGO=0 DOTNET_CLI_TELEMETRY_OPTOUT=1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
results=/dev/ttyS1 prefix=gale- work=/run/gale
topology=("$root/e2e/topology.sh" -p "$prefix" -l 1 -n 2)
# Heartbeats come late in an emulated machine.
export GALE_SERVICES=wide GALE_XDP_MODE=native GALE_CHECKS_TIMEOUT=30s

agents=()

say() { echo "$*" >"$results"; }
trap 'say "done"; echo o >/proc/sysrq-trigger; sleep 60' EXIT

check() { # NAME COMMAND... : all it says goes to the console
	local name=$1
	shift
	if "$@" >"$work/check" 2>&1; then
		say "1 0 0 $name"
	else
		say "0 1 0 $name: $(tail -n 3 "$work/check" | tr '\r\n' '  ')"
	fi
	cat "$work/check"
}

in_ns() { nsenter --net="/run/netns/$prefix$1" "${@:2}"; }
# daemon NAMESPACE LOG COMMAND... : nsenter replaces itself, so that $! is the command's own.
daemon() { nsenter --net="/run/netns/$prefix$1" "${@:3}" >>"$work/$2.log" 2>&1 </dev/null & }

within() { # SECONDS COMMAND... : waits until the command succeeds
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 0.2
	done
}

status() { in_ns lb-1 curl -fsS --max-time 10 http://10.98.2.1:5555/api/v1/status; }
both_routable() { status | jq -e '.nodes.routable == 2 and .data_plane.applied_index >= .raft.applied_index' >/dev/null; }

start() {
	mount -t bpf bpf /sys/fs/bpf
	mkdir -p "$work/lb-1/data"
	ip link set lo up
}

# A redirect into a veth needs its peer's NAPI, which before 5.13 only an XDP program turns on; since then topology.sh's GRO does. A card has
# no such need. The nodes' program, told of no address, passes everything.
wake_far_ends() {
	local side
	[[ $(printf '5.13\n%s\n' "$(uname -r)" | sort -V | head -n 1) != 5.13 ]] || return 0
	for side in pub priv; do
		in_ns "switch-$side" ip link set dev lb-1 xdpdrv object "$root/.build/bpf/galenode.bpf.o" section xdp || return
	done
}

# node-1 serves IPv4, node-2 IPv6; both have their services' addresses of modes l2 and l3 from gale-node.
bring_up() {
	local n family any
	"${topology[@]}" -w up && wake_far_ends || return
	"${topology[@]}" lb-config 1 "$work" >"$work/lb.toml"
	daemon lb-1 lb-1 "$root/bin/gale-lb" --config "$work/lb.toml"
	lb=$!
	for n in 1 2; do
		family=$((n == 1 ? 4 : 6))
		any=$([[ $family == 4 ]] && echo 0.0.0.0 || echo ::)
		# A node's own check may be late as well, and a family has one node here.
		GALE_FAMILY=$family "${topology[@]}" node-config "$n" | sed 's/^interval = .*/interval = "10s"/; s/^timeout = .*/timeout = "10s"/' >"$work/node-$n.toml"
		daemon "node-$n" "http-$n" "$root/e2e/http_node.py" "node-$n" "$any" 8080
		daemon "node-$n" "udp-$n" "$root/e2e/udp_node.py" "node-$n" 8080 "$(own "$n" "$family")" "$(service 2 "$family")"
		daemon "node-$n" "node-$n" "$root/bin/gale-node" --config "$work/node-$n.toml"
		agents+=($!)
	done
	within 400 both_routable || {
		tail -n 5 "$work"/*.log
		return 1
	}
}
own() { if [[ $2 == 4 ]]; then echo "10.98.2.1$1"; else echo "fd98:2::1$1"; fi; }      # NODE FAMILY
service() { if [[ $2 == 4 ]]; then echo "10.98.9.$1"; else echo "fd98:9::$1"; fi; } # HOST FAMILY

is_native() { # NAMESPACE INTERFACE : with a program in the driver, not behind it
	local link
	link=$(ip -n "$prefix$1" link show dev "$2")
	[[ $link == *' xdp '* ]] || {
		echo "$link"
		return 1
	}
}

# tcp ADDRESS:PORT NODE : requests on new connections, answered by the node; one of many packets
tcp() {
	local _ answer
	for _ in {1..20}; do
		answer=$(in_ns client curl -gsS --max-time 30 "http://$1/") || return
		[[ $answer == "$2" ]] || {
			echo "$1 answered '$answer', not '$2'"
			return 1
		}
	done
	answer=$(in_ns client curl -gsS --max-time 60 "http://$1/bytes/200000" | wc -c)
	((answer == 200000)) || {
		echo "$1 gave $answer of 200000 bytes"
		return 1
	}
}

# udp ADDRESS NODE : datagrams, some in fragments, each answered by the node with what was asked
udp() {
	in_ns client python3 - "$1" "$2" <<-'PYTHON'
		import socket, sys
		address, node = sys.argv[1:]
		for size in [20] * 20 + [4000] * 5:
		    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as asking:
		        asking.settimeout(30)
		        asking.connect((address, 8080))
		        question = b"q" * size
		        asking.send(question)
		        answer = asking.recv(65535)
		        if answer != node.encode() + b" " + question:
		            sys.exit(f"{address}: another answer to {size} bytes: {answer[:40]}")
	PYTHON
}

forward() { # IN WORDS
	local family node address
	for family in 4 6; do
		node=node-$((family == 4 ? 1 : 2))
		for mode in 1:L4 2:L2 3:L3; do
			address=$(service "${mode%:*}" "$family")
			[[ $family == 4 ]] || address="[$address]"
			check "TCP over IPv$family forwarded by ${mode#*:}$1" tcp "$address:8080" "$node"
		done
		check "UDP over IPv$family forwarded by L4$1" udp "$(service 1 "$family")" "$node"
		check "UDP over IPv$family forwarded by L2$1" udp "$(service 2 "$family")" "$node"
		check "ping of a service address$1, IPv$family" in_ns client ping -n -c 3 -W 20 "$(service 1 "$family")"
	done
}

goes_on() {
	kill -KILL "$lb"
	wait "$lb"
	! status || return
	tcp 10.98.9.1:8080 node-1 && tcp '[fd98:9::1]:8080' node-2
}

# What the killed process left, taken over by one whose clients' packets are seen in TC.
take_over_in_tc() {
	sed -i 's/^xdp_mode = .*/xdp_mode = "tc"/' "$work/lb.toml"
	daemon lb-1 lb-1 "$root/bin/gale-lb" --config "$work/lb.toml"
	within 400 both_routable && status | jq -e '.data_plane.mode == "tc"' >/dev/null && ! is_native lb-1 pub >/dev/null || {
		tail -n 5 "$work/lb-1.log"
		return 1
	}
}

# Senders leave checksums to the card from here on, but where an XDP program reads what they send.
leave_checksums() {
	local place
	for place in client:pub switch-pub:client switch-pub:lb-1 switch-priv:lb-1 node-{1,2}:p{ub,riv} switch-pub:node-{1,2}; do
		in_ns "${place%:*}" ethtool -K "${place#*:}" tx on tso on >/dev/null || return
	done
}

# are_half_done INTERFACE : whether TCP that comes to the replica by it has its checksum for a card to finish (TP_STATUS_CSUMNOTREADY)
are_half_done() {
	local watcher
	in_ns lb-1 timeout 100 python3 - "$1" <<-'PYTHON' &
		import socket, struct, sys
		sol_packet, packet_auxdata, checksum_not_ready = 263, 8, 8
		all_protocols = 3 # those who ask for one protocol see packets after the programs
		with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(all_protocols)) as interface:
		    interface.setsockopt(sol_packet, packet_auxdata, 1)
		    interface.bind((sys.argv[1], all_protocols))
		    while True:
		        packet, beside, _, sender = interface.recvmsg(100, 100)
		        if sender[1] == 0x0800 and sender[2] != socket.PACKET_OUTGOING and packet[9] == socket.IPPROTO_TCP:
		            break
		if not struct.unpack("I", beside[0][2][:4])[0] & checksum_not_ready:
		    sys.exit(f"{sys.argv[1]}: the checksum is whole")
	PYTHON
	watcher=$!
	within 100 eval "download 10.98.9.1:8080; ! kill -0 $watcher 2>/dev/null" && wait "$watcher"
}

count_of() { # REASON : packets
	in_ns lb-1 curl -fsS --max-time 10 http://10.98.2.1:5555/metrics | awk -v name="galelb_packets_total{reason=\"$1\"}" '$1 == name { print $2 }'
}

# counts_more REASON COMMAND... : whether it succeeds, and more packets than before had that reason
counts_more() {
	local reason=$1 before
	shift
	before=$(count_of "$reason") && "$@" && (($(count_of "$reason") > before))
}

upload() { # ADDRESS NODE
	local answer
	answer=$(head -c 200000 /dev/zero | in_ns client curl -gsS --max-time 120 -H Expect: --data-binary @- "http://$1/take/200000") && [[ $answer == "$2" ]]
}

download() { # ADDRESS
	local bytes
	bytes=$(in_ns client curl -gsS --max-time 120 "http://$1/bytes/200000" | wc -c) && ((bytes == 200000))
}

is_refused() { # ADDRESS : a connection to it, and a datagram, by an error rather than by silence
	in_ns client python3 - "$1" <<-'PYTHON'
		import socket, sys
		address = sys.argv[1]
		family = socket.AF_INET6 if ":" in address else socket.AF_INET
		for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
		    with socket.socket(family, kind) as asking:
		        asking.settimeout(30)
		        try:
		            asking.connect((address, 8080))
		            asking.send(b"q" * 100)
		            asking.recv(100)
		        except ConnectionRefusedError:
		            continue
		        sys.exit(f"{address} answers")
	PYTHON
}

none_routable() { status | jq -e '.nodes.routable == 0 and .data_plane.applied_index >= .raft.applied_index' >/dev/null; }

# What the programs answer themselves, to packets whose checksums are half done. A change of the way is heard of a moment later. Who has been told
# of a size asks for no larger ones either: the larger size comes first.
answer() {
	local family node address web
	for family in 4 6; do
		node=$((family == 4 ? 1 : 2))
		address=$(service 1 "$family")
		web=$([[ $family == 4 ]] && echo "$address:8080" || echo "[$address]:8080")
		ip -n "${prefix}lb-1" link set pub mtu 1400
		check "IPv$family segments too big for the way to the client: the node is told" within 60 counts_more answered_too_big download "$web"
		ip -n "${prefix}lb-1" link set pub mtu 1500
		ip -n "${prefix}lb-1" "-$family" route add "$(own "$node" "$family")" dev priv mtu 1300
		check "IPv$family segments too big for the way to the node: the client is told" within 60 counts_more answered_too_big upload "$web" "node-$node"
		ip -n "${prefix}lb-1" "-$family" route del "$(own "$node" "$family")" dev priv
	done
	kill "${agents[@]}"
	check "both nodes leave" within 400 none_routable
	for family in 4 6; do
		check "a service without nodes refuses TCP and UDP, IPv$family" is_refused "$(service 1 "$family")"
	done
}

# A warning of the kernel sets bit 9.
is_unharmed() {
	local taint
	taint=$(</proc/sys/kernel/tainted)
	(((taint & 512) == 0)) && ! dmesg | grep -iE 'hw csum failure|WARNING:|BUG:'
}

mount -t tmpfs run /run
start
# 5.10.0-32 is a name; the version behind it is in the banner.
say "kernel $(uname -v | sed -nE 's/.*Debian ([0-9.]+[0-9]).*/\1/p')"
dotnet "$root/tests/GaleLb.Bpf.Tests/bin/Release/net10.0/GaleLb.Bpf.Tests.dll" kernel >"$results" ||
	say "0 1 0 the packet programs' checks ended with status $?"
check "gale-lb with native XDP and two gale-node: both nodes routable" bring_up
check "native XDP on the replica's public interface" is_native lb-1 pub
check "native XDP on the nodes' interfaces, which unwrap" eval 'is_native node-1 priv && is_native node-2 priv'
forward ''
check "forwarding goes on after kill -9 of gale-lb" goes_on
check "gale-lb takes over with clients' packets in TC" take_over_in_tc
forward ' in TC'
check "senders leave checksums to the card" leave_checksums
check "checksums of clients' packets come half done" are_half_done pub
check "checksums of nodes' packets come half done" are_half_done priv
forward ' in TC, checksums half done'
answer
check "the kernel has warned of nothing" is_unharmed
