#!/usr/bin/env bash
# tutorial.sh - runs every ```sh block of docs/tutorial.md in one shell, as a reader would, and before its step 7 those of docs/rest.md. Ends
# with 1 at the first command that fails or that does not come to print what its "# → words" says. Root. GALE_TUTORIAL_PREFIX
# changes the names of the namespaces.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
prefix=${GALE_TUTORIAL_PREFIX:-galetutorial-} patience=120
script=$(mktemp)
down() {
	e2e/topology.sh -p "$prefix" -l 3 -n 2 down || true
	rm -f "$script"
}
trap down EXIT
rm -rf .build/tutorial

# until_prints WORDS LINE : runs a line of the page until its output has the words
until_prints() {
	local words=$1 line=$2 output='' deadline=$((SECONDS + patience))
	until output=$(eval "$line" 2>&1) && [[ $output == *"$words"* ]]; do
		((SECONDS < deadline)) || {
			printf 'tutorial: not within %s s: %s\n  expected: %s\n  last:\n%s\n' "$patience" "$line" "$words" "$output" >&2
			tail -n 5 .build/tutorial/*.log >&2
			exit 1
		}
		sleep 0.2
	done
	printf '  ✓ %s\n' "$line"
}

# blocks PAGE : only what stands between ```sh and ```; a line that ends in an expectation becomes a call of until_prints
blocks() {
	awk -v quote="'" '
		/^```sh$/ { inside = 1; next }
		/^```$/ { inside = 0 }
		!inside { next }
		match($0, / +# → /) {
			words = substr($0, RSTART + RLENGTH)
			line = substr($0, 1, RSTART - 1)
			gsub(quote, quote "\\" quote quote, line)
			print "until_prints " quote words quote " " quote line quote
			next
		}
		{ print }
	' "$@"
}

for page in docs/tutorial.md docs/rest.md; do
	# A page that lost its blocks would pass.
	(($(grep -c '^```sh$' "$page") >= 5)) || {
		echo "tutorial: $page has fewer than 5 blocks to run" >&2
		exit 1
	}
done
{
	sed '/^## 7\./,$d' docs/tutorial.md | blocks
	# The page's caller is on a replica.
	echo 'curl() { on lb-1 curl "$@"; }'
	blocks docs/rest.md
	echo 'unset -f curl'
	sed -n '/^## 7\./,$p' docs/tutorial.md | blocks
} | sed "s/galetutorial-/$prefix/g; s,/galetutorial\"$,/${prefix%-}\"," >"$script"
# shellcheck source=/dev/null
source "$script"
echo "tutorial: every block ran as the pages say"
