#!/usr/bin/env bash
# run.sh [VERSION...] - GaleLB in other kernels: called by `./build.sh kernels`, which builds first. Needs root.
#
# Each VERSION (6.1, 6.12.107; newest is the newest to be had) is a cloud kernel of Debian, fetched by this machine's apt from its own
# mirror, booted by QEMU without hardware virtualization, with this machine's files below it: init mounts them, guest.sh checks. Fetched
# packages stay in .build/kernels/cache; consoles are in .build/kernels/VERSION.
#
#   GALE_KERNELS_SECONDS (1200)  a kernel that is not done by then has failed
#   GALE_KERNELS_MIRROR          a Debian mirror, where this machine's apt has none
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/e2e/kernels build=$root/.build/kernels
cache=$build/cache
readonly suites=(bullseye bookworm trixie trixie-backports)
# In the order in which they need each other; what a kernel has built in has no file.
readonly modules=(virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci fuse virtiofs overlay llc stp bridge veth sch_ingress cls_bpf)
readonly lists_days=7 seconds=${GALE_KERNELS_SECONDS:-1200}
export PATH=$PATH:/usr/sbin:/sbin
passed=0 failed=0 skipped=0 running=()

die() {
	echo "kernels: $*" >&2
	exit 1
}
end() { # what was started here, by process id
	local pid
	for pid in "${running[@]}"; do kill "$pid" 2>/dev/null || true; done
	running=()
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

find_virtiofsd() { # of its own package, or of QEMU's before 8.0
	local path
	for path in "$(command -v virtiofsd || true)" /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd; do
		[[ -x $path ]] && echo "$path" && return
	done
	return 1
}

need_tools() {
	local missing=()
	command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
	find_virtiofsd >/dev/null || missing+=(virtiofsd)
	command -v cpio >/dev/null || missing+=(cpio)
	[[ -x /bin/busybox ]] || missing+=(busybox-static)
	((${#missing[@]} == 0)) || die "missing: ${missing[*]}; apt-get install ${missing[*]} (virtiofsd before Debian 13 is in qemu-system-common)"
	! ldd /bin/busybox >/dev/null 2>&1 || die "/bin/busybox needs libraries; apt-get install busybox-static"
}

# ---- packages ---------------------------------------------------------------------------------------------------------

# apt with a state of its own, which knows the suites and nothing of this machine.
private_apt() { "$1" -c "$cache/apt.conf" "${@:2}"; }

update_lists() {
	local mirror suite
	[[ -z $(find "$cache/fresh" -mtime "-$lists_days" 2>/dev/null) ]] || return 0
	# shellcheck disable=SC2016 # apt's own variable
	mirror=${GALE_KERNELS_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' |
		grep -v security | head -n 1)}
	[[ -n $mirror ]] || die "this machine's apt knows no mirror of Debian; set GALE_KERNELS_MIRROR"
	mkdir -p "$cache/lists/partial" "$cache/archives/partial" "$cache/debs"
	: >"$cache/status"
	for suite in "${suites[@]}"; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
	done >"$cache/sources.list"
	cat >"$cache/apt.conf" <<-CONF
		Dir::State "$cache";
		Dir::State::status "$cache/status";
		Dir::State::lists "$cache/lists";
		Dir::Cache "$cache";
		Dir::Etc::sourcelist "$cache/sources.list";
		Dir::Etc::sourceparts "-";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
	CONF
	private_apt apt-get update >"$cache/update.log" 2>&1 || die "no package lists: $(tail -n 1 "$cache/update.log")"
	touch "$cache/fresh"
}

release_of() { # VERSION : the release of the newest kernel of that version
	private_apt apt-cache pkgnames linux-image- | sed -nE 's/^linux-image-([0-9].*-cloud-amd64)$/\1/p' | sort -V |
		awk -v version="$1" 'version == "newest" || index($0, version ".") == 1 || index($0, version "+") == 1 || index($0, version "-") == 1' | tail -n 1
}

unpack() { # RELEASE : from its one package, or its two since 7.2
	local package deb
	[[ ! -d $cache/$1 ]] || return 0
	rm -rf "$cache/$1.new"
	for package in "linux-image-$1" "linux-binary-$1" "linux-modules-$1"; do
		private_apt apt-cache pkgnames "$package" | grep -Fx "$package" >/dev/null || continue
		(cd "$cache/debs" && private_apt apt-get download "$package") >"$cache/download.log" 2>&1 || die "cannot download $package: $(tail -n 1 "$cache/download.log")"
		deb=$(find "$cache/debs" -name "${package}_*.deb" -print -quit)
		dpkg -x "$deb" "$cache/$1.new"
		rm "$deb"
	done
	mv "$cache/$1.new" "$cache/$1"
}

# ---- a kernel ---------------------------------------------------------------------------------------------------------

make_initramfs() { # RELEASE FILE
	local stage=$2.d name file number=10
	rm -rf "$stage"
	mkdir -p "$stage"/{bin,modules,proc,sys,dev,host,written,root}
	cp "$here/init" "$stage/init"
	cp /bin/busybox "$stage/bin/"
	for name in "${modules[@]}"; do
		file=$(find "$cache/$1" -name "$name.ko*" -print -quit)
		[[ -n $file ]] || continue
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -dqc "$file" ;;
		*) cat "$file" ;;
		esac >"$stage/modules/$((number++))-$name.ko"
	done
	(cd "$stage" && find . | cpio -o -H newc --quiet) >"$2"
	rm -rf "$stage"
}

# No timer is checked and none watches: a busy host fails both. Without cmpxchg16b, which QEMU 7.2 emulates with wrong flags now and then: kernel 6.12 does not survive it.
boot() { # RELEASE DIRECTORY
	local socket=$2/host.sock kernel _
	kernel=$(find "$cache/$1" -name 'vmlinuz*' -print -quit)
	"$(find_virtiofsd)" --socket-path="$socket" -o source=/ -o cache=always -o sandbox=chroot >"$2/virtiofsd.log" 2>&1 &
	running+=($!)
	for _ in {1..50}; do
		[[ ! -S $socket ]] || break
		sleep 0.1
	done
	: >"$2/results"
	# One thread for both processors: with one each, a kernel that patches its own code (static keys, when a program is attached) was seen to run into the
	# breakpoint that it had taken away again, on a busy machine.
	timeout "$seconds" qemu-system-x86_64 -accel tcg,thread=single -cpu max,-cx16 -smp 2 -m 2048 -nodefaults -no-reboot -display none \
		-serial "file:$2/console.log" -serial "file:$2/results" \
		-object memory-backend-memfd,id=memory,size=2G,share=on -numa node,memdev=memory \
		-chardev "socket,id=files,path=$socket" -device vhost-user-fs-pci,chardev=files,tag=host \
		-kernel "$kernel" -initrd "$2/initramfs" \
		-append "console=ttyS0 quiet panic=-1 no_timer_check nowatchdog rdinit=/init guest=$here/guest.sh" >"$2/qemu.log" 2>&1 </dev/null &
	machine=$!
	running+=("$machine")
}

show() { printf '  %-10s %s\n' "$label" "$*"; }

judge() { # DIRECTORY VERSION : shows and counts what the kernel reports, while it runs
	local good bad left name is_done=false start=$SECONDS
	label=$2
	while read -r good bad left name; do
		case $good in
		kernel) label=$bad && continue ;;
		done) is_done=true && continue ;;
		esac
		if [[ ! $good$bad$left =~ ^[0-9]+$ ]]; then
			name="a line that is no result: $good $bad $left $name" good=0 bad=1 left=0
		fi
		passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
		if ((bad)); then
			show "FAILED: ${name:0:600}"
		elif ((left)); then
			show "$left skipped: $name"
		elif ((good > 1)); then
			show "$name ($good)"
		else
			show "$name"
		fi
	done < <(tail -f -s 0.5 -n +1 --pid="$machine" "$1/results" 2>/dev/null | stdbuf -oL tr -d '\r')
	end
	$is_done || {
		failed=$((failed + 1))
		show "FAILED: it did not come to its end within $seconds s; its console says last: $(tail -n 1 "$1/console.log" | tr -d '\r')"
	}
	show "$((SECONDS - start)) s; all it said is in ${1#"$root"/}/console.log"
}

need_tools
update_lists
(($#)) || set -- 5.10 6.1 6.12 newest
for version; do
	release=$(release_of "$version")
	[[ -n $release ]] || die "no kernel $version in ${suites[*]}; there are: $(private_apt apt-cache pkgnames linux-image- |
		sed -nE 's/^linux-image-([0-9]+\.[0-9]+).*-cloud-amd64$/\1/p' | sort -Vu | paste -sd' ')"
	unpack "$release"
	directory=$build/$version
	rm -rf "$directory"
	mkdir -p "$directory"
	make_initramfs "$release" "$directory/initramfs"
	boot "$release" "$directory"
	judge "$directory" "$version"
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
