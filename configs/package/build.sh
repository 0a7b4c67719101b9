#!/usr/bin/env bash
# build.sh [-s SUFFIX] [-z LEVEL] BIN OUT - the Debian packages gale-lb, gale-node and galectl and a tarball of all three,
# made from the executables in the directory BIN, in the directory OUT. Called by `./build.sh package`; needs no root.
#
#   -s SUFFIX   appended to the version, for packages of the same sources that must differ ("0.1.0+SUFFIX")
#   -z LEVEL    of compression, 0 (none, and no tarball) to 9 (default 6)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

suffix='' level=6
while getopts s:z: option; do
	case $option in
	s) suffix=+$OPTARG ;;
	z) level=$OPTARG ;;
	*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))
(($# == 2)) || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2 && exit 2; }
compression=(-Zxz -z"$level")
if ((level == 0)); then compression=(-Znone); fi
bin=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
work=$(mktemp -d "$out/.build.XXXXXX")
trap 'rm -rf "$work"' EXIT

version=$(sed -n 's/.*<VersionPrefix>\(.*\)<.*/\1/p' "$root/Directory.Build.props")
[[ $version =~ ^[0-9]+(\.[0-9]+)+$ ]] || { echo "package: Directory.Build.props has no VersionPrefix" >&2 && exit 1; }
[[ $suffix =~ ^(\+[a-z0-9.]+)?$ ]] || { echo "package: -s ${suffix#+}: lower-case letters, digits and dots expected" >&2 && exit 2; }
version+=$suffix
# The same sources make the same packages, byte for byte.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/Directory.Build.props")}
export SOURCE_DATE_EPOCH
maintainer=${GALE_MAINTAINER:-The GaleLB authors <galelb@localhost.localdomain>}
day=$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%B %-d, %Y')

put() { # MODE SOURCE TARGET : into the tree of the package at hand
	install -D -m "$1" "$2" "$tree/$3"
}
manual() { # TARGET : from standard input, dated
	mkdir -p "$tree/usr/share/man/$(dirname "$1")"
	sed "s/^\.Dd .*/.Dd $day/" | gzip -9n >"$tree/usr/share/man/$1.gz"
}

gale_lb() {
	put 755 "$bin/gale-lb" usr/bin/gale-lb
	# The sample, but for what an installed service should do at a restart.
	sed 's/^# on_exit = "detach"$/on_exit = "keep"/' "$root/configs/lb.toml" >"$work/lb.toml"
	grep -q '^on_exit = "keep"$' "$work/lb.toml" || { echo "package: configs/lb.toml has no line # on_exit = \"detach\"" >&2 && exit 1; }
	put 644 "$work/lb.toml" etc/gale-lb/lb.toml
	put 644 "$here/gale-lb/gale-lb.service" "usr/lib/systemd/system/gale-lb.service"
	put 644 "$here/gale-lb/gale-lb-pins.service" usr/lib/systemd/system/gale-lb-pins.service
	put 644 "$here/gale-lb/sysusers.conf" usr/lib/sysusers.d/gale-lb.conf
	put 644 "$here/gale-lb/sysctl.conf" usr/lib/sysctl.d/50-gale-lb.conf
	put 644 "$here/completion/services.bash" usr/share/bash-completion/completions/gale-lb
	put 644 "$here/completion/_gale-lb" usr/share/zsh/vendor-completions/_gale-lb
	manual man8/gale-lb.8 <"$root/docs/man/gale-lb.8"
	awk -v program=gale-lb -v file=/etc/gale-lb/lb.toml -f "$here/config-man.awk" "$root/docs/configuration.md" | manual man5/gale-lb.toml.5
}

gale_node() {
	put 755 "$bin/gale-node" usr/bin/gale-node
	put 644 "$root/configs/node.toml" etc/gale-node/node.toml
	put 644 "$here/gale-node/gale-node.service" usr/lib/systemd/system/gale-node.service
	put 644 "$here/gale-node/sysusers.conf" usr/lib/sysusers.d/gale-node.conf
	put 644 "$here/gale-node/l2.conf" usr/share/doc/gale-node/examples/l2.conf
	put 644 "$here/completion/services.bash" usr/share/bash-completion/completions/gale-node
	put 644 "$here/completion/_gale-node" usr/share/zsh/vendor-completions/_gale-node
	manual man8/gale-node.8 <"$root/docs/man/gale-node.8"
	awk -v program=gale-node -v file=/etc/gale-node/node.toml -f "$here/config-man.awk" "$root/docs/configuration.md" | manual man5/gale-node.toml.5
}

galectl() {
	put 755 "$bin/galectl" usr/bin/galectl
	mkdir -p "$tree"/usr/share/{bash-completion/completions,zsh/vendor-completions}
	"$bin/galectl" completion bash >"$tree/usr/share/bash-completion/completions/galectl"
	# An autoloaded function's file is run at its first use: it defines itself, and then has to answer.
	{ echo '#compdef galectl' && "$bin/galectl" completion zsh && echo '_galectl "$@"'; } >"$tree/usr/share/zsh/vendor-completions/_galectl"
	manual man1/galectl.1 <"$root/docs/man/galectl.1"
}

# The runtime inside loads the system's libssl by itself, whichever it finds.
libraries='libc6 (>= 2.36), libgcc-s1, libssl3 | libssl3t64, libstdc++6'
declare -A depends=(
	[gale-lb]="$libraries, libbpf1 (>= 1:1.1), libelf1 | libelf1t64, procps, systemd (>= 252), zlib1g"
	[gale-node]="$libraries, systemd (>= 252)"
	[galectl]="$libraries"
) recommends=([gale-lb]='galectl, ethtool, iproute2' [gale-node]='' [galectl]='') summaries=(
	[gale-lb]='clustered layer-4 load balancer: a replica'
	[gale-node]='clustered layer-4 load balancer: heartbeats of a node'
	[galectl]='clustered layer-4 load balancer: command line'
) descriptions=(
	[gale-lb]=' Three or five replicas agree by Raft on which nodes may take traffic; each
 forwards in its own kernel with XDP and TC, also while this program restarts.'
	[gale-node]=' Checks the services of this machine and reports them to one replica of
 gale-lb after the other.'
	[galectl]=' Shows the state of a cluster of gale-lb and gives it orders, through the REST
 interface of any replica.'
)

control() { # NAME
	cat <<CONTROL
Package: $1
Version: $version
Architecture: amd64
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$tree" | cut -f1)
Depends: ${depends[$1]}
${recommends[$1]:+Recommends: ${recommends[$1]}
}Section: net
Priority: optional
Description: ${summaries[$1]}
${descriptions[$1]}
CONTROL
}

package() { # NAME
	local name=$1 script
	tree=$work/$name
	mkdir -p "$tree"
	"${name//-/_}"
	cp -a "$tree/." "$work/all/"
	put 644 "$here/copyright" "usr/share/doc/$name/copyright"
	mkdir -p "$tree/DEBIAN"
	cat <<CHANGELOG | gzip -9n >"$tree/usr/share/doc/$name/changelog.gz"
$name ($version) unstable; urgency=medium

  * This version. What changed since the one before is in the repository's log.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGELOG
	cat "$here/lintian" >"$work/lintian"
	if [[ -f $here/$name/lintian ]]; then cat "$here/$name/lintian" >>"$work/lintian"; fi
	put 644 "$work/lintian" "usr/share/lintian/overrides/$name"
	control "$name" >"$tree/DEBIAN/control"
	(cd "$tree" && find etc -type f -printf '/%p\n' 2>/dev/null | sort) >"$tree/DEBIAN/conffiles" || true
	[[ -s $tree/DEBIAN/conffiles ]] || rm "$tree/DEBIAN/conffiles"
	(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
	for script in postinst prerm postrm; do
		if [[ -f $here/$name/$script ]]; then install -m 755 "$here/$name/$script" "$tree/DEBIAN/$script"; fi
	done
	find "$tree" -type d -exec chmod 755 {} +
	dpkg-deb --root-owner-group "${compression[@]}" --build "$tree" "$out/${name}_${version}_amd64.deb" >/dev/null
	echo "${name}_${version}_amd64.deb"
}

mkdir -p "$work/all"
for name in gale-lb gale-node galectl; do package "$name"; done

if ((level == 0)); then exit; fi
# The tarball is unpacked over /: tar -C / --strip-components=1 -xzf …, then systemd-sysusers and systemctl daemon-reload.
top=gale-lb-$version-linux-x64
install -D -m 644 "$root/LICENSE" "$work/all/usr/share/doc/gale-lb/LICENSE"
tar -C "$work/all" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --transform "s,^\./,$top/," \
	-cf - ./etc ./usr | gzip -n"$level" >"$out/$top.tar.gz"
echo "$top.tar.gz"
