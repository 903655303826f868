#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone stacks --why against programs that say themselves who holds what and who waits for whom in a circle: known
# deadlocks, all named and none else; harmless waits, of which nothing may be claimed; every release of Go that is here,
# optimised, not optimised, position independent; of core files too, amd64 and (emulated) arm64; gopls, which is not stuck.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/stacks.bash
. "$(dirname "$0")/stacks.bash"
stacks stacks_why why
ulimit -c unlimited 2>/dev/null

build() { # VERSION GOARCH NAME FLAG...: $built/VERSION-GOARCH-NAME
	GOARCH=$2 CGO_ENABLED=0 program "$1-$2-$3" why "$1" "${@:4}"
}

# judge NAME DIR: DIR/told against DIR/expected.
judge() {
	"$here/why.py" "$2/told" "$2/expected" >"$2/difference" || fail "$1: $(cat "$2/difference")"
	printf 'ok %s: %s\n' "$1" "$(tail -n 1 "$2/difference")"
}

# look NAME HOW PROGRAM: DIR/told and DIR/text of a new process.
look() {
	local name=$1 how=$2 program=$3 pid
	"$program" "$how" </dev/null >"$dir/expected" 2>"$dir/err" &
	pid=$!
	started+=("$pid")
	until_said "$dir/expected" ready "$pid" || fail "$name: $how: not ready: $(head -n 3 "$dir/err")"
	"$dialtone" stacks --why --json "$pid" >"$dir/told" || fail "$name: $how: status $?"
	"$dialtone" stacks --why "$pid" >"$dir/text" || fail "$name: $how: text"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
}

# live NAME PROGRAM
live() {
	local name=$1 program=$2 how dir
	for how in deadlocks harmless; do
		dir=$work/$name-$how
		mkdir -p "$dir"
		look "$name" "$how" "$program"
		judge "$name, $how" "$dir"
	done
	# The first line is the answer.
	head -n 1 "$work/$name-deadlocks/text" | grep -qE '^2 deadlocks proven, 9 deadlocks likely; ' || fail "$name: $(head -n 1 "$work/$name-deadlocks/text")"
	head -n 1 "$work/$name-harmless/text" | grep -q '^no deadlock found; ' || fail "$name: $(head -n 1 "$work/$name-harmless/text")"
}

for version in 1.27.3 1.20.14 1.26.8 1.25.7 1.24.12; do
	if build "$version" amd64 stripped -ldflags='-s -w'; then live "$version" "$built/$version-amd64-stripped"; fi
done
for version in 1.27.3 1.20.14; do
	if build "$version" amd64 slow -gcflags='-N -l'; then live "$version-slow" "$built/$version-amd64-slow"; fi
	if build "$version" amd64 pie -buildmode=pie; then live "$version-pie" "$built/$version-amd64-pie"; fi
done

# ---- core files ----

# dead NAME RUNNER PROGRAM: the same of a core.
dead() {
	local name=$1 runner=$2 program=$3 how dir pid core
	for how in deadlocks harmless; do
		dir=$work/$name-core-$how
		rm -rf "$dir"
		mkdir -p "$dir"
		cd "$dir" || return
		# shellcheck disable=SC2086 # the runner may be nothing
		GOTRACEBACK=crash $runner "$program" "$how" </dev/null >expected 2>/dev/null &
		pid=$!
		started+=("$pid")
		until_said expected ready "$pid" || fail "$name: $how: not ready"
		kill -QUIT "$pid"
		wait "$pid" 2>/dev/null
		cd "$work" || return
		if [ -n "$runner" ]; then rm -f "$dir"/core "$dir"/core.[0-9]*; fi
		core=$(find "$dir" -name '*core*' -type f | head -n 1)
		"$dialtone" stacks --why --json --core "$core" --exe "$program" >"$dir/told" || fail "$name: $how: status $?"
		judge "$name, core, $how" "$dir"
		rm -f "$core"
	done
}

pattern=$(cat /proc/sys/kernel/core_pattern)
case $(uname -m):$pattern in
x86_64:[!\|/]*) if [ -x "$built/1.27.3-amd64-stripped" ]; then dead 1.27.3 '' "$built/1.27.3-amd64-stripped"; fi ;;
*) echo "# skipped cores of the kernel: it gives them to '$pattern'" ;;
esac
if command -v qemu-aarch64 >/dev/null; then
	for version in 1.27.3 1.20.14 1.24.12; do
		if build "$version" arm64 stripped -ldflags='-s -w'; then dead "$version-arm64" qemu-aarch64 "$built/$version-arm64-stripped"; fi
	done
else
	echo '# skipped arm64: there is no qemu-aarch64'
fi

# ---- gopls is not stuck ----

module=$work/module
for ((i = 0; i < 60; i++)); do
	mkdir -p "$module/p$i"
	printf 'package p%d\n\nimport (\n\t"fmt"\n\t"net/http"\n)\n\nfunc Hello() { fmt.Println(http.StatusText(%d)) }\n' "$i" "$i" >"$module/p$i/p.go"
done
printf 'module example.com/many\n\ngo 1.20\n' >"$module/go.mod"

# peaceful NAME PID ROUNDS
peaceful() {
	local i
	for ((i = 0; i < $3; i++)); do
		if ! "$dialtone" stacks --why --json "$2" >"$work/told" 2>"$work/err"; then
			if [ "$i" -lt 3 ] && grep -qE 'just starting|not have started' "$work/err"; then continue; fi
			fail "$1: $(cat "$work/err")"
			return
		fi
		jq -e '.deadlocks == []' "$work/told" >/dev/null || fail "$1: $(jq -c .deadlocks "$work/told")"
	done
	printf 'ok %s: no deadlock in %d rounds, %s objects waited for\n' "$1" "$3" "$(jq '.objects | length' "$work/told")"
}

gopls=$tools/gopls/v0.24.0/gopls
if [ -x "$gopls" ]; then
	mkfifo "$work/stdin"
	HOME=$work/home GOPATH=$work/home/go GOCACHE=$work/home/cache GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local GOTELEMETRY=off PATH=$tools/go/1.27.3/bin:$PATH \
		"$here/hold.py" "$gopls" "$module" "$module/p0/p.go" "$work/gopls.err" "$work/gopls.ready" <"$work/stdin" >/dev/null 2>&1 &
	holder=$!
	started+=("$holder")
	exec {hold}>"$work/stdin"
	until_there "$work/gopls.ready.pid" "$holder" || fail 'gopls did not start'
	pid=$(cat "$work/gopls.ready.pid")
	started+=("$pid")
	peaceful 'gopls while it loads' "$pid" 30
	until_there "$work/gopls.ready" "$holder" || fail 'gopls did not load'
	peaceful 'gopls idle' "$pid" 10
	exec {hold}>&-
	wait "$holder" 2>/dev/null
else
	echo '# skipped gopls: v0.24.0 is not here'
fi

# ---- what cannot be asked ----

"$dialtone" stacks --why --summary 1 >"$work/out" 2>"$work/err"
if [ $? -ne 2 ] || [ "$(wc -l <"$work/err")" -ne 1 ]; then fail "--why --summary: $(cat "$work/err")"; fi

finish
