#!/usr/bin/env bash
# build.sh - everything one does with this repository. `./build.sh help` lists the verbs; docs/HACKING.md explains them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"

logs=$root/.build/logs
stamps=$root/.build/stamps
rid=linux-x64
# Another prefix lets a second clone run beside this one.
export GALE_DEMO_PREFIX=${GALE_DEMO_PREFIX:-galedemo-} GALE_E2E_PREFIX=${GALE_E2E_PREFIX:-galee2e-}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true
export DOTNET_GENERATE_ASPNET_CERTIFICATE=false

usage() {
	cat <<'USAGE'
usage: ./build.sh VERB [arguments]
  deps [--build]                install what is missing (Debian 12 or newer, Ubuntu 24.04 or newer; needs root); --build: without what
                                only tests and the demo need
  build [--aot]                 the BPF programs, bin/gale-lb, bin/gale-node, bin/galectl
  package [--check] [--suffix S]
                                Debian packages and a tarball in .build/packages; --check: as lintian and others see them
  test [NAME...]                every test, or the projects whose name contains a NAME; e2e needs root
  demo [--once]                 three replicas, three nodes and a client in network namespaces; needs root
  e2e [FILTER]                  the tests against real processes; needs root
  e2e --hosts systemd|INVENTORY [--keep] [-K] [--source | FILTER]
                                the tests of what the playbooks install, on hosts made on this machine (root) or your own;
                                --source: two of them build what they run; -K: ask for the password of sudo there
  kernels [VERSION...]          other kernels, booted by QEMU: programs load, packet cases pass, requests are forwarded; needs root
  bench NAME [--json FILE]      a benchmark
  sim [--seeds N] [--seed S]    the deterministic simulator
  fuzz NAME [--count N]         a fuzzer: packets [--packets N] [--seed S] [--hook xdp|tc]; needs root
  fmt [--check]                 format C# and C, or only say what is not formatted
  clean                         remove what was built, and namespaces and pins that a killed run left behind
USAGE
}

die() { # STATUS MESSAGE...
	local status=$1
	shift
	printf 'build.sh: %s\n' "$*" >&2
	exit "$status"
}

need_root() { ((EUID == 0)) || die 1 "$1 needs root: sudo ./build.sh $1"; }

# What root makes in someone's clone belongs to whoever called sudo.
hand_back() {
	if ((EUID == 0)) && [[ -n ${SUDO_UID:-} && $SUDO_UID != 0 && $(stat -c %u "$root") == "$SUDO_UID" ]]; then
		find "$root" -xdev -user 0 -exec chown -h "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" {} + || true
	fi
}

# File systems that tests stall and fill; a process waiting for a stalled one cannot be ended, so that this comes first.
release_disks() {
	local mounted
	while read -r _ mounted _; do
		[[ $mounted == "$root"/.build/e2e/* ]] || continue
		fsfreeze --unfreeze "$mounted" 2>/dev/null || true
		umount --lazy "$mounted"
	done </proc/mounts
}

hosts_up=false # whether hosts of e2e --hosts are to be taken down at the end
private=       # a directory of what only this run is to know
leave() {
	[[ -z $private ]] || rm -rf "$private"
	# A test run that was killed could not remove its namespaces and file systems itself.
	if ((EUID == 0)) && [[ $verb == test || $verb == e2e ]]; then
		release_disks
		e2e/topology.sh -p "$GALE_E2E_PREFIX" down
	fi
	if $hosts_up; then e2e/hosts/systemd.sh down; fi
	hand_back
}

# ---- progress -------------------------------------------------------------------------------------------------------

milliseconds() { echo $((${EPOCHREALTIME/./} / 1000)); }
seconds_since() { # MILLISECONDS
	local elapsed=$(($(milliseconds) - $1))
	printf '%d.%d s' $((elapsed / 1000)) $((elapsed % 1000 / 100))
}
show() { printf '  %-44s %s\n' "$1" "$2"; } # LABEL RESULT

# What runs has a process group of its own, so that an interrupt ends all of it, also what it started in turn.
child=0
spawn() { # COMMAND...
	local status=0
	set -m
	"$@" &
	child=$!
	set +m
	wait "$child" || status=$?
	child=0
	return "$status"
}
interrupted() { # STATUS
	trap '' INT TERM
	local status=$1
	if ((child != 0)); then
		kill -TERM -- "-$child" 2>/dev/null || true
		wait "$child" && [[ $verb == demo ]] && status=0 # how a demo ends that was left running
	fi
	exit "$status"
}

# step LABEL LOG COMMAND... : one line a step; the command's output goes to the log, its end to the screen if it fails.
step() {
	local label=$1 log=$logs/$2.log start status=0
	shift 2
	mkdir -p "$logs"
	start=$(milliseconds)
	spawn "$@" >"$log" 2>&1 </dev/null || status=$?
	if ((status != 0)); then
		show "$label" "FAILED after $(seconds_since "$start")"
		tail -n 40 "$log" >&2
		echo "build.sh: the whole output is in ${log#"$root"/}" >&2
		return "$status"
	fi
	show "$label" "$(seconds_since "$start")"
}

# ---- up to date or not ------------------------------------------------------------------------------------------------

# digest EXTRA PATH... : of the contents and names of all source files below the paths, and of EXTRA
digest() {
	local extra=$1
	shift
	{
		echo "$extra"
		find "$@" \( -name bin -o -name obj -o -name .build -o -name TestResults \) -prune -o -type f -print0 |
			sort -z | xargs -0r sha256sum
	} | sha256sum | cut -d' ' -f1
}
is_fresh() { [[ -f $stamps/$1 && $(<"$stamps/$1") == "$2" ]]; } # STAMP DIGEST
mark_fresh() { mkdir -p "$stamps" && echo "$2" >"$stamps/$1"; }

# closure PROJECT_DIRECTORY : it, every project it refers to, and sources it takes from others
closure() {
	local seen=" " linked="" queue=("$1") project reference
	while ((${#queue[@]})); do
		project=${queue[0]}
		queue=("${queue[@]:1}")
		[[ $seen == *" $project "* ]] && continue
		seen+="$project "
		while read -r reference; do
			queue+=("$(realpath --relative-to="$root" "$project/$(dirname "$reference")")")
		done < <(sed -n 's/.*<ProjectReference Include="\([^"]*\)".*/\1/p' "$project"/*.csproj)
		# Sources of another project that this one is compiled with.
		while read -r reference; do
			linked+=" $(realpath --relative-to="$root" "$project/$reference")"
		done < <(sed -n 's/.*<Compile Include="\(\.\.[^"]*\)".*/\1/p' "$project"/*.csproj)
	done
	tr ' ' '\n' <<<"$seen$linked" | sed '/^$/d'
}

# ---- deps -------------------------------------------------------------------------------------------------------------

readonly supported="Debian 12 or newer and Ubuntu 24.04 or newer"

distribution() { # prints "debian 12"; anything not supported ends here, before a change is made
	local file=${GALE_OS_RELEASE:-/etc/os-release} id version
	[[ -r $file ]] || die 2 "deps: cannot read $file; supported are $supported"
	# shellcheck source=/dev/null
	id=$(. "$file" && echo "${ID:-}")
	# shellcheck source=/dev/null
	version=$(. "$file" && echo "${VERSION_ID:-}")
	case $id in
	debian) [[ $version =~ ^[0-9]+$ ]] && ((version >= 12)) && echo "debian $version" && return ;;
	ubuntu) [[ $version =~ ^([0-9]+)\.([0-9]+)$ ]] && ((BASH_REMATCH[1] * 100 + 10#${BASH_REMATCH[2]} >= 2404)) &&
		echo "ubuntu $version" && return ;;
	esac
	die 2 "deps: this is ${id:-unknown} ${version:-without a version}; supported are $supported (nothing was installed)"
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }
# Not by a pipe into grep -q: it ends at the first match, and whoever still writes then fails the pipeline.
has_candidate() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'Candidate: '[!\(]* ]]; }
lists_are_fresh=false
first_candidate() { # PACKAGE... : the first that the distribution has; the first of all while an image's lists may be empty
	local package
	for package; do has_candidate "$package" && echo "$package" && return; done
	$lists_are_fresh || { echo "$1" && return; }
	die 1 "deps: this distribution has none of: $*"
}

# clang_version : the major version of an installed clang that is new enough, or nothing
clang_version() {
	local command version
	for command in clang-19 clang-18 clang-20 clang-21 clang; do
		version=$("$command" --version 2>/dev/null | sed -n 's/.*clang version \([0-9]*\).*/\1/p') || continue
		[[ -n $version ]] && ((version >= 18)) && echo "$version" && return
	done
	return 0
}

has_dotnet() { [[ $'\n'$(dotnet --list-sdks 2>/dev/null) == *$'\n'[1-9][0-9].* ]]; }

readonly build_packages=(libbpf-dev libelf-dev zlib1g-dev curl ca-certificates)
readonly test_packages=(iproute2 ethtool iputils-ping nftables tcpdump procps util-linux mount e2fsprogs python3 python3-grpcio python3-protobuf
	python3-scapy protobuf-compiler jq zsh)

missing_packages() { # build|test : what building needs, or testing besides
	local package version wanted=("${build_packages[@]}")
	[[ $1 == build ]] || wanted+=("${test_packages[@]}")
	for package in "${wanted[@]}"; do is_installed "$package" || echo "$package"; done
	[[ $1 == build ]] || command -v bpftool >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v bpftool >/dev/null ||
		first_candidate bpftool linux-tools-generic
	version=$(clang_version)
	if [[ -z $version ]]; then
		first_candidate clang-19 clang-18 clang
		first_candidate llvm-19 llvm-18 llvm
	elif ! command -v "llvm-strip-$version" >/dev/null && ! command -v llvm-strip >/dev/null; then
		first_candidate "llvm-$version" llvm
	fi
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }

# The vendor's own script, as its page for Debian describes it; another address, of a mirror say, by the environment.
readonly dotnet_script=${DOTNET_INSTALL_SCRIPT:-https://dot.net/v1/dotnet-install.sh} dotnet_home=/usr/local/share/dotnet

install_dotnet() { # ID VERSION
	local script=$root/.build/dotnet-install.sh libraries
	if has_candidate dotnet-sdk-10.0; then
		step ".NET SDK 10 from the distribution" deps-dotnet apt_install dotnet-sdk-10.0
		return
	fi
	echo "  $1 $2 does not package the .NET SDK: $dotnet_script puts it into $dotnet_home, /usr/local/bin/dotnet refers to it"
	mapfile -t libraries < <(apt-cache pkgnames libicu | grep -E '^libicu[0-9]+$')
	step "what the .NET SDK needs" deps-dotnet-libraries apt_install libssl3 libstdc++6 tzdata "${libraries[@]}"
	step "the vendor's script" deps-dotnet-script curl -fsSL --retry 3 -o "$script" "$dotnet_script"
	step ".NET SDK 10 from its vendor" deps-dotnet bash "$script" --channel 10.0 --install-dir "$dotnet_home"
	ln -sfn "$dotnet_home/dotnet" /usr/local/bin/dotnet
	has_dotnet || die 1 "deps: $dotnet_script ran, but there is no .NET 10 SDK in $dotnet_home; its output is in .build/logs/deps-dotnet.log"
}

verb_deps() {
	local os wanted missing purpose=test
	if (($#)); then
		[[ $* == --build ]] || die 2 "deps: unknown argument $*; --build is known"
		purpose=build
	fi
	os=$(distribution) || exit $?
	wanted=$(missing_packages "$purpose") || exit $?
	if [[ -z $wanted ]] && has_dotnet; then
		show "dependencies" "all present"
		return
	fi
	has_dotnet || wanted+=" and the .NET 10 SDK"
	((EUID == 0)) || die 1 "deps: missing: ${wanted//$'\n'/ }; run: sudo ./build.sh deps${*:+ $*}"
	step "package lists" deps-update apt-get update
	lists_are_fresh=true
	wanted=$(missing_packages "$purpose") || exit $? # candidates may differ with fresh lists
	if [[ -n $wanted ]]; then
		mapfile -t missing <<<"$wanted"
		step "install ${#missing[@]} packages" deps-install apt_install "${missing[@]}"
	fi
	# shellcheck disable=SC2086 # two words: id and version
	has_dotnet || install_dotnet $os
}

# ---- build ------------------------------------------------------------------------------------------------------------

readonly shared_inputs=(Directory.Build.props Directory.Packages.props .editorconfig)

build_bpf() {
	[[ -x bpf/build.sh ]] || return 0
	local now source all=true
	now=$(digest bpf bpf)
	for source in bpf/*.bpf.c; do [[ -f .build/bpf/$(basename "$source" .c).o ]] || all=false; done
	"$all" && is_fresh bpf "$now" && return
	step "BPF programs" bpf bpf/build.sh
	mark_fresh bpf "$now"
}

# publish PROJECT BINARY AOT
publish() {
	local project=$1 binary=$2 aot=$3 inputs now out=$root/.build/publish/$2 options=()
	mapfile -t inputs < <(closure "$project")
	inputs+=("${shared_inputs[@]}" src/Executable.props src/Executable proto)
	if [[ -d bpf ]]; then inputs+=(bpf); fi
	now=$(digest "$binary aot=$aot" "${inputs[@]}")
	[[ -x bin/$binary ]] && is_fresh "$binary" "$now" && return
	if [[ $aot == true ]]; then options=(-p:PublishAot=true); fi
	step "bin/$binary" "publish-$binary" \
		dotnet publish "$project" -c Release -r "$rid" -o "$out" -v quiet "${options[@]}" || {
		[[ $aot == false ]] || echo "build.sh: --aot needs the NativeAOT pack of this SDK from your package source" >&2
		return 1
	}
	mkdir -p bin
	# Renamed into place: a running gale-lb keeps the file it was started from.
	cp "$out/$binary" "bin/.$binary.new" && mv "bin/.$binary.new" "bin/$binary"
	mark_fresh "$binary" "$now"
}

verb_build() {
	local aot=false
	case ${1:-} in
	"") ;;
	--aot) aot=true ;;
	*) die 2 "build: unknown argument $1; only --aot is known" ;;
	esac
	build_all "$aot"
}

build_all() { # AOT
	has_dotnet || die 1 "the .NET 10 SDK is missing; run: sudo ./build.sh deps"
	build_bpf
	publish src/GaleLb.LoadBalancer gale-lb "$1"
	publish src/GaleLb.Node gale-node "$1"
	publish src/GaleLb.Cli galectl "$1"
	show "build" "up to date"
}

build_tests() {
	local now inputs=(src proto tests e2e GaleLb.sln "${shared_inputs[@]}")
	if [[ -d bpf ]]; then inputs+=(bpf); fi
	now=$(digest tests "${inputs[@]}")
	is_fresh tests "$now" && return
	step "all projects and tests" build dotnet build GaleLb.sln -c Release -v quiet
	mark_fresh tests "$now"
}

# ---- test -------------------------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0
runner=() # what goes before the runner of tests

# run_tests PROJECT_DIRECTORY [dotnet-test arguments] : runs one project and adds to the totals, which come from the
# report and not from the runner's exit status alone: that one is 0 also when nothing was executed. A run in which no test
# ends for ten minutes is ended, a failure by the name of the test that hung.
run_tests() {
	local project=$1 name report start status=0 counters total executed good bad
	name=$(basename "$project")
	report=$root/.build/test-results/$name.trx
	shift
	rm -f "$report"
	mkdir -p "$logs"
	start=$(milliseconds)
	spawn "${runner[@]}" dotnet test "$project" -c Release --no-build --nologo -v quiet --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" \
		--blame-hang --blame-hang-timeout "${GALE_HANG_TIMEOUT:-10m}" --blame-hang-dump-type none \
		--results-directory "$root/.build/test-results" "$@" >"$logs/test-$name.log" 2>&1 </dev/null || status=$?
	counters=$(grep -o '<Counters [^>]*' "$report" 2>/dev/null || true)
	attribute() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
	total=$(attribute total) executed=$(attribute executed) good=$(attribute passed)
	total=${total:-0} executed=${executed:-0} good=${good:-0}
	bad=$((executed - good))
	passed=$((passed + good))
	skipped=$((skipped + total - executed))
	if ((executed == 0)); then
		bad=1
		show "$name" "FAILED: no test was run, $total skipped ($(seconds_since "$start"))"
	elif ((bad == 0 && status != 0)); then
		bad=1
		show "$name" "FAILED: the run ended with status $status ($(seconds_since "$start"))"
	else
		show "$name" "$good passed, $bad failed, $((total - executed)) skipped ($(seconds_since "$start"))"
	fi
	failed=$((failed + bad))
	if ((bad > 0)); then
		tail -n 60 "$logs/test-$name.log" >&2
		echo "build.sh: the whole output is in .build/logs/test-$name.log" >&2
		failures "$logs/test-$name.log" >&2
	fi
}

# failures LOG : of each failed test its name and the first line of what it says, so that the end of any output tells why.
failures() {
	awk '/^  Failed / { name = $2 } said { sub(/^ */, ""); printf "build.sh: FAILED %s: %.600s\n", name, $0; said = 0 } /^  Error Message:/ { said = 1 }
		/^The tests? running when the crash occurred/ { hung = 1; next } hung && /^[A-Z]/ { hung = NF == 1; if (hung) printf "build.sh: FAILED %s: it did not end\n", $1 }' "$1"
}

totals() {
	((passed + failed + skipped > 0)) || failed=1
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0))
}

verb_test() {
	local project name wanted selected=()
	for project in tests/*.Tests e2e/*.Tests; do
		name=$(basename "$project")
		if (($# == 0)); then
			selected+=("$project")
			continue
		fi
		for wanted; do
			if [[ ${name,,} == *"${wanted,,}"* ]]; then
				selected+=("$project")
				break
			fi
		done
	done
	((${#selected[@]})) || die 2 "test: no test project's name contains: $*"
	if [[ ${selected[*]} == *e2e/* ]]; then build_all false; else build_bpf; fi
	build_tests
	for project in "${selected[@]}"; do run_tests "$project"; done
	totals
}

verb_e2e() {
	if [[ ${1:-} == --hosts ]]; then
		e2e_hosts "${@:2}"
		return
	fi
	need_root e2e
	build_all false
	build_tests
	if (($#)); then run_tests e2e/GaleLb.E2E.Tests --filter "$1"; else run_tests e2e/GaleLb.E2E.Tests; fi
	totals
}

# has_built lb|node : whether the second host of a kind runs the package of this commit
has_built() {
	local version
	version=$(e2e/hosts/systemd.sh in "$1-2" dpkg-query -W -f '${Version}' "gale-$1") || return
	echo "$version"
	[[ $version == *"+r$(git rev-list --count HEAD)" ]]
}

# e2e_hosts systemd|INVENTORY [--keep] [-K] [--source | FILTER]
e2e_hosts() {
	local where=${1:-} keep=false ask=false source=false options=() play=() inventory=() suite=e2e/hosts/GaleLb.Hosts.Tests prefix=${GALE_HOSTS_PREFIX:-galehosts-} playbook password
	shift || true
	while [[ ${1:-} == -* ]]; do
		case $1 in
		--keep) keep=true ;;
		--source) source=true ;;
		-K | --ask-become-pass) ask=true ;;
		*) die 2 "e2e: unknown option $1; --keep, --source and -K are known" ;;
		esac
		shift
	done
	if (($#)); then options=(--filter "$1"); fi
	[[ $where == systemd || -e $where ]] || die 2 "e2e: --hosts needs systemd or the path of an inventory, and ${where:-nothing} is neither"
	if $source; then
		[[ $where == systemd ]] || die 2 "e2e: --source is for --hosts systemd; an inventory of yours says gale_install_from itself"
		((!$#)) || die 2 "e2e: --source goes with no filter, it runs ServiceTests: upgrades are from packages to packages"
		options=(--filter FullyQualifiedName~ServiceTests)
	fi
	private=$(mktemp -d) # for its owner alone
	if [[ $where == systemd ]]; then
		need_root "e2e --hosts systemd"
		play=(e2e/hosts/systemd.sh play) inventory=(e2e/hosts/systemd.sh inventory)
	else
		command -v ansible-playbook >/dev/null || die 1 "e2e: --hosts needs ansible-playbook here: apt-get install ansible-core"
		play=(ansible-playbook -i "$where" -e @e2e/hosts/settings.yml) inventory=(ansible-inventory -i "$where" --playbook-dir ansible/playbooks --list)
		if $ask; then
			[[ -t 0 ]] || die 2 "e2e: -K asks at a terminal, and there is none"
			read -rsp "Password of sudo on the hosts: " password && echo
			printf '%s\n' "$password" >"$private/password"
			play+=(--become-password-file "$private/password")
			export GALE_E2E_BECOME_PASSWORD_FILE=$private/password
		fi
	fi
	build_all false
	rm -rf .build/packages .build/packages-next
	step "packages" package configs/package/build.sh -z 0 bin .build/packages
	step "packages of a next version" package-next configs/package/build.sh -z 0 -s next bin .build/packages-next
	step "tests" build-hosts dotnet build "$suite" -c Release -v quiet
	if [[ $where == systemd ]]; then
		$keep || hosts_up=true
		step "hosts" hosts-up e2e/hosts/systemd.sh up
		export GALE_E2E_HOSTS=ansible/e2e-hosts.ini:.build/hosts/inventory.ini GALE_E2E_SSH_KEY=$root/.build/hosts/key \
			GALE_E2E_CONTROL=$root/e2e/hosts/systemd.sh GALE_E2E_NEXT=/repository/.build/packages-next GALE_E2E_MDNS_ADDRESS=10.97.2.100
		runner=(nsenter "--net=/run/netns/${prefix}control")
	else
		export GALE_E2E_HOSTS=$where GALE_E2E_NEXT=$root/.build/packages-next
	fi
	# What it says may have secrets of yours in it, decrypted.
	export GALE_E2E_INVENTORY=$private/inventory.json
	"${inventory[@]}" >"$GALE_E2E_INVENTORY" || die 1 "e2e: ansible-inventory cannot read $where"
	for playbook in e2e lb node; do
		step "playbook $playbook.yml" "hosts-$playbook" "${play[@]}" "ansible/playbooks/$playbook.yml"
	done
	if $source; then
		step "lb-2 and node-2 reach what they build with" hosts-network e2e/hosts/systemd.sh network lb-2 node-2
		for playbook in lb node; do
			step "playbook $playbook.yml from source on $playbook-2" "hosts-source-$playbook" \
				"${play[@]}" "ansible/playbooks/$playbook.yml" --limit "$playbook-2.local" -e @.build/hosts/source.yml
			step "$playbook-2 has what it built" "hosts-built-$playbook" has_built "$playbook"
		done
	fi
	run_tests "$suite" "${options[@]}"
	totals
}

# kernels [VERSION...] : e2e/kernels/run.sh tells what it finds, with totals as here.
verb_kernels() {
	need_root kernels
	build_all false
	step "packet tests" build-kernels dotnet build tests/GaleLb.Bpf.Tests -c Release -v quiet
	spawn e2e/kernels/run.sh "$@"
}

# ---- package ----------------------------------------------------------------------------------------------------------

verb_package() {
	local check=false out=.build/packages options=()
	while (($#)); do
		case $1 in
		--check) check=true ;;
		--suffix)
			[[ -n ${2:-} ]] || die 2 "package: --suffix needs a text, which is appended to the version"
			options=(-s "$2")
			shift
			;;
		*) die 2 "package: unknown argument $1; --check and --suffix S are known" ;;
		esac
		shift
	done
	build_all false
	rm -rf "$out"
	step "packages" package configs/package/build.sh "${options[@]}" bin "$out"
	sed 's,^,    .build/packages/,' "$logs/package.log"
	if $check; then spawn configs/package/check.sh "$out"; fi
}

# ---- the other verbs --------------------------------------------------------------------------------------------------

verb_demo() {
	case ${1:-} in
	"" | --once) ;;
	*) die 2 "demo: unknown argument $1; only --once is known" ;;
	esac
	need_root demo
	verb_deps
	build_all false
	spawn e2e/demo.sh "$@"
}

verb_sim() {
	step "simulator" build-sim dotnet build tests/GaleLb.Simulation -c Release -v quiet
	# Whoever repeats a run needs the code it ran: a seed means nothing without it.
	GALE_COMMIT=$(git describe --always --dirty 2>/dev/null || true) \
		spawn dotnet tests/GaleLb.Simulation/bin/Release/net10.0/GaleLb.Simulation.dll "$@"
}

# A benchmark NAME is bench/NAME/run.sh, a fuzzer NAME is tests/fuzz/NAME.sh; each takes the rest of the arguments.
run_named() { # VERB NAME PATH ARGUMENTS...
	local verb=$1 name=$2 path=$3 pattern=${3/"$2"/*} names
	shift 3
	if [[ -z $name || $name == */* || ! -x $path ]]; then
		names=$(compgen -G "$pattern" | sed -E 's#^(bench|tests/fuzz)/##; s#(/run)?\.sh$##' | paste -sd' ' || true)
		die 2 "$verb: ${name:+there is no $verb $name; }names: ${names:-none yet}"
	fi
	build_all false
	spawn "$path" "$@"
}
verb_bench() { run_named bench "${1:-}" "bench/${1:-NAME}/run.sh" "${@:2}"; }
verb_fuzz() { run_named fuzz "${1:-}" "tests/fuzz/${1:-NAME}.sh" "${@:2}"; }

verb_fmt() {
	local verify=() dry=(-i) sources
	case ${1:-} in
	"") ;;
	--check) verify=(--verify-no-changes) dry=(--dry-run -Werror) ;;
	*) die 2 "fmt: unknown argument $1; only --check is known" ;;
	esac
	mapfile -t sources < <(git ls-files 'bpf/*.c' 'bpf/*.h' 'bench/*.c' 'bench/*.h')
	if ((${#sources[@]})); then
		local formatter
		formatter=$(compgen -c clang-format | grep -xE 'clang-format(-[0-9]+)?' | sort -t- -k3 -n | tail -n 1) ||
			die 1 "fmt: clang-format is missing"
		step "C" fmt-c "$formatter" "${dry[@]}" "${sources[@]}"
	fi
	step "C#" fmt-cs dotnet format GaleLb.sln --no-restore "${verify[@]}"
}

verb_clean() {
	if ((EUID == 0)); then
		local prefix
		release_disks
		for prefix in "$GALE_DEMO_PREFIX" "$GALE_E2E_PREFIX"; do e2e/topology.sh -p "$prefix" down; done
		if [[ -d .build/hosts ]]; then e2e/hosts/systemd.sh down; fi
	elif compgen -G '/run/netns/gale*' >/dev/null; then
		echo "build.sh: namespaces of a killed run are still there; to remove them: sudo ./build.sh clean" >&2
	fi
	rm -rf .build bin
	find src tests e2e -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
	show "clean" "done"
}

verb=${1:-help}
shift || true
trap leave EXIT
trap 'interrupted 130' INT
trap 'interrupted 143' TERM
case $verb in
deps | build | package | test | demo | e2e | kernels | bench | sim | fuzz | fmt | clean) "verb_$verb" "$@" ;;
help | -h | --help) usage ;;
*)
	usage >&2
	die 2 "unknown verb $verb"
	;;
esac
