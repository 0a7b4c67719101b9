#!/usr/bin/env bash
# tests/fuzz/packets.sh [--packets N] [--seed S] [--hook xdp|tc]: mutated packets through the packet programs by test-run (tests/GaleLb.Bpf.Tests/Fuzz). Needs root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
log=$(dotnet build tests/GaleLb.Bpf.Tests -c Release -v quiet --nologo 2>&1) || {
	echo "$log" >&2
	exit 1
}
exec dotnet tests/GaleLb.Bpf.Tests/bin/Release/net10.0/GaleLb.Bpf.Tests.dll "$@"
