#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Recording by seccomp's notification: calls, threads, execs and ends are seen, a debugger may still attach, faults are put
# in, and what was started ends with its recorder.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/recorder.bash
. "$(dirname "$0")/recorder.bash"
recorder notify

tells_threads openat 320
tells_vfork openat,execve 10
tells_ends
refuses_one_call
takes_its_program_along

name='exec from a thread'
traced openat,execve "$patient" exec
counts 1 '/none/executed/'
counts 1 'execve\(.*"executed"'

# --- the place of a debugger is free: ptrace works under it (a call that both want, notify gets)
name='room for a debugger'
record --set execve -- "$dialtone" trace --backend ptrace --set openat -- "$patient" vfork 1
counts 1 '/none/executed/'
counts 1 'execve\(.*"executed"'

name='what it cannot do'
record -p $$
[ $? = 3 ] || fail "$name: attach"
record --inject 'read:short=1' -- true
[ $? = 3 ] || fail "$name: shorten a read"

name='a wish to end'
launch
kill -TERM "$tracer"
wait "$tracer"
[ $? = 143 ] || fail "$name: the program was not asked to end"

finish
