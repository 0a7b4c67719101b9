#!/usr/bin/env bash
# demo.sh [--once] - GaleLB at work in network namespaces: called by `./build.sh demo`, which builds first.
#
# Three replicas, three nodes and a client come up; requests are balanced; a node and then the leading replica are killed
# while requests go on. What is said to have happened was observed: the first thing that did not ends the demo with 1.
# Without --once all is left running until Ctrl-C.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

prefix=${GALE_DEMO_PREFIX:-galedemo-} replicas=3 nodes=3
work=$root/.build/demo
topology=("$root/e2e/topology.sh" -p "$prefix" -l "$replicas" -n "$nodes")
checks_timeout_ms=1000
export GALE_CHECKS_TIMEOUT=${checks_timeout_ms}ms
declare -A pids # by "lb-1", "node-1", "http-1"
if [[ -t 1 ]]; then bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'; else bold='' dim='' green='' red='' plain=''; fi

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
say() { printf '  %s\n' "$*"; }
observed() { printf '  %s✓%s %s\n' "$green" "$plain" "$*"; }
fail() {
	printf '  %s✗ %s%s\n' "$red" "$*" "$plain" >&2
	local name
	for name in lb-1 lb-2 lb-3; do
		[[ -s $work/$name/log ]] && printf '%s--- %s, its last lines (%s)%s\n' "$dim" "$name" "${work#"$root"/}/$name/log" "$plain" &&
			tail -n 5 "$work/$name/log"
	done >&2
	exit 1
}
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

in_ns() { nsenter --net="/run/netns/$prefix$1" "${@:2}"; }
start() { # KEY NAMESPACE LOG COMMAND...
	local key=$1 namespace=$2 log=$3
	shift 3
	nsenter --net="/run/netns/$prefix$namespace" "$@" >>"$log" 2>&1 </dev/null &
	pids[$key]=$!
	disown
}
kill_hard() { # KEY... : the processes, without a chance to say goodbye
	local key
	for key; do
		kill -KILL "${pids[$key]}"
		unset "pids[$key]"
	done
}

stop() {
	local status=$?
	trap - EXIT INT TERM
	"${topology[@]}" down || status=1
	exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM # until all was observed

api() { in_ns "lb-$1" curl -fsS --max-time 2 "http://10.98.2.$1:5555$2" 2>/dev/null; } # REPLICA PATH
status_of() { api "$1" /api/v1/status | jq -r "$2"; }                                   # REPLICA JQ

# within MILLISECONDS COMMAND... : waits until the command succeeds
within() {
	local deadline=$(($(now_ms) + $1))
	shift
	until "$@"; do
		(($(now_ms) < deadline)) || return 1
		sleep 0.02
	done
}

all_ready() {
	local n
	for n in "$@"; do api "$n" /readyz >/dev/null || return 1; done
}
routable_is() { # COUNT REPLICA... : on each of the replicas
	local count=$1 n
	shift
	for n; do [[ $(status_of "$n" .nodes.routable) == "$count" ]] || return 1; done
}
find_leader() { # REPLICA... : sets leader
	local n
	for n; do
		if [[ $(status_of "$n" '.raft.role | ascii_downcase') == leader ]]; then
			leader=$n
			return
		fi
	done
	return 1
}
same_table() { # REPLICA... : equal digests at equal index
	local n seen='' this
	for n; do
		this=$(status_of "$n" '"\(.data_plane.applied_index) \(.data_plane.table_digest)"') || return 1
		[[ -z $seen || $seen == "$this" ]] || return 1
		seen=$this
	done
	digest=${seen#* }
}

addresses() { local n; for n; do echo "10.98.1.$n"; done; }
requests() { in_ns client "$root/e2e/http_client.py" "$@"; }
table() { # FILE : requests by replica and node
	awk '
		{ replica = "lb-" substr($2, 9); rows[replica]; if ($3 ~ /^!/) bad[replica]++; else { nodes[$3]; n[replica, $3]++ } }
		END {
			printf "    %-8s", "through"
			for (i = 1; i <= 9; i++) if (("node-" i) in nodes) printf "%9s", "node-" i
			printf "%9s\n", "failed"
			for (r = 1; r <= 9; r++) {
				replica = "lb-" r
				if (!(replica in rows)) continue
				printf "    %-8s", replica
				for (i = 1; i <= 9; i++) if (("node-" i) in nodes) printf "%9d", n[replica, "node-" i]
				printf "%9d\n", bad[replica]
			}
		}' "$1"
}
count() { awk -v from="$2" -v to="$3" -v want="$4" '$1 >= from && $1 < to && (want == "failed") == ($3 ~ /^!/)' "$1" | wc -l; }

bring_up() {
	local n
	title "1. Three replicas, three nodes and a client, each in a network namespace"
	rm -rf "$work"
	mkdir -p "$work"
	"${topology[@]}" up
	for ((n = 1; n <= replicas; n++)); do
		mkdir -p "$work/lb-$n"
		"${topology[@]}" lb-config "$n" "$work" >"$work/lb-$n/lb.toml"
		start "lb-$n" "lb-$n" "$work/lb-$n/log" "$root/bin/gale-lb" --config "$work/lb-$n/lb.toml"
	done
	for ((n = 1; n <= nodes; n++)); do
		mkdir -p "$work/node-$n"
		"${topology[@]}" node-config "$n" >"$work/node-$n/node.toml"
		start "http-$n" "node-$n" "$work/node-$n/http.log" "$root/e2e/http_node.py" "node-$n" "10.98.2.$((10 + n))" 8080
		start "node-$n" "node-$n" "$work/node-$n/log" "$root/bin/gale-node" --config "$work/node-$n/node.toml"
	done
	within 60000 all_ready 1 2 3 || fail "not every replica became ready within 60 s"
	within 60000 find_leader 1 2 3 || fail "no replica leads after 60 s"
	observed "replicas 10.98.1.1, .2 and .3 are ready; lb-$leader leads (term $(status_of "$leader" .raft.term))"
	within 60000 routable_is "$nodes" 1 2 3 || fail "not every node became routable within 60 s"
	observed "all $nodes nodes passed their checks and are routable on every replica"
}

balance() {
	local n node each=300 got
	title "2. The client asks each replica's public address $each times, a new connection each"
	# shellcheck disable=SC2046 # one word an address
	requests --count $((each * replicas)) --rate 600 $(addresses 1 2 3) >"$work/balance"
	table "$work/balance"
	[[ $(count "$work/balance" 0 9e15 failed) == 0 ]] || fail "some requests failed"
	for ((n = 1; n <= replicas; n++)); do
		for ((node = 1; node <= nodes; node++)); do
			got=$(grep -c " 10.98.1.$n node-$node\$" "$work/balance" || true)
			# A third of 300 is 100; with random ports 60 is five standard deviations away.
			((got >= 60 && got <= 140)) || fail "lb-$n sent $got of $each requests to node-$node, far from a third"
		done
	done
	observed "$((each * replicas)) of $((each * replicas)) answered, every node near a third through every replica"
}

show_status() {
	title "3. The cluster as galectl shows it"
	local command
	for command in status nodes; do
		printf '  %s$ galectl --api http://10.98.2.1:5555 %s%s\n' "$dim" "$command" "$plain"
		in_ns lb-1 "$root/bin/galectl" --api http://10.98.2.1:5555 "$command" | sed 's/^/    /' || fail "galectl $command failed"
	done
	within 3000 same_table 1 2 3 || fail "the replicas do not show the same table"
	observed "all three replicas forward by the same table, digest ${digest:0:16}…"
}

kill_node() {
	local killed out client log=$work/node-loss
	title "4. kill -9: node-2 with its gale-node, while requests go on"
	# shellcheck disable=SC2046 # one word an address
	requests --seconds 6 --rate 200 $(addresses 1 2 3) >"$log" &
	client=$!
	sleep 1
	killed=$(now_ms)
	kill_hard http-2 node-2
	within $((checks_timeout_ms + 1000)) routable_is $((nodes - 1)) 1 2 3 ||
		fail "node-2 is still in a ring more than checks_timeout + 1 s after its death"
	out=$(now_ms)
	wait "$client"
	say "before           $(count "$log" 0 "$killed" ok) answered, $(count "$log" 0 "$killed" failed) failed"
	say "until it was out $(count "$log" "$killed" "$out" ok) answered, $(count "$log" "$killed" "$out" failed) failed (they were sent to the dead node)"
	say "after            $(count "$log" "$out" 9e15 ok) answered, $(count "$log" "$out" 9e15 failed) failed"
	[[ $(count "$log" 0 "$killed" failed) == 0 ]] || fail "requests failed before anything was killed"
	[[ $(count "$log" "$out" 9e15 failed) == 0 && $(count "$log" "$out" 9e15 ok) -gt 100 ]] || fail "requests failed after node-2 had left the rings"
	observed "node-2 was out of all three rings $((out - killed)) ms after its death (checks_timeout is $checks_timeout_ms ms); none failed after that"
}

kill_leader() {
	local n old killed client log=$work/leader-loss others=()
	find_leader 1 2 3 || fail "no replica leads"
	old=$leader
	for ((n = 1; n <= replicas; n++)); do ((n == old)) || others+=("$n"); done
	title "5. kill -9: lb-$old, which leads, while requests go on"
	# shellcheck disable=SC2046 # one word an address
	requests --seconds 5 --rate 200 $(addresses 1 2 3) >"$log" &
	client=$!
	sleep 1
	killed=$(now_ms)
	kill_hard "lb-$old"
	within 2000 find_leader "${others[@]}" || fail "no new leader within 2 s"
	say "lb-$leader leads now, $(($(now_ms) - killed)) ms after the kill (term $(status_of "$leader" .raft.term))"
	wait "$client"
	awk -v killed="$killed" '$1 >= killed' "$log" >"$log.after"
	table "$log.after"
	for n in "${others[@]}"; do
		! grep -q " 10.98.1.$n !" "$log" || fail "requests through lb-$n failed"
		[[ $(grep -c " 10.98.1.$n node-" "$log.after") -gt 50 ]] || fail "too few requests went through lb-$n to say anything"
	done
	observed "no request through lb-${others[0]} or lb-${others[1]} failed"
	! grep -q " 10.98.1.$old !" "$log" || fail "lb-$old stopped forwarding when its process died"
	observed "the kernel of lb-$old keeps forwarding by its last table, without the process"
	within 3000 routable_is $((nodes - 1)) "${others[@]}" || fail "the surviving nodes are not all routable under the new leader"
	observed "the nodes heartbeat through the others: $((nodes - 1)) routable"
}

hints() {
	trap 'exit 0' INT TERM
	title "Left running. Ctrl-C ends it and removes the namespaces. To try from another terminal, as root:"
	cat <<HINTS
  a request            nsenter --net=/run/netns/${prefix}client curl http://10.98.1.$leader:8080/
  the status           nsenter --net=/run/netns/${prefix}lb-$leader $root/bin/galectl --api http://10.98.2.$leader:5555 status
  by REST              nsenter --net=/run/netns/${prefix}lb-$leader curl -s http://10.98.2.$leader:5555/api/v1/nodes | jq
  node-2 back          nsenter --net=/run/netns/${prefix}node-2 $root/e2e/http_node.py node-2 10.98.2.12 8080 &
                       nsenter --net=/run/netns/${prefix}node-2 $root/bin/gale-node --config $work/node-2/node.toml
  logs                 tail -f $work/*/log
HINTS
	while :; do sleep 1; done
}

bring_up
balance
show_status
kill_node
kill_leader
if [[ ${1:-} == --once ]]; then
	title "All of it was observed. Everything is taken down again."
else
	hints
fi
