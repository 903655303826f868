#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# As an ordinary user: everything of one's own is seen, and of others each command says what it does not see and which
# capability would show it. Needs root, to have somebody else.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo 'needs root and setpriv'
	exit 77
fi
client=$(dirname "$(readlink -f "$0")")/ps_client.py
surroundings ordinary
real_tools
project project
mkdir -p bin
chmod 755 "$TEST_TMP" "$work"
install -d -o 12001 -g 12001 home run
cp "$dialtone" "$gopls_dir/gopls" bin/
chmod 755 bin/*
user=(setpriv --reuid=12001 --regid=12001 --clear-groups env "HOME=$work/home" "XDG_RUNTIME_DIR=$work/run" PATH=/usr/bin:/bin)
cp "$client" bin/
client=$work/bin/ps_client.py
# start COMMAND...: sets $server.
start() {
	local line
	exec {out}< <(cd project && exec "$@" 2>>../err)
	started+=($!)
	read -r line <&"$out"
	server=${line#ready }
	started+=("$server")
}
# says NAME STATUS WORD ARGUMENT...: what the command says on either output, as the user.
says() {
	local name=$1 statuses=$2 word=$3 got
	shift 3
	"${user[@]}" "$work/bin/dialtone" "$@" >said 2>&1 </dev/null
	got=$?
	if ! [[ $got =~ ^($statuses)$ ]]; then fail "$name: status $got: $(head -c 300 said)"; fi
	if ! tr '\n' ' ' <said | sed 's/  */ /g' | grep -q -- "$word"; then fail "$name: no '$word': $(head -c 600 said)"; fi
	echo "ok $name"
}

start "${user[@]}" python3 "$client" socketpair "$work/bin/gopls"
mine=$server
start python3 "$client" pipe "$work/bin/gopls"
theirs=$server
says 'ps, of others' 0 'CAP_SYS_PTRACE' ps
says 'ps --all' 0 'CAP_DAC_READ_SEARCH (sudo) would show' ps --all
says 'ps, of mine' 0 "$mine.* unix " ps
says 'ps --isolation' '0|1' 'CAP_DAC_READ_SEARCH (sudo) would show' ps --isolation
says 'ps --leaks of mine' '0|1' "$mine" ps --leaks --for 1 "$mine"
says 'ps --leaks of another' 3 'CAP_SYS_PTRACE' ps --leaks "$theirs"
says 'why of mine' '0|1' "gopls (pid $mine)" why "$mine"
says 'why of another' 3 'CAP_SYS_PTRACE' why "$theirs"
says 'stacks of mine' 0 '^goroutine ' stacks "$mine"
says 'stacks of another' 3 'CAP_SYS_PTRACE' stacks "$theirs"
touch held.lock
chmod 666 held.lock
flock --no-fork held.lock sleep 1000 >/dev/null 2>&1 &
holder=$!
started+=("$holder")
until grep -q "FLOCK.* $holder " /proc/locks; do sleep 0.05; done
"${user[@]}" flock --no-fork held.lock true >/dev/null 2>&1 &
waiter=$!
started+=("$waiter")
until grep -q -- "-> FLOCK.* $waiter " /proc/locks; do sleep 0.05; done
says 'locks that another has' 1 'CAP_SYS_PTRACE' locks held.lock
says 'and whose' 1 "process $holder" locks held.lock
# The kernel's log is everybody's or root's.
if [ "$(cat /proc/sys/kernel/dmesg_restrict 2>/dev/null)" = 1 ]; then
	says 'why --exited' 3 'CAP_SYSLOG' why --exited --workspace project
else
	echo "# skipped why --exited: the log of the kernel is everybody's here"
fi
# With the capabilities that are named, and no more, it is all there.
if setpriv --reuid=12001 --regid=12001 --clear-groups --inh-caps=+sys_ptrace,+dac_read_search --ambient-caps=+sys_ptrace,+dac_read_search true 2>/dev/null; then
	able() { setpriv --reuid=12001 --regid=12001 --clear-groups --inh-caps=+sys_ptrace,+dac_read_search --ambient-caps=+sys_ptrace,+dac_read_search "$work/bin/dialtone" "$@" 2>&1 </dev/null; }
	if ! able stacks "$theirs" | grep -q '^goroutine '; then able stacks "$theirs" | head -3; fail 'stacks with the capabilities'; fi
	if ! able ps --all | grep -qE "^ *$theirs .* [0-9]+ pipe "; then fail 'ps --all with the capabilities'; fi
	if able locks held.lock | grep -q CAP_SYS_PTRACE; then fail 'locks with the capabilities'; fi
	if able why "$theirs" | grep -q CAP_SYS_PTRACE; then fail 'why with the capabilities'; fi
	if ! able ps --isolation | grep -qE " $theirs .*/project"; then fail 'ps --isolation with the capabilities'; fi
else
	echo '# skipped with the capabilities: ambient ones cannot be set'
fi
finish
