#!/usr/bin/env bash
# systemd.sh - hosts with systemd, ssh and avahi on this one machine, for the tests of what is installed on hosts. Root.
#
#   systemd.sh up              make and start all hosts; what an earlier run left is removed first
#   systemd.sh down            end them and remove what they wrote
#   systemd.sh status          which run
#   systemd.sh start NAME      start one that stopped or crashed, with its disk as it was
#   systemd.sh stop NAME       shut one down
#   systemd.sh crash NAME      pull its plug
#   systemd.sh in NAME CMD...  run a command in one
#   systemd.sh network NAME... let some fetch packages, and give them this machine's .NET SDK; .build/hosts/source.yml is for their playbooks
#   systemd.sh play ARGS...    ansible-playbook ARGS on the host control, with the inventories of these hosts
#   systemd.sh inventory       what ansible-inventory says of them
#
#        10.97.1.0/24 (pub)               10.97.2.0/24 (priv)
#   control eth1 .100 ---+--- eth1 lb-0 eth0 ---+--- eth0 node-0      lb-0 to lb-3 are .10 to .13,
#                        +--- eth1 lb-1 eth0 ---+--- eth0 node-1      node-0 to node-2 are .20 to .22.
#                        +--- eth1 lb-2 eth0 ---+--- eth0 node-2      lb-3 is a spare, control runs ansible
#                        +--- eth1 lb-3 eth0 ---+--- eth0 control     and is the client.
#
# Each host has its own mount, pid, uts, ipc, cgroup and network namespaces, and its own overlay over one Debian tree, made once
# by debootstrap (.build/hosts/root, about 45 s). The user vagrant logs in by the key .build/hosts/key and may sudo, as on Vagrant's
# machines; names are told by mDNS. .build/hosts/inventory.ini adds to ansible/e2e-hosts.ini what is different here; .build/hosts/own.yml
# is an inventory as yours may be, for e2e --hosts FILE (docs/HACKING.md).
# GALE_HOSTS_PREFIX (galehosts-) changes the names of namespaces and cgroups, so that two clones can run side by side.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
prefix=${GALE_HOSTS_PREFIX:-galehosts-}
home=$root/.build/hosts tree=$root/.build/hosts/root
# Where this machine does not have the second version of cgroups at its usual place, it is mounted aside.
cgroup2=/sys/fs/cgroup
[[ $(stat -fc %T $cgroup2) == cgroup2fs ]] || cgroup2=$root/.build/hosts/cgroup2
cgroups=$cgroup2/${prefix%-}
hosts=(control lb-0 lb-1 lb-2 lb-3 node-0 node-1 node-2)
packages=systemd,systemd-sysv,dbus,openssh-server,openssh-client,python3,python3-apt,kmod,iproute2,iputils-ping,sudo,udev,netbase
packages+=,avahi-daemon,libnss-mdns,ca-certificates,libbpf1,libelf1,libssl3,libstdc++6,ethtool,procps,curl,jq,bpftool,init-system-helpers
# What the tests themselves use: to cut a host off, to keep what passed its interfaces, and to pack the sources.
packages+=,nftables,tcpdump,git

die() { echo "hosts: $*" >&2 && exit 1; }
in_ns() { nsenter --net="/run/netns/$prefix$1" "${@:2}"; }
number() { # NAME : the last byte of its addresses
	case $1 in
	control) echo 100 ;;
	lb-*) echo $((10 + ${1#lb-})) ;;
	node-*) echo $((20 + ${1#node-})) ;;
	esac
}
is_host() { [[ " ${hosts[*]} " == *" $1 "* ]] || die "there is no host ${1:-without a name}; there are: ${hosts[*]}"; }
pid_of() { # NAME : of its init as this machine counts, or of the way out, if it runs
	local pid
	pid=$(cat "$home/$1/pid" 2>/dev/null) && [[ -d /proc/$pid && $(cat "$home/$1/started" 2>/dev/null) == "$(started "$pid")" ]] && echo "$pid"
}
started() { awk '{ print $22 }' "/proc/$1/stat" 2>/dev/null; } # PID : tells it from a later process of the same number

# ---- the tree that all hosts start from -------------------------------------------------------------------------------

make_tree() {
	[[ -f $tree/.made && $(<"$tree/.made") == "$packages" ]] && return
	command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
	echo "  debian tree: debootstrap, once"
	rm -rf "$tree" "$home/root.new"
	mkdir -p "$home"
	debootstrap --variant=minbase --include="$packages" bookworm "$home/root.new" >"$home/debootstrap.log" 2>&1 || die "debootstrap failed: $home/debootstrap.log"
	# By apt, which finds what debootstrap does not: packages that others only provide.
	cp /etc/resolv.conf "$home/root.new/etc/resolv.conf"
	DEBIAN_FRONTEND=noninteractive chroot "$home/root.new" apt-get install -y --no-install-recommends ansible-core >>"$home/debootstrap.log" 2>&1 ||
		die "ansible-core could not be installed: $home/debootstrap.log"
	prepare_tree "$home/root.new"
	echo "$packages" >"$home/root.new/.made"
	mv "$home/root.new" "$tree"
}

prepare_tree() { # TREE
	local unit
	[[ -f $home/key ]] || ssh-keygen -q -t ed25519 -N '' -C 'end-to-end tests' -f "$home/key"
	chroot "$1" useradd -m -s /bin/bash vagrant
	echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/vagrant"
	install -d -m 700 -o 1000 -g 1000 "$1/home/vagrant/.ssh"
	install -m 600 -o 1000 -g 1000 "$home/key.pub" "$1/home/vagrant/.ssh/authorized_keys"
	install -m 600 -o 1000 -g 1000 "$home/key" "$1/home/vagrant/.ssh/id_ed25519"
	printf 'Host *.local 10.97.*\n\tStrictHostKeyChecking no\n\tUserKnownHostsFile /dev/null\n\tLogLevel ERROR\n' >"$1/etc/ssh/ssh_config.d/hosts.conf"
	# Names are of the private side; on both sides each name would have two addresses.
	sed -i 's/^#\?use-ipv6=.*/use-ipv6=no/; s/^#\?allow-interfaces=.*/allow-interfaces=eth0/' "$1/etc/avahi/avahi-daemon.conf"
	# What belongs to the machine and not to its hosts.
	for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service \
		systemd-sysctl.service systemd-modules-load.service systemd-random-seed.service systemd-timesyncd.service \
		proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
		dev-hugepages.mount dev-mqueue.mount getty@.service getty.target console-getty.service systemd-remount-fs.service; do
		ln -sf /dev/null "$1/etc/systemd/system/$unit"
	done
	rm -f "$1/etc/machine-id" "$1/etc/resolv.conf" "$1/etc/hostname"
	rm -rf "$1/var/cache/apt/archives"/*.deb
}

# ---- networks ---------------------------------------------------------------------------------------------------------

make_switch() { # NAME
	local namespace=$prefix$1
	ip netns add "$namespace"
	ip -n "$namespace" link set lo up
	ip -n "$namespace" link add br0 type bridge stp_state 0 mcast_snooping 0
	ip -n "$namespace" link set br0 up
	in_ns "$1" sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 net.bridge.bridge-nf-call-arptables=0 2>/dev/null || true
}

# As e2e/topology.sh explains: senders complete checksums, receivers run GRO, one queue and a pfifo at each end.
cable() { # HOST INTERFACE NETWORK SWITCH
	local namespace=$prefix$1 switch=$prefix$4
	ip link add "$2" netns "$namespace" numrxqueues 1 numtxqueues 1 type veth peer name "$1" netns "$switch" numrxqueues 1 numtxqueues 1
	in_ns "$1" ethtool -K "$2" gro on >/dev/null
	in_ns "$4" ethtool -K "$1" tx off gro on >/dev/null
	[[ $1 == lb-* ]] || in_ns "$1" ethtool -K "$2" tx off >/dev/null
	in_ns "$1" tc qdisc add dev "$2" root pfifo limit 1000
	in_ns "$4" tc qdisc add dev "$1" root pfifo limit 1000
	ip -n "$switch" link set "$1" master br0 up
	ip -n "$namespace" addr add "10.97.$3.$(number "$1")/24" dev "$2"
	ip -n "$namespace" link set "$2" up
}

make_networks() {
	local host
	make_switch switch-pub
	make_switch switch-priv
	for host in "${hosts[@]}"; do
		ip netns add "$prefix$host"
		ip -n "$prefix$host" link set lo up
		in_ns "$host" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.accept_ra=0 net.ipv4.tcp_congestion_control=reno
		cable "$host" eth0 2 switch-priv
		[[ $host == node-* ]] || cable "$host" eth1 1 switch-pub
	done
}

# ---- hosts ------------------------------------------------------------------------------------------------------------

# Runs as the host's first process, in its namespaces but still in this machine's file system; becomes its systemd.
boot() { # NAME
	local name=$1 top=$home/$1/root pid
	# /proc is this machine's still, and tells the number that counts there.
	read -r pid _ </proc/self/stat
	echo "$pid" >"$home/$name/pid"
	started "$pid" >"$home/$name/started"
	hostname "$name"
	mount --make-rprivate /
	mount -t overlay overlay -o "lowerdir=$tree,upperdir=$home/$name/upper,workdir=$home/$name/work" "$top"
	mount -t proc proc "$top/proc"
	mount --bind "$top/proc/sys" "$top/proc/sys"
	mount -o remount,bind,ro "$top/proc/sys"
	mount --bind "$top/proc/sys/net" "$top/proc/sys/net"
	mount -o remount,bind,rw "$top/proc/sys/net"
	mount -t sysfs -o ro sysfs "$top/sys"
	mount -t cgroup2 cgroup2 "$top/sys/fs/cgroup"
	mount -t bpf -o mode=0700 bpf "$top/sys/fs/bpf"
	mount -t tmpfs -o mode=755 tmpfs "$top/run"
	mount -t tmpfs -o mode=755 tmpfs "$top/dev"
	make_devices "$top/dev"
	mkdir -p "$top/repository" "$top/.old"
	mount --bind "$root" "$top/repository"
	mount -o remount,bind,ro "$top/repository"
	cd "$top"
	pivot_root . .old
	umount -l /.old
	exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin /lib/systemd/systemd >/dev/null 2>&1 </dev/null
}

make_devices() { # DIRECTORY
	local device
	for device in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
		# shellcheck disable=SC2086 # three words: name, major, minor
		set -- "$1" $device
		mknod -m 666 "$1/$2" c "$3" "$4"
	done
	mkdir "$1/pts" "$1/shm"
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/pts"
	mount -t tmpfs -o mode=1777 tmpfs "$1/shm"
	ln -s pts/ptmx "$1/ptmx"
	ln -s /proc/self/fd "$1/fd"
	ln -s /proc/self/fd/0 "$1/stdin"
	ln -s /proc/self/fd/1 "$1/stdout"
	ln -s /proc/self/fd/2 "$1/stderr"
}

mount_cgroup2() {
	mkdir -p "$cgroup2"
	[[ $(stat -fc %T "$cgroup2") == cgroup2fs ]] || mount -t cgroup2 cgroup2 "$cgroup2"
}

start() { # NAME
	local name=$1 etc=$home/$1/upper/etc
	[[ -z $(pid_of "$name") ]] || die "$name runs already"
	mkdir -p "$home/$name"/{root,upper,work} "$etc"
	if [[ ! -f $etc/hostname ]]; then
		echo "$name" >"$etc/hostname"
		printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >"$etc/hosts"
		tr -d - </proc/sys/kernel/random/uuid >"$etc/machine-id"
	fi
	setsid "$0" _power "$name" >"$home/$name/boot.log" 2>&1 </dev/null &
	disown
}

# Runs a host until it is off. One that reboots ends by SIGHUP (reboot(2), of a pid namespace), and is started again, after as long as
# the firmware of a quick machine takes: else a node would be back before anybody misses it.
power() { # NAME
	local name=$1 status
	while true; do
		mkdir -p "$cgroups/$name"
		rm -f "$home/$name/pid"
		status=0
		(
			echo "$BASHPID" >"$cgroups/$name/cgroup.procs"
			exec nsenter --net="/run/netns/$prefix$name" unshare -m -p -u -i -C -f "$0" _boot "$name"
		) || status=$?
		((status == 128 + $(kill -l HUP))) || break
		clear_up "$name"
		sleep 10
	done
}

wait_for() { # NAME : until ssh answers and systemd has done its first work
	local _
	for _ in {1..150}; do
		if [[ -n $(pid_of "$1") ]] && inside "$1" systemctl is-active --quiet ssh.service 2>/dev/null; then return; fi
		sleep 0.2
	done
	die "$1 did not come up; $home/$1/boot.log says: $(tail -n 3 "$home/$1/boot.log" 2>/dev/null)"
}

inside() { # NAME COMMAND...
	local pid
	pid=$(pid_of "$1") || die "$1 does not run"
	nsenter -t "$pid" -m -p -u -i -C -n -r -w env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 "${@:2}"
}

ended() { # NAME : waits
	local _
	for _ in {1..100}; do
		[[ -n $(pid_of "$1") ]] || return 0
		sleep 0.1
	done
	return 1
}
crash() { # NAME
	local pid
	pid=$(pid_of "$1") || return 0
	kill -KILL "$pid"
	ended "$1" || die "$1 does not end"
	clear_up "$1"
}
stop() { # NAME
	local pid
	pid=$(pid_of "$1") || return 0
	kill -s RTMIN+4 "$pid"
	ended "$1" || crash "$1"
	clear_up "$1"
}
# A machine that is off holds no packet programs; here its interfaces outlive it. And a cgroup is removed from its leaves on.
clear_up() { # NAME
	local interface
	for interface in eth0 eth1; do
		ip -n "$prefix$1" link set "$interface" xdp off 2>/dev/null || true
		in_ns "$1" tc qdisc del dev "$interface" clsact 2>/dev/null || true
	done
	find "$cgroups/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

write_inventory() {
	cat >"$home/inventory.ini" <<INVENTORY
# Written by e2e/hosts/systemd.sh: how its hosts differ from Vagrant's. Use it after ansible/e2e-hosts.ini.
[all:vars]
ansible_user=vagrant
ansible_ssh_private_key_file=/home/vagrant/.ssh/id_ed25519
gale_apt_update=false
gale_private_interface=eth0
gale_public_interface=eth1

[spare]
lb-3.local

[client]
control.local
INVENTORY
	cat >"$home/own.yml" <<INVENTORY
# Written by e2e/hosts/systemd.sh: the same hosts, as they would be in an inventory of one's own: addresses instead of names, groups by
# children, other ports than the defaults, no [client].
all:
  vars:
    ansible_user: vagrant
    ansible_ssh_private_key_file: $home/key
    ansible_ssh_common_args: -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
    gale_apt_update: false
    gale_private_interface: eth0
    gale_public_interface: eth1
    gale_clients_port: 8081
    gale_api_port: 5560
  children:
    lb:
      children:
        rack_a:
          hosts:
            balancer-a: {ansible_host: 10.97.2.10}
        rack_b:
          hosts:
            balancer-b: {ansible_host: 10.97.2.11}
            balancer-c: {ansible_host: 10.97.2.12}
    node:
      hosts:
        web-1: {ansible_host: 10.97.2.20}
        web-2: {ansible_host: 10.97.2.21}
        web-3: {ansible_host: 10.97.2.22}
    spare:
      hosts:
        balancer-d: {ansible_host: 10.97.2.13}
INVENTORY
}

# The hosts' only way out is a proxy on control, which connects as this machine. What this machine trusts they have to trust then. The SDK is not
# fetched: Debian 12 does not package it, and its vendor's script is not to be reached from everywhere.
network() { # NAME...
	local name proxy=http://10.97.2.$(number control):3128 sdk
	sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
	if [[ -z $(pid_of way_out) ]]; then
		mkdir -p "$home/way_out"
		"$root/e2e/hosts/way_out.py" "${prefix}control" "10.97.2.$(number control)" 3128 >"$home/way_out/log" 2>&1 </dev/null &
		echo "$!" >"$home/way_out/pid"
		started "$!" >"$home/way_out/started"
	fi
	printf 'gale_install_from: source\ngale_apt_update: true\ngale_environment: {http_proxy: "%s", https_proxy: "%s"}\n' "$proxy" "$proxy" >"$home/source.yml"
	for name; do
		tar -ch -C / usr/local/share/ca-certificates | inside "$name" tar -x -C /
		inside "$name" update-ca-certificates
		tar -c -C "$sdk" . | inside "$name" sh -c 'mkdir -p /usr/share/dotnet && tar -x -C /usr/share/dotnet && ln -sf /usr/share/dotnet/dotnet /usr/bin/dotnet'
		inside "$name" env "http_proxy=$proxy" sh -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libicu72'
	done
}

ansible() { # COMMAND ARGUMENTS... : on control
	# shellcheck disable=SC2016 # expanded by the shell there
	inside control sudo -u vagrant env ANSIBLE_PIPELINING=1 ANSIBLE_NOCOLOR=1 LANG=C.UTF-8 sh -c \
		'cd /repository && command=$1 && shift && exec "$command" -i ansible/e2e-hosts.ini -i .build/hosts/inventory.ini "$@"' ansible "$@"
}

up() {
	local host
	((EUID == 0)) || die "needs root"
	make_tree
	down
	mount_cgroup2
	write_inventory
	make_networks
	for host in "${hosts[@]}"; do start "$host"; done
	for host in "${hosts[@]}"; do wait_for "$host"; done
	for host in "${hosts[@]}"; do
		[[ $host != node-* ]] || inside "$host" /repository/e2e/hosts/page.sh
	done
	echo "  hosts: ${hosts[*]}"
}

down() {
	local host namespace pid
	! pid=$(pid_of way_out) || kill "$pid"
	rm -rf "${home:?}/way_out"
	for host in "${hosts[@]}"; do crash "$host"; done
	for namespace in "${hosts[@]}" switch-pub switch-priv; do
		[[ ! -e /run/netns/$prefix$namespace ]] || ip netns delete "$prefix$namespace"
	done
	for host in "${hosts[@]}"; do rm -rf "${home:?}/$host"; done
	[[ ! -d $cgroups ]] || find "$cgroups" -depth -type d -exec rmdir {} + 2>/dev/null || true
	[[ $cgroup2 == /sys/fs/cgroup ]] || ! mountpoint -q "$cgroup2" || umount "$cgroup2"
}

status() {
	local host pid
	for host in "${hosts[@]}"; do
		pid=$(pid_of "$host") || { printf '  %-8s -\n' "$host" && continue; }
		printf '  %-8s 10.97.2.%-4s pid %-7s %s\n' "$host" "$(number "$host")" "$pid" "$(inside "$host" systemctl is-system-running || true)"
	done
}

case ${1:-} in
up | down | status) "$1" ;;
start)
	is_host "${2:-}"
	start "$2"
	wait_for "$2"
	;;
stop | crash)
	is_host "${2:-}"
	"$1" "$2"
	;;
network)
	for name in "${@:2}"; do is_host "$name"; done
	network "${@:2}"
	;;
in)
	is_host "${2:-}"
	inside "${@:2}"
	;;
play) ansible ansible-playbook -e @e2e/hosts/settings.yml "${@:2}" ;;
inventory) ansible ansible-inventory --playbook-dir ansible/playbooks --list ;;
_boot) boot "$2" ;;
_power) power "$2" ;;
*)
	sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2
	exit 2
	;;
esac
