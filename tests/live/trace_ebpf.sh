#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Recording in the kernel: what is hard for a tracer, calls that are counted, attaching, its own death, and the same
# program under strace. Each patient says what it did; the recording must say the same.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
patient=$(dirname "$dialtone")/patient-traced
counted=$(dirname "$dialtone")/patient-counted
work=${TEST_TMP:?a folder}/trace_ebpf
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
if ! "$dialtone" trace --backend ebpf --set exit_group -- true >out 2>&1; then
	echo "eBPF is refused here: $(tail -n 1 out)"
	exit 77
fi

# traced SET CMD...: leaves the lines in out, what the program said in said.
traced() {
	local set=$1
	shift
	"$dialtone" trace --backend ebpf --set "$set" -- sh -c 'exec "$@" >said' sh "$@" >out 2>err
}

# counts WANT PATTERN: so many lines of the recording match.
counts() {
	local got
	got=$(grep -cE -- "$2" out)
	[ "$got" = "$1" ] || fail "$name: $got lines instead of $1 match $2"
}

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

# --- many short threads: each one's call, once
name=threads
traced open,openat,clone,clone3 "$patient" threads 2000
[ "$(grep -oE '/none/thread/[0-9]+' out | sort -u | wc -l)" = 2000 ] || fail "$name: not every thread's call was seen"
counts 2000 '/none/thread/.*= -1 ENOENT'
counts 2000 'made thread'
pid=$(sed -n 's/^\([0-9]*\) .*made thread.*/\1/p;T;q' out)
counts 1 "^$pid .*exited with 0"

# --- exec from a thread that is not the first: the program goes on under the first one's id
name='exec of a thread'
traced openat,execve "$patient" exec
pid=$(sed -n 's/^\([0-9]*\) .*made thread.*/\1/p;T;q' out)
counts 1 "^$pid .*/none/executed/$pid"
counts 1 'execve\(.*"executed".* = 0'
counts 1 "^$pid .*exited with"

# --- vfork: parent and children are both seen
name=vfork
traced openat,vfork,execve,clone "$patient" vfork 20
counts 20 '/none/executed/'
counts 20 'made process'
counts 20 'execve\(.*"executed".* = 0'

# --- signals in the middle of a call, and who sent them
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
	"$dialtone" trace --backend ebpf --set getuid32,fremovexattr -- "$patient" int80 >out 2>err
	if grep -q '^uid -' out; then
		echo "# skipped 32-bit calls: this kernel has none"
	else
		counts 1 "getuid32\(\) += $(sed -n 's/^uid //p' out)\$"
		counts 0 'fremovexattr'
	fi
fi

# --- ends: a status, a signal, a program that is not there, a call that never returned
name=ends
"$dialtone" trace --backend ebpf --set exit_group -- sh -c 'exit 7' >out 2>&1
[ $? = 7 ] || fail "$name: a program's status is lost"
"$dialtone" trace --backend ebpf --set exit_group -- sh -c 'kill -9 $$' >out 2>&1
[ $? = 137 ] || fail "$name: a program's signal is lost"
"$dialtone" trace --backend ebpf -- ./nosuch >out 2>&1
[ $? = 2 ] || fail "$name: a program that is not there"
mkfifo fifo
"$dialtone" trace --backend ebpf --set openat --for 5 -- cat fifo >out 2>&1
counts 1 '"fifo"'

# --- each of many calls is there; what is not is said to be lost
name=counted
traced getppid "$counted" 300000 2
seen=$(grep -c ' getppid()' out)
lost=$(sed -n 's/^+++ \([0-9]*\) events lost.*/\1/p' out | awk '{ n += $1 } END { print n + 0 }')
grep -q '^300000 ' said || fail "$name: the patient says '$(cat said)'"
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
	"$dialtone" trace --backend ebpf --set "$calls" -- cat file >out 2>err
	results <out >ours
	results <theirs >expected
	if ! [ -s expected ] || ! cmp -s expected ours; then fail "$name: $(diff expected ours | head -n 10)"; fi
else
	echo '# skipped strace: it may not trace here'
fi

# --- attaching, letting go: nobody's tracee at any time, undisturbed
spin() { # the patient in spun
	"$patient" spin >spin.out &
	spun=$!
	started+=("$spun")
	until grep -qs ready spin.out; do sleep 0.01; done
}

attach() { # the recorder in tracer: its programs are where they belong
	"$dialtone" trace --backend ebpf --set openat -p "$spun" >out 2>err &
	tracer=$!
	started+=("$tracer")
	for _ in $(seq 1000); do
		if [ "$(grep -ls '^link_id' "/proc/$tracer"/fdinfo/* | wc -l)" -ge 7 ]; then return 0; fi
		if ! kill -0 "$tracer" 2>/dev/null; then break; fi
		sleep 0.02
	done
	fail "$name: it did not attach: $(cat err)"
	return 1
}

runs_on() {
	local before after
	before=$(sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$spun/status")
	for _ in $(seq 500); do
		after=$(sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$spun/status")
		if [ "$after" -gt "$((before + 3))" ]; then break; fi
		sleep 0.01
	done
	[ "$after" -gt "$((before + 3))" ] || fail "$name: it does not run any more"
	[ "$(cat spin.out)" = ready ] || fail "$name: the patient says $(tail -n 1 spin.out)"
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
grep -A 1 '^ebpf' out | grep -q 'start a program: the kernel' || fail "$name: --backends says that it works: $(cat out)"

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

[ "$failures" = 0 ] || exit 1
