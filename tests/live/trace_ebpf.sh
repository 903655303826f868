#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Recording in the kernel: what is hard for a tracer, calls that are counted, attaching, its own death, and the same
# program under strace. Each patient says what it did; the recording must say the same.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/recorder.bash
. "$(dirname "$0")/recorder.bash"
counted=$patients/patient-counted
recorder ebpf

counts_some() { grep -qE -- "$1" out || fail "$name: nothing matches $1"; }

# --- what a set by topic leaves out, and one by name does not
name=quiet
asking='import fcntl; fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL)); fcntl.fcntl(0, fcntl.F_GETFD)'
traced anchors python3 -c "$asking"
counts 0 'F_[GS]ETFL'
counts_some 'fcntl\(0, F_GETFD'
traced anchors,fcntl python3 -c "$asking"
counts_some 'fcntl\(0, F_GETFL'
counts_some 'fcntl\(0, F_SETFL'

tells_threads open,openat,clone,clone3 2000
counts 2000 '/none/thread/.*= -1 ENOENT'
pid=$(sed -n 's/^\([0-9]*\) .*made thread.*/\1/p;T;q' out)
counts 1 "^$pid .*exited with 0"
tells_vfork openat,vfork,execve,clone 20
counts 20 'execve\(.*"executed".* = 0'
tells_signals # and who sent them
tells_stop
tells_int80
tells_ends

# --- exec from a thread that is not the first: the program goes on under the first one's id
name='exec of a thread'
traced openat,execve "$patient" exec
pid=$(sed -n 's/^\([0-9]*\) .*made thread.*/\1/p;T;q' out)
counts 1 "^$pid .*/none/executed/$pid"
counts 1 'execve\(.*"executed".* = 0'
counts 1 "^$pid .*exited with"

# --- a call that never returned
name='no return'
mkfifo fifo
record --set openat --for 5 -- cat fifo
counts 1 '"fifo"'

# --- each of many calls is there; what is not is said to be lost
name=counted
traced getppid "$counted" 300000 2
seen=$(grep -c ' getppid()' out)
lost=$(sed -n 's/^+++ \([0-9]*\) events lost.*/\1/p' out | awk '{ n += $1 } END { print n + 0 }')
grep -q '^300000 ' said || fail "$name: the patient says $(cat said)"
# The shell asks for its parent too, and ends of threads may be among the lost.
if [ "$((seen + lost))" -lt 300000 ] || [ "$((seen + lost))" -gt 300020 ]; then
	fail "$name: $seen calls and $lost lost are not 300000"
fi

# --- the same program under strace: the same calls with the same results, in the same order
name=strace
echo text >file
calls=execve,openat,close,access,lseek
results() { # name, first string, result
	sed -nE 's/^([0-9]+ +)?([a-z0-9_]+)\(([^"]*)("([^"]*)")?.*\) += (-?[0-9]+).*/\2 \5 \6/p'
}
if strace -o theirs -e "trace=$calls" cat file >said 2>/dev/null; then
	record --set "$calls" -- cat file
	results <out >ours
	results <theirs >expected
	if ! [ -s expected ] || ! cmp -s expected ours; then fail "$name: $(diff expected ours | head -n 10)"; fi
else
	echo '# skipped strace: it may not trace here'
fi

# --- attaching, letting go: nobody's tracee at any time, undisturbed
is_attached() { # its programs are where they belong
	[ "$(grep -ls '^link_id' "/proc/$tracer"/fdinfo/* | wc -l)" -ge 7 ]
}

name=detach
spin
if attach; then
	grep -q '^TracerPid:.0$' "/proc/$spun/status" || fail "$name: it has a tracer"
	runs_on
	kill -TERM "$tracer"
	wait "$tracer"
	status=$?
	counts_some '/none/spin/'
	[ $status = 0 ] || fail "$name: status $status: $(cat err)"
	runs_on
fi

# --- killed: no program, no map and no link of it is left in the kernel
name='death of the recorder'
cat >left.py <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
NUMBER = 280 if os.uname().machine == "aarch64" else 321  # bpf(2)
COMMANDS = {"prog": 13, "map": 14, "link": 30}  # BPF_*_GET_FD_BY_ID
for word in sys.argv[1:]:
    kind, number = word.split(":")
    attr = (ctypes.c_uint32 * 16)(int(number))
    fd = libc.syscall(NUMBER, COMMANDS[kind], attr, ctypes.sizeof(attr))
    if fd >= 0:
        os.close(fd)
        print(word)
END
if attach; then
	mapfile -t ids < <(cat "/proc/$tracer"/fdinfo/* 2>/dev/null | sed -nE 's/^(prog|map|link)_id:[[:space:]]*([0-9]+)$/\1:\2/p' | sort -u)
	for kind in prog map link; do
		[[ " ${ids[*]}" == *" $kind:"* ]] || fail "$name: the recorder had no $kind: ${ids[*]}"
	done
	[ "$(python3 left.py "${ids[@]}" | wc -l)" = ${#ids[@]} ] || fail "$name: they cannot be asked for"
	kill -KILL "$tracer"
	wait "$tracer" 2>/dev/null
	for _ in $(seq 500); do
		left=$(python3 left.py "${ids[@]}")
		if [ -z "$left" ]; then break; fi
		sleep 0.05
	done
	[ -z "$left" ] || fail "$name: left behind: $left"
	runs_on
fi

# --- the kernel takes a small program and not ours: the next one records, and it is said why. Calls of bpf(2) are refused by
# a recorder that leaves ptrace free, from the first on that does not belong to the trial.
name='rejected by the kernel'
refused_from() { # N CMD...
	local n=$1
	shift
	"$dialtone" trace --backend notify --set bpf --inject "bpf:errno=EACCES:when=$n+" -o outer.trace -- "$@" >out 2>err
}
for n in $(seq 2 20); do
	refused_from "$n" "$dialtone" trace --set exit_group -o inner.trace -- sh -c 'exit 5'
	[ $? = 5 ] || fail "$name: the program was not run: $(cat err)"
	if [ -s err ]; then break; fi
done
grep -q "^dialtone: ebpf: .*; 'ptrace' records instead" err || fail "$name: nothing is said: $(cat err)"
[ "$("$dialtone" query --json inner.trace "SELECT value FROM meta WHERE key = 'backend'" | jq -r '.rows[0][0]')" = ptrace ] ||
	fail "$name: not recorded by ptrace"
refused_from "$n" "$dialtone" trace --backend ebpf --set exit_group -- true
[ $? = 3 ] || fail "$name: what was asked for by name was replaced"
refused_from "$n" "$dialtone" trace --backends
grep -A 1 '^ebpf' out | grep -q 'not here: the kernel' || fail "$name: --backends says that it works: $(cat out)"

# --- in a pid namespace: processes have the numbers they have there
name=namespace
if unshare --pid --fork --mount-proc true 2>/dev/null; then
	unshare --pid --fork --mount-proc "$dialtone" trace --backend ebpf --set openat,vfork,execve,clone -- "$patient" vfork 3 >out 2>err
	counts 3 '/none/executed/[0-9]{1,3}"'
	counts 3 'made process'
	[ "$(sed -nE 's|^([0-9]+) .*/none/executed/([0-9]+)".*|\1 \2|p' out | awk '$1 != $2' | wc -l)" = 0 ] || fail "$name: other numbers"
else
	echo '# skipped pid namespace: it may not be made here'
fi

finish
