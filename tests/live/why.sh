#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone why on real hangs of a real gopls: the leaf is named, a healthy server is healthy; it traces nobody, sends no
# signal, writes nothing, and what lay unread in the target's stdin is there afterwards, to the byte.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
live=$(readlink -f "$(dirname "$0")")
recordings=$(readlink -f "$live/../recordings")
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings why
real_tools
project project
mkdir -p home
export HOME=$work/home GOCACHE=$work/gocache GOPROXY=off PATH=$go_dir:/usr/bin:/bin
parts=0
started=()
end_all() {
	local pid
	for pid in "${started[@]}"; do
		kill -CONT "$pid" 2>/dev/null
		kill -KILL "$pid" 2>/dev/null
	done
}
trap end_all EXIT

# field FILE PYTHON: of the report in FILE.
field() {
	python3 -c "import json,sys; r=json.load(open(sys.argv[1])); print($2)" "$1"
}

# why NAME STATUS KIND PID CAUSE ARG...: asks; KIND and PID are those of the leaf, CAUSE "" for none.
why() {
	local name=$1 status=$2 kind=$3 pid=$4 cause=$5 got
	shift 5
	"$dialtone" why "$@" --json >"$name.json" 2>"$name.err" </dev/null
	got=$?
	parts=$((parts + 1))
	if [ $got != "$status" ]; then fail "$name: status $got instead of $status: $(head -c 300 "$name.err")"; fi
	if [ "$(field "$name.json" 'r["leaf"]["kind"]')" != "$kind" ]; then
		fail "$name: the leaf is $(field "$name.json" 'r["leaf"]["kind"], r["leaf"]["text"]'), not $kind"
	fi
	if [ -n "$pid" ] && [ "$(field "$name.json" 'r["leaf"]["pid"]')" != "$pid" ]; then
		fail "$name: the leaf is process $(field "$name.json" 'r["leaf"]["pid"]'), not $pid"
	fi
	if [ "$(field "$name.json" '(r["causes"] or [{"id": ""}])[0]["id"]')" != "$cause" ]; then
		fail "$name: the cause is $(field "$name.json" '[c["id"] for c in r["causes"]]'), not '$cause'"
	fi
}

# server NAME WORD...: a gopls that is initialized, its stdin a pipe we keep open as descriptor 7, its output read away;
# $server is its pid.
message() { printf 'Content-Length: %d\r\n\r\n%s' "${#1}" "$1"; }
initialize='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":"file://'$work'/project","capabilities":{}}}'
initialized='{"jsonrpc":"2.0","method":"initialized","params":{}}'
server() {
	local name=$1
	shift
	rm -f "$name.in"
	mkfifo "$name.in"
	(cd project && exec "$@") <"$name.in" >"$name.out" 2>"$name.err" &
	server=$!
	started+=("$server")
	exec 7>"$name.in"
	message "$initialize" >&7
	message "$initialized" >&7
	until_true grep -q '"capabilities"' "$name.out"
}

asleep() { [ "$(awk '{ print $3 }' "/proc/$1/stat")" = "$2" ]; }
has_child() { pgrep -P "$1" -f "$2" >/dev/null; }

# ---- a server that is well ----

server idle "$gopls_dir/gopls"
# Its answer comes after the first load; telemetry and the index take a moment more.
message '{"jsonrpc":"2.0","id":2,"method":"workspace/symbol","params":{"query":"main"}}' >&7
until_true grep -q '"id":2' idle.out
leaf_is() { # KIND ARG...
	local kind=$1
	shift
	"$dialtone" why "$@" --json >soon.json 2>/dev/null </dev/null || fail "a server that is well: $(field soon.json 'r["leaf"]')"
	[ "$(field soon.json 'r["leaf"]["kind"]')" = "$kind" ]
}
until_true leaf_is idle "$server"
why idle 0 idle "$server" "" "$server"
why idle-workspace 0 idle "$server" "" --workspace project

# ---- stopped: named, thawed, and nothing was taken from its stdin ----

kill -STOP "$server"
until_true asleep "$server" T
why stopped 1 stopped "$server" ipc-server-stopped "$server"
# What check saw of it is in its case file, too.
"$dialtone" check project --no-server --editor none --environment self --save check.dtc >/dev/null 2>check.err </dev/null
why of-check 1 stopped "$server" ipc-server-stopped --from check.dtc
# And what it saw of the server it started itself.
why of-trial 1 sleep "" ipc-server-waits-on-child --from "$recordings/ipc-server-waits-on-child-askpass.case"
"$dialtone" ps --save ps.dtc >/dev/null </dev/null
if "$dialtone" why --from ps.dtc >/dev/null 2>ps.err </dev/null || ! grep -q 'dialtone ps' ps.err; then fail "a case file of ps: $(cat ps.err)"; fi
kill -CONT "$server"
exec 7>&-

# A reader of our own shows what is left in the pipe: cat in place of gopls, stopped before a byte comes.
python3 - "$dialtone" "$work" <<'P' || fail "the bytes in the pipe of a stopped process"
import json, os, signal, subprocess, sys, time

def state(pid):
    return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]

# More than a pipe's page, less than its room; the first message is whole, the last is cut by the end of the pipe.
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"x": "y" * 4700}}).encode()
sent = b"Content-Length: %d\r\n\r\n" % len(body) + body
sent += b"Content-Length: 60000\r\n\r\n" + b'{"method":"textDocument/didOpen","params":"' + b"z" * 30000
for kind in ("pipe", "socket"):
    out = open(sys.argv[2] + "/cat." + kind, "wb")
    if kind == "pipe":
        near, far = os.pipe()
    else:
        import socket
        a, b = socket.socketpair()
        near, far = a.detach(), b.detach()
    patient = subprocess.Popen(["cat"], stdin=near, stdout=out)
    os.close(near)
    while state(patient.pid) != "S" or b"cat" not in open(f"/proc/{patient.pid}/comm", "rb").read():
        time.sleep(0.01)
    os.kill(patient.pid, signal.SIGSTOP)
    while state(patient.pid) != "T":
        time.sleep(0.01)
    os.write(far, sent)
    r = subprocess.run([sys.argv[1], "why", str(patient.pid), "--json"], capture_output=True)
    report = json.loads(r.stdout)
    unread = report["unread"][0]
    assert unread["bytes"] == len(sent), (kind, unread["bytes"], len(sent))
    assert [m["method"] for m in unread["messages"]] == ["initialize", "textDocument/didOpen"], (kind, unread)
    assert unread["messages"][0]["bytes"] == len(body), unread
    assert state(patient.pid) == "T"
    os.kill(patient.pid, signal.SIGCONT)
    os.close(far)
    assert patient.wait(20) == 0, "no end of file, or another one"
    out.close()
    assert open(sys.argv[2] + "/cat." + kind, "rb").read() == sent, kind + ": bytes are missing"
P
parts=$((parts + 1))

# ---- a client that does not answer what the server asks ----

told() { # PID LEAF METHOD CAUSE
	"$dialtone" why "$1" --json >told.json 2>/dev/null </dev/null
	[ $? = 1 ] && [ "$(field told.json 'r["leaf"]["kind"], r["leaf"]["pid"], r["leaf"]["on"], r["causes"][0]["id"]')" = "answer $2 $3 $4" ]
}
# mute METHOD CAUSE: it is the client that keeps the server waiting, whoever of both is asked about; gopls may still
# work on something else for a while.
mute() {
	(cd project && exec "$live/mute_client.py" "$1" "$gopls_dir/gopls") >client.out 2>client.err </dev/null &
	client=$!
	started+=("$client")
	until_true grep -q asked client.out
	server=$(awk '{ print $2; exit }' client.out)
	until_true told "$server" "$client" "$1" "$2"
	until_true told "$client" "$client" "$1" "$2"
	parts=$((parts + 1))
	kill -KILL "$client"
}
mute workspace/configuration cfg-client-no-configuration
mute window/workDoneProgress/create ipc-editor-does-not-read
mute client/registerCapability ipc-editor-does-not-read
# And check, beside such a client that has had time: it is named, whatever a fresh server of ours does.
(cd project && exec "$live/mute_client.py" workspace/configuration "$gopls_dir/gopls") >client.out 2>client.err </dev/null &
client=$!
started+=("$client")
until_true grep -q asked client.out
check_tells() {
	PATH=$gopls_dir:$PATH "$dialtone" check project --editor none --environment self --json >mute.json 2>/dev/null </dev/null
	[ "$(field mute.json '[(c["id"], c["evidence"] != []) for c in r["causes"]]')" = "[('cfg-client-no-configuration', True)]" ]
}
until_true check_tells
parts=$((parts + 1))
kill -KILL "$client"
# The same client, when it answers.
(cd project && exec "$live/mute_client.py" none "$gopls_dir/gopls") >client.out 2>client.err </dev/null &
client=$!
started+=("$client")
until_true grep -q ready client.out
server=$(awk '{ print $2; exit }' client.out)
until_true leaf_is idle "$server"
why answers 0 idle "$server" "" "$server"
kill -KILL "$client"

# ---- below the server ----

printf '#!/bin/sh\nexec sleep 86400\n' >driver
chmod 755 driver
GOPACKAGESDRIVER=$work/driver server driver "$gopls_dir/gopls"
until_true has_child "$server" "sleep 86400"
sleep 1
why driver 1 sleep "$(pgrep -P "$server" -f 'sleep 86400')" ipc-server-waits-on-child "$server"
"$dialtone" why "$server" --dot >driver.dot </dev/null
if ! grep -q '^digraph waits' driver.dot; then fail "no graph"; fi
"$dialtone" why "$server" --save driver.dtc >live.txt </dev/null
"$dialtone" why --from driver.dtc >replayed.txt </dev/null
if ! cmp -s <(sed 1q live.txt) <(sed 1q replayed.txt); then fail "a case file says another thing: $(head -n 1 replayed.txt)"; fi
if ! "$dialtone" why 999999999 2>&1 </dev/null | grep -q 'no process'; then fail "a process that is not there"; fi
exec 7>&-

printf '#!/bin/sh\nwhile :; do :; done\n' >driver
GOPACKAGESDRIVER=$work/driver server busy "$gopls_dir/gopls"
until_true has_child "$server" "$work/driver"
why busy 0 works "$(pgrep -P "$server" -f "$work/driver")" "" "$server"
exec 7>&-

# A driver in Go that sleeps: its runtime tells where, its poller for how long.
rm -f driver
mkdir -p sleeper
printf 'module example.com/sleeper\n\ngo 1.20\n' >sleeper/go.mod
printf 'package main\n\nimport "time"\n\nfunc main() { rest() }\n\n//go:noinline\nfunc rest() { time.Sleep(time.Hour) }\n' >sleeper/main.go
(cd sleeper && GOFLAGS='' "$go_dir/go" build -o ../driver .) || fail "the driver was not built"
GOPACKAGESDRIVER=$work/driver server sleeper "$gopls_dir/gopls"
until_true has_child "$server" "$work/driver"
sleeper=$(pgrep -P "$server" -f "$work/driver")
sleeps() {
	"$dialtone" why "$server" --json >sleeps.json 2>/dev/null </dev/null
	[ "$(field sleeps.json 'r["leaf"]["kind"], r["leaf"]["pid"], "main.rest" in r["leaf"]["text"], [c["id"] for c in r["causes"]]')" = \
		"sleep $sleeper True ['ipc-server-waits-on-child']" ]
}
until_true sleeps
parts=$((parts + 1))
exec 7>&-

# A log that goes to a terminal: of one that is full, whoever shows it is named; of one that Ctrl-S has stopped, the terminal.
cat >terminal.py <<'P'
import os, sys
master, slave = os.openpty()
if sys.argv[1] == "held":
    os.write(master, b"\x13")
open("terminal", "w").write(os.ttyname(slave))
while True:
    os.read(master, 65536)
P
terminal() { # held|full
	rm -f terminal
	python3 terminal.py "$1" &
	shows=$!
	started+=("$shows")
	until_true test -s terminal
	tty=$(cat terminal)
	if [ "$1" = full ]; then
		kill -STOP "$shows"
		python3 -c 'import os,sys; f=os.open(sys.argv[1],os.O_WRONLY|os.O_NOCTTY|os.O_NONBLOCK)
while True:
    try: os.write(f,b"x"*512)
    except BlockingIOError: break' "$tty"
	fi
}
for how in full held; do
	terminal $how
	rm -f log.in
	mkfifo log.in
	(cd project && exec "$gopls_dir/gopls" -rpc.trace "-logfile=$tty") <log.in >log.out 2>log.err &
	server=$!
	started+=("$server")
	exec 7>log.in
	message "$initialize" >&7
	stuck() {
		"$dialtone" why "$server" >/dev/null 2>&1 </dev/null
		[ $? = 1 ]
	}
	until_true stuck
	if [ $how = full ]; then
		why log_full 1 stopped "$shows" ipc-server-stopped "$server"
	else
		why log_held 1 reader "$server" ipc-server-stopped "$server"
		if [ "$(field log_held.json 'r["leaf"]["on"]')" != "$tty" ]; then fail "the terminal is not named"; fi
	fi
	kill -KILL "$server" "$shows"
	exec 7>&-
done

# A lock that a stopped process has.
touch lock
python3 -c 'import fcntl,sys,time; f=open(sys.argv[1],"w"); fcntl.flock(f,2); print("held",flush=True); time.sleep(9999)' lock >held &
holder=$!
started+=("$holder")
until_true grep -q held held
kill -STOP "$holder"
python3 -c 'import fcntl; fcntl.flock(open("lock","w"),2)' &
waiter=$!
started+=("$waiter")
until_true grep -q -- "-> FLOCK.* $waiter " /proc/locks
why lock 1 stopped "$holder" fs-lock-held "$waiter"

# A named pipe that nobody empties: whoever has it open to read is named, and is nobody's editor.
mkfifo log
python3 -c 'import os; f=os.open("log",os.O_RDWR); os.write(f,b"x"*65536); os.open("log",os.O_RDONLY); print("full",flush=True); os.close(f)
import threading; threading.Event().wait()' >full &
reader=$!
started+=("$reader")
until_true grep -q full full
printf '#!/bin/sh\necho more >%q\n' "$work/log" >driver
GOPACKAGESDRIVER=$work/driver server unread "$gopls_dir/gopls"
until_true has_child "$server" "$work/driver"
driver_writes() { grep -q pipe_write "/proc/$(pgrep -P "$server" -f "$work/driver")/wchan"; }
until_true driver_writes
sleep 1
why unread 1 reader "$reader" ipc-server-waits-on-child "$server"
kill -STOP "$reader"
why unread_stopped 1 stopped "$reader" ipc-server-waits-on-child "$server"
kill -KILL "$reader"
exec 7>&-

# ---- a wrapper that an editor has started, and that has not started gopls ----

cat >editor.py <<'P'
import json, subprocess, sys, time
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}).encode()
wrapper = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
wrapper.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
time.sleep(9999)
P
printf '#!/bin/sh\nexec 9>%q\nflock 9\nexec %q\n' "$work/lock" "$gopls_dir/gopls" >run-ls
chmod 755 run-ls
ln -s "$(python3 -c 'import sys; print(sys.executable)')" nvim
mkdir -p begun
if "$dialtone" why --workspace begun >/dev/null 2>begun.err </dev/null || ! grep -q 'no gopls' begun.err; then fail "nobody is there"; fi
(cd begun && exec "$work/nvim" "$work/editor.py" "$work/run-ls") </dev/null >/dev/null 2>&1 &
editor=$!
started+=("$editor")
flock_waits() {
	wrapper=$(pgrep -P "$editor") && waits_for_it=$(pgrep -P "$wrapper") && grep -q -- "-> FLOCK.* $waits_for_it " /proc/locks
}
until_true flock_waits
started+=("$wrapper" "$waits_for_it")
why begun 1 stopped "$holder" fs-lock-held --workspace begun
kill -KILL "$wrapper" "$waits_for_it" # before the lock is free

# ---- what dialtone does to them: looks ----

if command -v strace >/dev/null; then
	server traced "$gopls_dir/gopls"
	strace -f -o trace "$dialtone" why "$server" >/dev/null </dev/null
	if grep -E '(^|[^_a-z])(ptrace|tkill|tgkill|rt_sigqueueinfo|pidfd_send_signal)\(' trace; then fail "it traces or signals"; fi
	# The one process it may end is its own.
	own=$(grep -E '(clone3?|v?fork)(\(| resumed)' trace | grep -oE '= [0-9]+( |$)' | grep -oE '[0-9]+')
	while read -r pid; do
		if ! grep -qx "$pid" <<<"$own"; then fail "it killed process $pid, which is not its own"; fi
	done < <(grep -oE 'kill\([0-9]+' trace | grep -oE '[0-9]+')
	if grep -E 'open(at)?\(.*O_(WRONLY|RDWR|CREAT|TRUNC)' trace | grep -vE '/dev/(null|tty)'; then fail "it opens something for writing"; fi
	if grep -E '(unlink|rename|mkdir|chmod|chown|symlink|link|truncate|setxattr|utimensat)(at|at2)?\(' trace | grep -v readlink; then fail "it changes something"; fi
	parts=$((parts + 1))
	exec 7>&-

	# A look that does not end in time has not seen that there is nothing.
	mkdir -p empty
	# A sanitized program looks for leaks at its end by tracing itself, which strace is in the way of.
	ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e inject=getdents64:delay_enter=6000000:when=1 "$dialtone" why --workspace empty >late 2>&1 </dev/null
	expect 'why --workspace that is late' 3 $?
	parts=$((parts + 1))
else
	echo "# skipped the oath, and looks that are late: strace is not here"
fi
echo "$parts parts"
finish
