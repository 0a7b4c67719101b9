#!/usr/bin/env bash
# check.sh DIRECTORY - what Debian's own tools say about the packages in it. Needs lintian, mandoc, systemd and zsh; called by
# `./build.sh package --check`. Ends with 1 at the first tool that finds something.
set -euo pipefail
packages=$(realpath "$1")
for tool in lintian mandoc systemd-analyze zsh; do
	command -v "$tool" >/dev/null || { echo "package: --check needs $tool: apt-get install lintian mandoc systemd zsh" >&2 && exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
say() { printf '  %-44s %s\n' "$1" "$2"; }

lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$packages"/*.deb
say lintian "no error, no warning"

for deb in "$packages"/*.deb; do dpkg-deb -x "$deb" "$work"; done
pages=0
for page in "$work"/usr/share/man/*/*.gz; do
	# A page that refers to another of these finds no database of them here.
	zcat "$page" | mandoc -T lint -W warning
	pages=$((pages + 1))
done
say mandoc "$pages manual pages"

# Executables and users are looked up on this machine: the units are judged as they would stand in a tree of their own.
for unit in "$work"/usr/lib/systemd/system/*.service; do
	sed "s,ExecStart=/usr/bin/,ExecStart=$work/usr/bin/,; /^Documentation=/d" "$unit" >"$work/${unit##*/}"
done
for unit in gale-lb gale-node; do
	SYSTEMD_LOG_LEVEL=warning systemd-analyze verify "$work/$unit.service"
	exposure=$(systemd-analyze security --offline=true --no-pager "$work/$unit.service" | sed -n 's/.*exposure level for [^:]*: //p')
	say "$unit.service" "verified, exposure $exposure"
done

for file in "$work"/usr/share/bash-completion/completions/*; do bash -n "$file"; done
for file in "$work"/usr/share/zsh/vendor-completions/*; do zsh -n "$file"; done
say completion "bash and zsh can read it"
