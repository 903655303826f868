# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the tests of goroutines seen from outside share: programs of tests/live/stacks, built with many releases of Go and
# kept below the tools, since each release's standard library takes a while. DIALTONE_TOOLS: Go and gopls.
# A runner calls stacks NAME FOLDER... first and finish last.
# shellcheck disable=SC2034 # what is not used here is used by the runners

# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
here=$here/stacks
tools=${DIALTONE_TOOLS:?the folder of tools/toolchains}

stacks() { # NAME FOLDER...: the programs of these folders of sources are kept in $built
	local name=$1 sum
	surroundings "$name"
	sum=$(cd "$here" && for folder in "${@:2}"; do cat "$folder"/*.go; done | cat - go.mod | sha256sum | cut -c 1-12)
	built=$tools/${name//_/-}-$sum
	mkdir -p "$built"
}

# program NAME FOLDER VERSION FLAG...: $built/NAME of a folder's sources, for the caller's GOARCH and with its CGO_ENABLED.
program() {
	local out=$built/$1 folder=$2 version=$3 lock
	shift 3
	if [ ! -x "$out" ] && [ $SECONDS -gt 400 ]; then
		echo "# skipped ${out##*/}: building took too long; the next run goes on with it"
		return 1
	fi
	exec {lock}>"$built/.lock"
	flock "$lock"
	if [ ! -x "$out" ]; then
		(cd "$here/$folder" && GOCACHE=$tools/stacks-cache GOFLAGS=-buildvcs=false GOTOOLCHAIN=local GOENV=off GOWORK=off \
			"$tools/go/$version/bin/go" build -o "$out.new" "$@" .) >"$work/build.log" 2>&1 && mv "$out.new" "$out"
	fi
	exec {lock}>&-
	if [ ! -x "$out" ]; then
		fail "build $out: $(tail -n 3 "$work/build.log")"
		return 1
	fi
}

while_alive() { # PID COMMAND...: waits for it to succeed as long as the process lives
	local pid=$1 tries
	shift
	for ((tries = 0; tries < 2400; tries++)); do
		if "$@"; then return 0; fi
		if ! kill -0 "$pid" 2>/dev/null; then return 1; fi
		sleep 0.05
	done
	return 1
}

until_there() { while_alive "$2" test -e "$1"; }         # FILE PID: a file that it makes
until_said() { while_alive "$3" grep -qs -- "$2" "$1"; } # FILE WORD PID: a word in what it says
