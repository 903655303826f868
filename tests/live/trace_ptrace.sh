#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is hard for a tracer: threads, exec from a thread, vfork, signals, group stops, 32-bit calls, attaching and letting
# go, its own death. Each patient says what it did; the recording must say the same.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/recorder.bash
. "$(dirname "$0")/recorder.bash"
recorder ptrace

tells_threads open,openat,clone,clone3 2000
counts 2000 '/none/thread/.*= -1 ENOENT'
tells_vfork openat,vfork,execve,clone 20
counts 20 'execve\(.*"executed".* = 0'
tells_signals
tells_stop
tells_int80
tells_ends
refuses_one_call
takes_its_program_along

# --- exec from a thread that is not the first: the program goes on under the first one's id
name='exec from a thread'
traced openat,execve "$patient" exec
pid=$(awk 'NR == 1 { print $1 }' out)
counts 1 "^$pid .*/none/executed/$pid"
counts 1 "^$pid .*execve\(.*\"executed\".* = 0"
counts 4 'made thread'
[ "$(tail -n 1 out)" = "$pid +++ exited with 0 +++" ] || fail "$name: the end: $(tail -n 1 out)"

# --- attaching, letting go: undisturbed, and nobody's
tracer_of() { sed -n 's/^TracerPid:[[:space:]]*//p' "/proc/$1/status"; }
is_traced() { [ "$(tracer_of "$1")" = "$2" ]; }
is_attached() { is_traced "$spun" "$tracer"; }

runs_untraced() { # it makes calls, and belongs to nobody
	for _ in $(seq 3000); do
		if is_traced "$spun" 0; then break; fi
		sleep 0.01
	done
	is_traced "$spun" 0 || fail "$name: still traced by $(tracer_of "$spun")"
	runs_on
	grep -q '^State:.[TtZX]' "/proc/$spun/status" && fail "$name: $(grep State "/proc/$spun/status")"
	kill -KILL "$spun"
	wait "$spun" 2>/dev/null
}

name=detach
spin
if attach; then
	kill -TERM "$tracer"
	wait "$tracer"
	status=$?
	[ $status = 0 ] || fail "$name: status $status: $(cat err)"
	grep -q '/none/spin/' out || fail "$name: no call was seen"
	runs_untraced
fi

name='death of the tracer'
spin
if attach; then
	kill -KILL "$tracer"
	wait "$tracer" 2>/dev/null
	runs_untraced
fi

# --- faults: as asked for, told as ours
name='other faults'
record --set read --inject 'read:program=cat:short=2' -- sh -c 'cat file >said'
counts 0 '= 5$'
grep -qE '"te", [0-9]+\) += 2 \(INJECTED\)' out || fail "$name: short: no read of two bytes"
says text
record --set openat --inject 'openat:path=*file:kill=SIGTERM' -- cat file
[ $? = 143 ] || fail "$name: kill"
record --set openat --inject 'openat:path=*file:delay=300ms' -- cat file || fail "$name: delay"
counts 1 'file.*INJECTED'
record --inject 'openat:errno=EACCES' -p $$ && fail "$name: into what runs"

finish
