#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is hard for a tracer: threads, exec from a thread, vfork, signals, group stops, 32-bit calls, attaching and letting
# go, its own death. Each patient says what it did; the recording must say the same.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
patient=$(dirname "$dialtone")/patient-traced
work=${TEST_TMP:?a folder}/trace_ptrace
mkdir -p "$work"
cd "$work" || exit 1
failures=0
started=()
trap '[ ${#started[@]} = 0 ] || kill -KILL "${started[@]}" 2>/dev/null' EXIT

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

if [ ! -x "$patient" ]; then
	echo "there is no $patient"
	exit 77
fi
if ! "$dialtone" trace --backend ptrace --set exit_group -- true >out 2>&1; then
	echo "ptrace is refused here: $(tail -n 1 out)"
	exit 77
fi

# traced SET CMD...: leaves the lines in out, what the program said in said.
traced() {
	local set=$1
	shift
	"$dialtone" trace --backend ptrace --set "$set" -- sh -c 'exec "$@" >said' sh "$@" >out 2>err
}

# counts WANT PATTERN: so many lines of the recording match.
counts() {
	local got
	got=$(grep -cE -- "$2" out)
	[ "$got" = "$1" ] || fail "$name: $got lines instead of $1 match $2"
}

# --- many short threads: each one's call, once
name=threads
traced open,openat,clone,clone3 "$patient" threads 2000
[ "$(grep -oE '/none/thread/[0-9]+' out | sort -u | wc -l)" = 2000 ] || fail "$name: not every thread's call was seen"
counts 2000 '/none/thread/.*= -1 ENOENT'
counts 2000 'made thread'

# --- exec from a thread that is not the first: the program goes on under the first one's id
name='exec from a thread'
traced openat,execve "$patient" exec
pid=$(awk 'NR == 1 { print $1 }' out)
counts 1 "^$pid .*/none/executed/$pid"
counts 1 "^$pid .*execve\(.*\"executed\".* = 0"
counts 4 'made thread'
[ "$(tail -n 1 out)" = "$pid +++ exited with 0 +++" ] || fail "$name: the end: $(tail -n 1 out)"

# --- vfork: the parent waits, parent and children are both seen
name=vfork
traced openat,vfork,execve,clone "$patient" vfork 20
counts 20 '/none/executed/'
counts 20 'made process'
counts 20 'execve\(.*"executed".* = 0'

# --- signals in the middle of a call
name=signals
traced ppoll "$patient" signals 20
[ "$(cat said)" = "interrupted 20" ] || fail "$name: the patient says $(cat said)"
counts 20 '^[0-9]+ +--- SIGUSR1'
counts 20 'ppoll\(.*= (\? ERESTARTNOHAND|-1 EINTR)'

# --- a group stop stops, and ends with SIGCONT
name=stop
traced openat "$patient" stop
[ "$(cat said)" = $'stopped 1\nended 1' ] || fail "$name: the patient says $(cat said)"
counts 1 '/none/before/0'
counts 1 '/none/after/0'
counts 1 'stopped by SIGSTOP'

# --- a 32-bit call is looked up in the 32-bit table
if [ "$(uname -m)" = x86_64 ]; then
	name=int80
	"$dialtone" trace --backend ptrace --set getuid32,fremovexattr -- "$patient" int80 >out 2>err
	if grep -q '^uid -' out; then
		echo "# skipped 32-bit calls: this kernel has none"
	else
		counts 1 "getuid32\(\) += $(sed -n 's/^uid //p' out)\$"
		counts 0 'fremovexattr'
	fi
fi

# --- a program's own status, and one that does not exist
name=status
"$dialtone" trace --backend ptrace --set exit_group -- sh -c 'exit 7' >out 2>&1
[ $? = 7 ] || fail "$name: a program's status is lost"
"$dialtone" trace --backend ptrace --set exit_group -- sh -c 'kill -9 $$' >out 2>&1
[ $? = 137 ] || fail "$name: a program's signal is lost"
"$dialtone" trace --backend ptrace -- ./nosuch >out 2>&1
[ $? = 2 ] || fail "$name: a program that is not there"

# --- attaching, letting go: undisturbed, and nobody's
tracer_of() { sed -n 's/^TracerPid:[[:space:]]*//p' "/proc/$1/status"; }
is_traced() { [ "$(tracer_of "$1")" = "$2" ]; }

attach() { # the patient in spun, the tracer in tracer
	"$patient" spin >spin.out &
	spun=$!
	started+=("$spun")
	until grep -qs ready spin.out; do sleep 0.01; done
	"$dialtone" trace --backend ptrace --set openat -p "$spun" >out 2>err &
	tracer=$!
	started+=("$tracer")
	for _ in $(seq 3000); do
		if is_traced "$spun" "$tracer"; then return 0; fi
		if ! kill -0 "$tracer" 2>/dev/null; then break; fi
		sleep 0.01
	done
	fail "$name: the tracer did not attach: $(cat err)"
	return 1
}

seen_so_far() { sed -n 's|.*/none/spin/\([0-9]*\)".*|\1|p' "$1" | tail -n 1; }

runs_untraced() { # it makes calls, and belongs to nobody
	local before after
	for _ in $(seq 3000); do
		if is_traced "$spun" 0; then break; fi
		sleep 0.01
	done
	is_traced "$spun" 0 || fail "$name: still traced by $(tracer_of "$spun")"
	before=$(sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$spun/status")
	for _ in $(seq 3000); do
		after=$(sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$spun/status")
		if [ "$after" -gt "$((before + 3))" ]; then break; fi
		sleep 0.01
	done
	[ "$after" -gt "$((before + 3))" ] || fail "$name: it does not run any more"
	grep -q '^State:.[TtZX]' "/proc/$spun/status" && fail "$name: $(grep State "/proc/$spun/status")"
	[ "$(cat spin.out)" = ready ] || fail "$name: the patient says $(tail -n 1 spin.out)"
	kill -KILL "$spun"
	wait "$spun" 2>/dev/null
}

name=detach
if attach; then
	kill -TERM "$tracer"
	wait "$tracer"
	status=$?
	[ $status = 0 ] || fail "$name: status $status: $(cat err)"
	[ -n "$(seen_so_far out)" ] || fail "$name: no call was seen"
	runs_untraced
fi

name='death of the tracer'
if attach; then
	kill -KILL "$tracer"
	wait "$tracer" 2>/dev/null
	runs_untraced
fi

# --- what was started does not outlive its tracer, whose filter it is under
name='death of the tracer, launched'
"$dialtone" trace --backend ptrace --set openat -- "$patient" spin >spin.out 2>err &
tracer=$!
started+=("$tracer")
until grep -qs ready spin.out; do
	kill -0 "$tracer" 2>/dev/null || break
	sleep 0.01
done
spun=$(pgrep -P "$tracer")
kill -KILL "$tracer"
wait "$tracer" 2>/dev/null
for _ in $(seq 3000); do
	kill -0 "$spun" 2>/dev/null || break
	sleep 0.01
done
kill -0 "$spun" 2>/dev/null && fail "$name: $spun lives"

# --- faults: as asked for, told as ours
name=inject
echo text >file
"$dialtone" trace --backend ptrace --set openat --inject 'openat:path=*file:errno=EACCES:when=2' -- \
	sh -c '(cat file; cat file; cat file) >said' >out 2>err
[ "$(cat said)" = $'text\ntext' ] || fail "$name: errno: $(cat said)"
counts 1 'EACCES.*INJECTED'
"$dialtone" trace --backend ptrace --set read --inject 'read:program=cat:short=2' -- sh -c 'cat file >said' >out 2>err
counts 0 '= 5$'
grep -qE '"te", [0-9]+\) += 2 \(INJECTED\)' out || fail "$name: short: no read of two bytes"
[ "$(cat said)" = text ] || fail "$name: short: $(cat said)"
"$dialtone" trace --backend ptrace --set openat --inject 'openat:path=*file:kill=SIGTERM' -- cat file >out 2>err
[ $? = 143 ] || fail "$name: kill"
"$dialtone" trace --backend ptrace --set openat --inject 'openat:path=*file:delay=300ms' -- cat file >out 2>err ||
	fail "$name: delay"
counts 1 'file.*INJECTED'
"$dialtone" trace --backend ptrace --inject 'openat:errno=EACCES' -p $$ >out 2>err && fail "$name: into what runs"

[ "$failures" = 0 ] || exit 1
