#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone stacks against the runtime's own words: a program blocked in every way there is, built with every release of
# Go that is here (plain, stripped, position independent, with cgo), compared goroutine by goroutine with its debug=2
# and SIGQUIT dumps; gopls idle and while it loads; and what is said when it cannot be done.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/stacks.bash
. "$(dirname "$0")/stacks.bash"
stacks stacks .

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

# built VERSION NAME CGO FLAG...: builds, and compares what was built.
built() {
	local version=$1 name=$2
	if CGO_ENABLED=$3 program "$version-$name" . "$version" "${@:4}"; then compare "$version-$name" "$built/$version-$name"; fi
}

for version in 1.27.3 1.20.14 1.26.8 1.25.7 1.24.12; do
	built "$version" plain 0
	built "$version" stripped 0 -ldflags='-s -w'
done
for version in 1.20.14 1.25.7 1.27.3; do
	built "$version" pie 0 -buildmode=pie -ldflags='-s -w'
done
if command -v gcc >/dev/null; then
	for version in 1.20.14 1.26.8 1.27.3; do
		built "$version" cgo 1 -ldflags=-linkmode=external
	done
	built 1.25.7 cgo-pie 1 -buildmode=pie -ldflags='-s -w -linkmode=external'
else
	echo '# skipped cgo: there is no gcc'
fi
# Without section headers only the content tells where things are.
for version in 1.20.14 1.25.7 1.27.3; do
	name=stripped
	if [ "$version" = 1.25.7 ] && [ -x "$built/1.25.7-cgo-pie" ]; then name='cgo-pie'; fi
	if [ ! -x "$built/$version-$name" ]; then continue; fi
	python3 - "$built/$version-$name" "$work/bare-$version" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[40:48] = bytes(8)  # e_shoff
data[58:64] = bytes(6)  # e_shentsize, e_shnum, e_shstrndx
open(sys.argv[2], "wb").write(data)
END
	chmod 755 "$work/bare-$version"
	compare "$version-bare" "$work/bare-$version"
done

# ---- while everything moves ----

# moving NAME PID ROUNDS: whatever held still has a whole stack; every run ends well.
moving() {
	local name=$1 pid=$2 rounds=$3 i certain=0 n
	for ((i = 0; i < rounds; i++)); do
		if ! "$dialtone" stacks --json "$pid" >"$work/json" 2>"$work/err"; then
			# In its first milliseconds there is nothing to read yet.
			if [ "$certain" -eq 0 ] && [ "$i" -lt 3 ] && grep -qE 'just starting|not have started' "$work/err"; then continue; fi
			fail "$name: $(cat "$work/err")"
			return
		fi
		n=$(jq 'if .counts.partial > 0 or .counts.unreadable > 0 then -1 else .counts.certain end' "$work/json")
		if [ "$n" -lt 0 ]; then
			fail "$name: $(jq -c '.counts, [.goroutines[] | select(.state == "partial")][:3]' "$work/json")"
			return
		fi
		certain=$((certain + n))
	done
	printf 'ok %s: %d stacks certain in %d rounds\n' "$name" "$certain" "$rounds"
	if [ "$certain" -eq 0 ]; then fail "$name: none was certain"; fi
}

for version in 1.20.14 1.27.3; do
	dir=$work/churn-$version
	mkdir -p "$dir"
	"$built/$version-stripped" "$dir" churn </dev/null >/dev/null 2>&1 &
	pid=$!
	started+=("$pid")
	until_there "$dir/ready" "$pid" || fail "churn $version did not start"
	moving "churn $version" "$pid" 30
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
done

# ---- gopls ----

module=$work/module
for ((i = 0; i < 150; i++)); do
	mkdir -p "$module/p$i"
	printf 'package p%d\n\nimport (\n\t"fmt"\n\t"net/http"\n)\n\nfunc Hello() { fmt.Println(http.StatusText(%d)) }\n' "$i" "$i" >"$module/p$i/p.go"
done
printf 'module example.com/many\n\ngo 1.20\n' >"$module/go.mod"
for gopls in "$tools"/gopls/*/gopls; do
	name=gopls-$(basename "$(dirname "$gopls")")
	case $name in *v0.24*) go=1.27.3 ;; *) go=1.26.8 ;; esac
	case $name in *v0.16*) go=1.24.12 ;; esac
	ready=$work/$name.ready
	mkfifo "$work/$name.stdin"
	HOME=$work/home GOPATH=$work/home/go GOCACHE=$work/home/cache-$go GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local GOTELEMETRY=off PATH=$tools/go/$go/bin:$PATH \
		"$here/hold.py" "$gopls" "$module" "$module/p0/p.go" "$work/$name.err" "$ready" <"$work/$name.stdin" >/dev/null 2>&1 &
	holder=$!
	exec {hold}>"$work/$name.stdin"
	until_there "$ready.pid" "$holder" || fail "$name did not start"
	pid=$(cat "$ready.pid")
	started+=("$pid")
	moving "$name while it loads" "$pid" 10
	until_there "$ready" "$holder" || fail "$name did not load"
	# Idle: the same list for a while, in which nothing runs.
	settled=0
	for ((i = 0; i < 300 && settled < 10; i++)); do
		"$dialtone" stacks --system "$pid" >"$work/ours"
		settled=$((settled + 1))
		if grep -qE '^goroutine .*\[(running|runnable|GC worker \(active)' "$work/ours" || ! cmp -s "$work/ours" "$work/ours.before"; then settled=0; fi
		cp "$work/ours" "$work/ours.before"
		sleep 0.2
	done
	if [ $settled -lt 10 ]; then fail "$name does not come to rest"; fi
	exec {hold}>&-
	wait "$holder" 2>/dev/null
	"$here/compare.py" "$work/ours" "$work/$name.err" >"$work/difference" || fail "$name: SIGQUIT: $(cat "$work/difference")"
	printf 'ok %s: SIGQUIT: %s\n' "$name" "$(tail -n 1 "$work/difference")"
done

# ---- what cannot be read, and why ----

# refused STATUS WORD ARGUMENT...: this status, and the word in the one sentence about it.
refused() {
	local status=$1 word=$2 got
	shift 2
	"$dialtone" stacks "$@" >"$work/out" 2>"$work/err"
	got=$?
	if [ $got -ne "$status" ] || ! grep -q -- "$word" "$work/err" || [ "$(wc -l <"$work/err")" -ne 1 ] || [ -s "$work/out" ]; then
		fail "stacks $*: status $got: $(cat "$work/err")"
	fi
}
refused 2 PID
refused 2 'x1' x1
refused 2 "'0'" 0
refused 3 'no process' 4194304
sleep 60 &
pid=$!
started+=("$pid")
refused 3 'no Go program' "$pid"
if [ "$(id -u)" = 0 ]; then
	"$built/1.27.3-plain" "$work/churn-1.27.3" churn </dev/null >/dev/null 2>&1 &
	pid=$!
	started+=("$pid")
	cp "$dialtone" "$work/dialtone"
	chmod 755 "$work" "$work/dialtone"
	# Another user has no right to it, and is told whose it is.
	if command -v setpriv >/dev/null; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$work/dialtone" stacks "$pid" >"$work/out" 2>"$work/err"
		status=$?
		if [ $status -ne 3 ] || ! grep -q 'CAP_SYS_PTRACE' "$work/err"; then fail "as nobody: status $status: $(cat "$work/err")"; fi
	fi
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
fi

# A process that ends or becomes another one meanwhile: a sentence, or what was read before.
for ((i = 0; i < 20; i++)); do
	dir=$work/end-$i
	mkdir -p "$dir"
	"$built/1.27.3-stripped" "$dir" churn </dev/null >/dev/null 2>&1 &
	pid=$!
	started+=("$pid")
	until_there "$dir/ready" "$pid"
	(kill -KILL "$pid") &
	"$dialtone" stacks "$pid" >"$work/out" 2>"$work/err"
	status=$?
	wait "$pid" 2>/dev/null
	case $status in
	0) ;;
	3) if [ "$(wc -l <"$work/err")" -ne 1 ]; then fail "ended meanwhile: $(cat "$work/err")"; fi ;;
	*) fail "ended meanwhile: status $status: $(cat "$work/err")" ;;
	esac
done

# Nothing is stopped, attached to or signalled.
if command -v strace >/dev/null; then
	dir=$work/quiet
	mkdir -p "$dir"
	"$built/1.27.3-plain" "$dir" </dev/null >/dev/null 2>&1 &
	pid=$!
	started+=("$pid")
	until_there "$dir/ready" "$pid"
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$work/strace" -e trace=ptrace,kill,tkill,tgkill,process_vm_writev,pidfd_send_signal,openat "$dialtone" stacks "$pid" >/dev/null
	# Where the one system call is refused, the other way leads to the same.
	"$dialtone" stacks "$pid" >"$work/ours"
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$work/strace.refused" -e trace=process_vm_readv -e inject=process_vm_readv:error=EPERM "$dialtone" stacks "$pid" >"$work/by-file"
	"$here/compare.py" "$work/ours" "$work/by-file" >"$work/difference" || fail "by /proc/PID/mem: $(cat "$work/difference")"
	if grep -E 'ptrace|kill\(|writev|send_signal|O_RDWR|O_WRONLY|O_CREAT' "$work/strace"; then fail 'it did more than read'; fi
else
	echo '# skipped the list of system calls: there is no strace'
fi

finish
