#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone stacks against the runtime's own words: a program blocked in every way there is, built with every release of
# Go that is here (plain, stripped, position independent, with cgo), compared goroutine by goroutine with its debug=2
# and SIGQUIT dumps; gopls idle and while it loads; and what is said when it cannot be done.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
tools=${DIALTONE_TOOLS:?the folder of tools/toolchains}
here=$(dirname "$(readlink -f "$0")")/stacks
work=${TEST_TMP:?a folder}/stacks
mkdir -p "$work"
failures=0
started=()
fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}
finish() {
	local pid
	for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null; done
}
trap finish EXIT

# until_there FILE PID: waits for a file that a process makes.
until_there() {
	local i
	for ((i = 0; i < 600; i++)); do
		if [ -e "$1" ]; then return 0; fi
		if ! kill -0 "$2" 2>/dev/null; then return 1; fi
		sleep 0.05
	done
	return 1
}

# ---- programs, kept below the tools: building the standard library for each takes a while ----

sum=$(cat "$here"/*.go "$here"/go.mod | sha256sum | cut -c 1-12)
built=$tools/stacks-$sum
mkdir -p "$built"
build() { # VERSION NAME CGO FLAG...
	local version=$1 out=$built/$1-$2 cgo=$3 lock
	shift 3
	exec {lock}>"$built/.lock"
	flock "$lock"
	if [ ! -x "$out" ]; then
		(cd "$here" && GOCACHE=$tools/stacks-cache GOFLAGS=-buildvcs=false GOTOOLCHAIN=local GOENV=off GOWORK=off CGO_ENABLED=$cgo \
			"$tools/go/$version/bin/go" build -o "$out.new" "$@" .) >"$work/build.log" 2>&1 && mv "$out.new" "$out"
	fi
	exec {lock}>&-
	[ -x "$out" ] || fail "build $out: $(tail -n 3 "$work/build.log")"
}

# compare NAME PROGRAM: parked goroutines are equal to those of both dumps.
compare() {
	local name=$1 program=$2 dir=$work/$1 pid
	mkdir -p "$dir"
	"$program" "$dir" 1000 </dev/null >/dev/null 2>"$dir/quit" &
	pid=$!
	started+=("$pid")
	if ! until_there "$dir/ready" "$pid"; then
		fail "$name: the program did not get ready: $(head -n 3 "$dir/quit")"
		return
	fi
	"$dialtone" stacks "$pid" >"$dir/ours" 2>"$dir/err" || fail "$name: status $?: $(cat "$dir/err")"
	if [ -s "$dir/err" ]; then fail "$name: $(head -n 3 "$dir/err")"; fi
	"$dialtone" stacks --json "$pid" >"$dir/json" || fail "$name: --json"
	"$dialtone" stacks --summary "$pid" >"$dir/summary" || fail "$name: --summary"
	kill -USR1 "$pid"
	until_there "$dir/dump" "$pid" || fail "$name: no dump"
	"$here/compare.py" "$dir/ours" "$dir/dump" >"$dir/difference" || fail "$name: debug=2: $(cat "$dir/difference")"
	printf 'ok %s: debug=2: %s\n' "$name" "$(tail -n 1 "$dir/difference")"
	"$dialtone" stacks --system "$pid" >"$dir/ours"
	kill -QUIT "$pid"
	wait "$pid" 2>/dev/null
	"$here/compare.py" "$dir/ours" "$dir/quit" >"$dir/difference" || fail "$name: SIGQUIT: $(cat "$dir/difference")"
	printf 'ok %s: SIGQUIT: %s\n' "$name" "$(tail -n 1 "$dir/difference")"
	# One model behind text and JSON: the same goroutines, each with a stack; the groups hold them all.
	jq -e '(.goroutines | length) > 1000 and .version_known and ([.stacks[].id] as $ids | all(.goroutines[];
		.state == "running" or (.stack as $s | $ids | index($s)))) and all(.stacks[]; .frames | length > 0)' \
		"$dir/json" >/dev/null || fail "$name: the JSON does not hold together"
	if ! grep -qE '^[0-9]+ goroutines in [0-9]+ groups' "$dir/summary"; then fail "$name: summary"; fi
}

for version in 1.20.14 1.24.12 1.25.7 1.26.8 1.27.3; do
	build "$version" plain 0
	build "$version" stripped 0 -ldflags='-s -w'
	compare "$version-plain" "$built/$version-plain"
	compare "$version-stripped" "$built/$version-stripped"
done
for version in 1.20.14 1.25.7 1.27.3; do
	build "$version" pie 0 -buildmode=pie -ldflags='-s -w'
	compare "$version-pie" "$built/$version-pie"
done
if command -v gcc >/dev/null; then
	for version in 1.20.14 1.26.8 1.27.3; do
		build "$version" cgo 1 -ldflags=-linkmode=external
		compare "$version-cgo" "$built/$version-cgo"
	done
	build 1.25.7 cgo-pie 1 -buildmode=pie -ldflags='-s -w -linkmode=external'
	compare 1.25.7-cgo-pie "$built/1.25.7-cgo-pie"
else
	echo '# skipped cgo: there is no gcc'
fi
# Section names may be cut off as well.
if command -v objcopy >/dev/null; then
	for version in 1.25.7 1.27.3; do
		if objcopy --strip-section-headers "$built/$version-stripped" "$work/bare" 2>/dev/null; then
			compare "$version-bare" "$work/bare"
		fi
	done
fi

exit $((failures > 0))
