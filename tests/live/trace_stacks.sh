#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Which functions led to a call of a real go: both ways of recording that know it say the same, live and out of the file.
# DIALTONE: the program; DIALTONE_TOOLS: toolchains; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
work=${TEST_TMP:?a folder}/trace_stacks
go=$(find "${DIALTONE_TOOLS:?toolchains}/go" -path '*/1.26.*/bin/go' -print -quit)
mkdir -p "$work"
cd "$work" || exit 1
export HOME=$work GOTOOLCHAIN=local GOFLAGS=-mod=mod GOPROXY=off GOTELEMETRY=off
failures=0 tried=0

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

# The innermost first, as go was written: main.main is called by the runtime, and cmd/go asks os for the file.
in_order() { # FILE PATTERN...
	local file=$1 at=0 line
	shift
	for pattern in "$@"; do
		line=$(tail -n +$((at + 1)) "$file" | grep -nm 1 -- "$pattern" | cut -d : -f 1)
		[ -n "$line" ] || return 1
		at=$((at + line))
	done
}

printf 'module example.com/stacks\n\ngo 1.21\n' >go.mod
printf 'package main\n\nfunc main() {}\n' >main.go
"$go" list ./... >/dev/null || { echo "go does not work"; exit 1; }

for backend in ebpf ptrace; do
	if ! "$dialtone" trace -b $backend --stacks -e exit_group -- true >out 2>&1; then
		echo "$backend cannot record here: $(tail -n 1 out)"
		continue
	fi
	tried=$((tried + 1))
	"$dialtone" trace -b $backend --stacks -e openat -o $backend.trace -- "$go" list ./... >/dev/null 2>err ||
		fail "$backend: $(cat err)"
	"$dialtone" query $backend.trace -n 0 --canned callers openat >$backend.callers 2>err || fail "$backend: $(cat err)"
	in_order $backend.callers 'go(syscall\.openat+' 'go(os\.ReadFile+\|go(os\.ReadDir+' 'go(cmd/go/internal/' 'go(main\.main+' \
		'go(runtime\.main+' || fail "$backend: $(head -n 40 $backend.callers)"
	"$dialtone" trace -b $backend -k -e openat -- "$go" list ./... >$backend.lines 2>/dev/null
	in_order $backend.lines 'openat(.*go\.mod' '^ > go(syscall\.openat+' '^ > go(main\.main+' || fail "$backend: live: $(head -n 40 $backend.lines)"
	"$dialtone" trace -b $backend -e openat -o plain.trace -- "$go" list ./... >/dev/null 2>err
	"$dialtone" query plain.trace --json --canned callers openat | jq -e '.rows == []' >/dev/null || fail "$backend: stacks nobody asked for"
	rm plain.trace
done

# The same functions open files, whichever way it was recorded.
if [ $tried = 2 ]; then
	for backend in ebpf ptrace; do
		grep -o 'go(cmd/go/internal/[^+]*' $backend.callers | sort -u >$backend.functions
	done
	cmp -s ebpf.functions ptrace.functions || fail "ebpf and ptrace differ: $(diff ebpf.functions ptrace.functions | head -n 10)"
fi
"$dialtone" trace -b notify --stacks -- true >out 2>&1
[ $? = 3 ] || fail "notify promises stacks"
if [ "$failures" -gt 0 ]; then
	echo "$failures failures"
	exit 1
fi
if [ $tried = 0 ]; then exit 77; fi
