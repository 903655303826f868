#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone stacks --core against what the runtime prints when it dies: the program blocked in every way there is, and one
# that dies while goroutines run; cores of the kernel (amd64), of a debugger, and of an emulator (arm64). Which program
# belongs to a core, and what is said when that cannot be told, or the core is cut off or no core.
# DIALTONE: the program; DIALTONE_TOOLS: Go; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/stacks.bash
. "$(dirname "$0")/stacks.bash"
stacks stacks_core . gone
ulimit -c unlimited 2>/dev/null

build() { # VERSION GOARCH blocked|gone: $built/KIND-VERSION-GOARCH
	GOARCH=$2 CGO_ENABLED=0 program "$3-$1-$2" "${3/blocked/.}" "$1" -ldflags='-s -w'
}

# one_core DIR: the core file a process left there.
one_core() {
	find "$1" -maxdepth 1 -name '*core*' -type f | head -n 1
}

# die DIR RUNNER PROGRAM ARGUMENT...: runs it until it is ready, ends it by SIGQUIT, and leaves DIR/quit and the core.
die() {
	local dir=$1 runner=$2 pid
	shift 2
	rm -rf "$dir"
	mkdir -p "$dir/d"
	cd "$dir" || return 1
	# shellcheck disable=SC2086 # the runner may be nothing
	GOTRACEBACK=crash $runner "$@" </dev/null >/dev/null 2>quit &
	pid=$!
	started+=("$pid")
	if [ "$2" = d ]; then
		until_there d/ready "$pid"
	else
		until_said quit 'ready\|goroutine' "$pid"
	fi
	case $2 in d | spin) kill -QUIT "$pid" ;; esac
	wait "$pid" 2>/dev/null
	cd "$work" || return 1
	# The emulator dies of the same signal, and the kernel writes its core as well.
	if [ -n "$runner" ]; then rm -f "$dir"/core "$dir"/core.[0-9]*; fi
}

# compare NAME DIR OPTION...: parked goroutines of the core are those of the dump.
compare() {
	local name=$1 dir=$2 core
	shift 2
	core=$(one_core "$dir")
	if ! "$dialtone" stacks --system --core "$core" "$@" >"$dir/ours" 2>"$dir/err" || [ -s "$dir/err" ]; then
		fail "$name: $(head -n 3 "$dir/err")"
		return
	fi
	"$here/compare.py" "$dir/ours" "$dir/quit" >"$dir/difference" || fail "$name: $(cat "$dir/difference")"
	printf 'ok %s: %s\n' "$name" "$(tail -n 1 "$dir/difference")"
}

# ran NAME DIR RUNNER PROGRAM OPTION...: goroutines on processors have the stacks the runtime printed of each thread.
ran() {
	local name=$1 dir=$2 runner=$3 program=$4 i
	shift 4
	for ((i = 0; i < 20; i++)); do
		die "$dir" "$runner" "$program" spin
		"$dialtone" stacks --system --core "$(one_core "$dir")" "$@" >"$dir/ours" 2>"$dir/err" || fail "$name: $(cat "$dir/err")"
		"$here/compare.py" "$dir/ours" "$dir/quit" --running >"$dir/difference" || fail "$name: $(cat "$dir/difference")"
		# None ran at that moment, which is for the scheduler to say.
		if ! grep -q '^0 of 0' "$dir/difference"; then break; fi
	done
	if [ $i -eq 20 ]; then fail "$name: none was running in 20 runs"; fi
	printf 'ok %s: %s\n' "$name" "$(tail -n 1 "$dir/difference")"
	for how in panic nil; do
		die "$dir" "$runner" "$program" "$how"
		"$dialtone" stacks --core "$(one_core "$dir")" "$@" >"$dir/ours" 2>"$dir/err" || fail "$name: $how: $(cat "$dir/err")"
		# The one that panicked: the runtime's end above, the function that did it, and who made it.
		awk -v RS= '/^goroutine [0-9]+ \[running\]/ && /\nmain.fail\(/ && /\ncreated by main.main/ { n++ } END { exit n != 1 }' \
			"$dir/ours" || fail "$name: $how: $(grep -A 9 running "$dir/ours")"
	done
}

# ---- amd64: the kernel's own core files ----

pattern=$(cat /proc/sys/kernel/core_pattern)
case $(uname -m):$pattern in
x86_64:[!\|/]*) native=yes ;;
*)
	native=
	echo "# skipped cores of the kernel: it gives them to '$pattern'"
	;;
esac
for version in 1.20.14 1.25.7 1.27.3; do
	if [ -z "$native" ]; then break; fi
	if build "$version" amd64 blocked; then
		die "$work/$version" '' "$built/blocked-$version-amd64" d 200
		compare "$version" "$work/$version"
	fi
	if build "$version" amd64 gone; then ran "$version, running" "$work/gone-$version" '' "$built/gone-$version-amd64"; fi
done

# ---- a live process: goroutines on processors, sampled ----

# spinners FILE: how many goroutines run main.spin, as deep as they were started, up to who made them; fails on any other.
spinners() {
	awk -v RS= '/^goroutine [0-9]+ \[running/ && !/stack unavailable/ {
		n = gsub(/\nmain\.spin\(/, "&")
		if ((n != 1 && n != 4) || !/\nmain\.main\.(func|gowrap)/ || !/\nruntime\.goexit\(/ || !/\ncreated by main\.main/) { bad = 1 } else { found[n] = 1 }
	} END { print length(found); exit bad }' "$1"
}

for version in 1.20.14 1.27.3; do
	program=$built/gone-$version-amd64
	if [ "$(uname -m)" != x86_64 ] || [ ! -x "$program" ]; then continue; fi
	"$program" spin </dev/null >/dev/null 2>"$work/spin.err" &
	pid=$!
	started+=("$pid")
	until_said "$work/spin.err" ready "$pid" || fail "$version: spin: not ready"
	both=0
	for ((i = 0; i < 100 && both < 2; i++)); do
		"$dialtone" stacks --running --system "$pid" >"$work/ours" 2>"$work/err" || fail "$version, --running: $(cat "$work/err")"
		if grep -q perf_event_paranoid "$work/err"; then break; fi
		found=$(spinners "$work/ours") || fail "$version, --running: $(grep -A 12 running "$work/ours")"
		if [ "$found" -gt "$both" ]; then both=$found; fi
	done
	if grep -q perf_event_paranoid "$work/err"; then
		echo "# skipped $version, --running: $(cat "$work/err")"
	elif [ "$both" -eq 0 ]; then
		fail "$version, --running: not one was sampled in $i runs"
	else
		printf 'ok %s, --running: %d of 2 seen in %d runs\n' "$version" "$both" "$i"
	fi
	if command -v strace >/dev/null; then
		strace -f -o "$work/strace" -e trace=ptrace,kill,tkill,tgkill,process_vm_writev,pidfd_send_signal,openat "$dialtone" stacks --running "$pid" >/dev/null 2>&1
		if grep -E 'ptrace|kill\(|writev|send_signal|O_RDWR|O_WRONLY|O_CREAT' "$work/strace"; then fail '--running did more than look'; fi
	fi
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
done

# ---- which program ----

# refused WORD ARGUMENT...: status 3, one line with the word, and no answer.
refused() {
	local word=$1 got
	shift
	"$dialtone" stacks "$@" >"$work/out" 2>"$work/err"
	got=$?
	if [ $got -ne 3 ] || ! grep -q -- "$word" "$work/err" || [ "$(wc -l <"$work/err")" -ne 1 ] || [ -s "$work/out" ]; then
		fail "stacks $*: status $got: $(cat "$work/err")"
	fi
}

if [ -n "$native" ] && [ -x "$built/blocked-1.27.3-amd64" ] && [ -x "$built/blocked-1.25.7-amd64" ]; then
	core=$(one_core "$work/1.27.3")
	"$dialtone" stacks --core "$core" >"$work/whole"
	"$dialtone" stacks --json --core "$core" | jq -e --arg core "$core" '.pid == null and .core == $core and .program_fits == "same" and
		(.program | endswith("1.27.3-amd64")) and .missing_bytes == 0 and (.goroutines | length) > 200' >/dev/null || fail 'JSON of a core'
	"$dialtone" stacks --summary --core "$core" | grep -qE '^[0-9]+ goroutines in' || fail 'summary of a core'
	refused 'another build' --core "$core" --exe "$built/blocked-1.25.7-amd64"
	refused 'cannot be opened' --core "$core" --exe "$work/nothing"
	refused 'no ELF' --core "$core" --exe "$here/main.go"
	refused 'no core file' --core "$built/blocked-1.27.3-amd64"
	refused 'no ELF' --core "$here/main.go"
	refused 'no file' --core /dev/zero
	refused 'cannot be opened' --core "$work/nothing"
	: >"$work/empty"
	refused empty --core "$work/empty"
	if command -v zstd >/dev/null; then
		head -c 100000 "$core" | zstd -q -o "$work/packed" -f
		refused 'zstd -d' --core "$work/packed"
	fi
	# The program has gone or was built anew: the core says where it was.
	cp "$built/blocked-1.27.3-amd64" "$work/moved"
	die "$work/away" '' "$work/moved" d 10
	mv "$work/moved" "$work/moved.away"
	refused "$work/moved.*--exe" --core "$(one_core "$work/away")"
	cp "$built/blocked-1.25.7-amd64" "$work/moved"
	refused 'another build' --core "$(one_core "$work/away")"
	"$dialtone" stacks --core "$(one_core "$work/away")" --exe "$work/moved.away" | grep -q '^goroutine 1 ' || fail 'with --exe'
	# A core that is cut off: what is there is told, or that it is not enough; never more, and always that it was cut.
	size=$(stat -c %s "$core")
	for part in 99 90 70 50 30 10 1; do
		head -c $((size * part / 100)) "$core" >"$work/cut-core"
		"$dialtone" stacks --core "$work/cut-core" --exe "$built/blocked-1.27.3-amd64" >"$work/out" 2>"$work/err"
		status=$?
		if [ $status -ne 0 ] && [ $status -ne 3 ]; then fail "cut to $part %: status $status"; fi
		if ! grep -q 'cut off' "$work/err"; then fail "cut to $part %: $(cat "$work/err")"; fi
	done
	# A core that holds everything needs no program.
	if command -v gcore >/dev/null && [ -e /proc/self/coredump_filter ]; then
		rm -rf "$work/all"
		mkdir -p "$work/all/d"
		cp "$built/blocked-1.27.3-amd64" "$work/all/program"
		(cd "$work/all" && echo 0x7f >/proc/self/coredump_filter && exec ./program d 100 </dev/null >/dev/null 2>&1) &
		pid=$!
		started+=("$pid")
		until_there "$work/all/d/ready" "$pid"
		"$dialtone" stacks "$pid" >"$work/live"
		gcore -o "$work/all/gcore" "$pid" >"$work/gcore.log" 2>&1 || echo "# skipped a debugger's core: $(tail -n 1 "$work/gcore.log")"
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null
		rm "$work/all/program"
		made=$(find "$work/all" -name 'gcore.*')
		if [ -n "$made" ]; then
			"$dialtone" stacks --core "$made" >"$work/ours" 2>"$work/err" || fail "debugger's core: $(cat "$work/err")"
			"$here/compare.py" "$work/ours" "$work/live" >"$work/difference" || fail "debugger's core: $(cat "$work/difference")"
			"$dialtone" stacks --json --core "$made" | jq -e '.program == null and .program_fits == "in the core"' >/dev/null || fail 'program in the core'
			printf 'ok debugger: %s\n' "$(tail -n 1 "$work/difference")"
		fi
	else
		echo '# skipped a core that holds its program: there is no gcore'
	fi
fi

# ---- arm64, emulated ----

if command -v qemu-aarch64 >/dev/null; then
	for version in 1.20.14 1.27.3 1.24.12 1.25.7 1.26.8; do
		if build "$version" arm64 blocked; then
			die "$work/arm-$version" qemu-aarch64 "$built/blocked-$version-arm64" d 200
			compare "arm64 $version" "$work/arm-$version" --exe "$built/blocked-$version-arm64"
		fi
	done
	for version in 1.20.14 1.27.3; do
		if build "$version" arm64 gone; then
			ran "arm64 $version, running" "$work/arm-gone-$version" qemu-aarch64 "$built/gone-$version-arm64" --exe "$built/gone-$version-arm64"
		fi
	done
	if [ -x "$built/blocked-1.26.8-arm64" ] && [ -x "$built/blocked-1.27.3-arm64" ]; then
		refused 'another' --core "$(one_core "$work/arm-1.27.3")" --exe "$built/blocked-1.26.8-arm64"
	fi
	if [ -x "$built/blocked-1.27.3-amd64" ]; then
		refused 'another processor' --core "$(one_core "$work/arm-1.27.3")" --exe "$built/blocked-1.27.3-amd64"
	fi
else
	echo '# skipped arm64: there is no qemu-aarch64'
fi

finish
