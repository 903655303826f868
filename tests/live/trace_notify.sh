#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Recording by seccomp's notification: calls, threads, execs and ends are seen, a debugger may still attach, faults are put
# in, and what was started ends with its recorder.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
patient=$(dirname "$dialtone")/patient-traced
work=${TEST_TMP:?a folder}/trace_notify
mkdir -p "$work"
cd "$work" || exit 1
failures=0
started=()
trap '[ ${#started[@]} = 0 ] || kill -KILL "${started[@]}" 2>/dev/null' EXIT

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

if ! "$dialtone" trace --backend notify --set exit_group -- true >out 2>&1; then
	echo "a seccomp listener is refused here: $(tail -n 1 out)"
	exit 77
fi

traced() { # SET CMD...: the lines in out, what the program said in said
	local set=$1
	shift
	"$dialtone" trace --backend notify --set "$set" -- sh -c 'exec "$@" >said' sh "$@" >out 2>err
}

counts() { # WANT PATTERN
	local got
	got=$(grep -cE -- "$2" out)
	[ "$got" = "$1" ] || fail "$name: $got lines instead of $1 match $2"
}

name=threads
traced openat "$patient" threads 320
[ "$(grep -oE '/none/thread/[0-9]+' out | sort -u | wc -l)" = 320 ] || fail "$name: not every thread's call was seen"
counts 320 'made thread'

name='exec from a thread'
traced openat,execve "$patient" exec
counts 1 '/none/executed/'
counts 1 'execve\(.*"executed"'

name=vfork
traced openat,execve "$patient" vfork 10
counts 10 '/none/executed/'
counts 10 'made process'

name=status
"$dialtone" trace --backend notify --set execve -- sh -c 'exit 7' >out 2>&1
[ $? = 7 ] || fail "$name: a program's status is lost"
"$dialtone" trace --backend notify --set execve -- sh -c 'kill -9 $$' >out 2>&1
[ $? = 137 ] || fail "$name: a program's signal is lost"
"$dialtone" trace --backend notify -- ./nosuch >out 2>&1
[ $? = 2 ] || fail "$name: a program that is not there"
"$dialtone" trace --backend notify -p $$ >out 2>&1
[ $? = 3 ] || fail "$name: it cannot attach"

# --- the place of a debugger is free: ptrace works under it (a call that both want, notify gets)
name='room for a debugger'
"$dialtone" trace --backend notify --set execve -- "$dialtone" trace --backend ptrace --set openat -- \
	"$patient" vfork 1 >out 2>err
counts 1 '/none/executed/'
counts 1 'execve\(.*"executed"'

name=inject
echo text >file
"$dialtone" trace --backend notify --set openat --inject 'openat:path=*file:errno=EACCES:when=2' -- \
	sh -c '(cat file; cat file; cat file) >said' >out 2>err
[ "$(cat said)" = $'text\ntext' ] || fail "$name: errno: $(cat said)"
counts 1 'EACCES.*INJECTED'
"$dialtone" trace --backend notify --inject 'read:short=1' -- true >out 2>&1
[ $? = 3 ] || fail "$name: it cannot shorten a read"

name='death of the recorder'
"$dialtone" trace --backend notify --set openat -- "$patient" spin >spin.out 2>err &
tracer=$!
started+=("$tracer")
until grep -qs '/none/spin' spin.out; do
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

name='a wish to end'
"$dialtone" trace --backend notify --set openat -- "$patient" spin >spin.out 2>err &
tracer=$!
started+=("$tracer")
until grep -qs '/none/spin' spin.out; do
	kill -0 "$tracer" 2>/dev/null || break
	sleep 0.01
done
kill -TERM "$tracer"
wait "$tracer"
[ $? = 143 ] || fail "$name: the program was not asked to end"

[ "$failures" = 0 ] || exit 1
