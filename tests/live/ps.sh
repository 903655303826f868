#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone ps with real servers: gopls over pipes and socketpairs, a daemon with two clients, an orphan, two servers that GOFLAGS
# keeps apart, a stripped gopls under another name below Neovim, processes of another user, the watching screen.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings ps
real_tools
client=$here/ps_client.py
gopls=$gopls_dir/gopls
mkdir run home bin
project project
cd project || exit 1
export HOME=$work/home XDG_RUNTIME_DIR=$work/run USER=lena GOTOOLCHAIN=local GOPROXY=off PATH=$go_dir:$PATH
unset GOWORK

# start KIND SERVER [ARGUMENT...]: a client and its server; sets $editor and $server.
start() {
	local line
	exec {out}< <(exec python3 "$client" "$@" 2>>"$work/err")
	editor=$!
	started+=("$editor")
	read -r line <&"$out"
	server=${line#ready }
	started+=("$server")
}
# look [OPTION...]: what ps says, in $work/out.json
look() {
	"$dialtone" ps --json "$@" >"$work/out.json" 2>>"$work/err" || expect "ps $*" 'status 0' "status $?"
}
# of PID FILTER: of one process of the last look.
of() {
	jq -r --argjson pid "$1" ".processes[] | select(.pid == \$pid) | $2" "$work/out.json"
}

# Two servers of one folder, by pipes and by socketpairs.
start pipe "$gopls"
first=$server first_editor=$editor
GOFLAGS=-tags=special start socketpair "$gopls"
look
expect 'role' server "$(of "$first" .role)"
expect 'version' v0.23.0 "$(of "$first" .program.version)"
expect 'workspace' "$work/project" "$(of "$first" .workspace)"
expect 'by a pipe' "pipe held $first_editor" "$(of "$first" '"\(.stdin.kind) \(.stdin.peer) \(.stdin.pids[0])"')"
expect 'its answers too' "$first_editor" "$(of "$first" '.stdout.pids[0]')"
expect 'by a socketpair' "unix held $editor" "$(of "$server" '"\(.stdin.kind) \(.stdin.peer) \(.stdin.pids[0])"')"
expect 'a duplicate' "duplicate $first" "$(of "$server" '.marks[] | "\(.kind) \(.of)"')"
expect 'what keeps them apart' 'GOFLAGS null -tags=special' "$(of "$server" '.marks[0].splits[] | "\(.name) \(.there) \(.here)"')"
expect 'the older one is none' '' "$(of "$first" '.marks[].kind')"
telemetry=$(jq -r --argjson pid "$first" '[.processes[] | select(.ppid == $pid and .role == "telemetry")] | length' "$work/out.json")
expect 'its side process is told apart' 1 "$telemetry"
expect 'and is no trouble' '' "$(jq -r '.processes[] | select(.role == "telemetry") | .marks[].kind' "$work/out.json")"

# The same from a case file, on any machine.
"$dialtone" ps --save "$work/ps.dtc" >/dev/null 2>>"$work/err"
look --from "$work/ps.dtc"
expect 'from a case file' "duplicate $first" "$(of "$server" '.marks[] | "\(.kind) \(.of)"')"

# A daemon that -remote=auto started, with two clients.
start pipe "$gopls" -remote=auto
one=$server
start socketpair "$gopls" -remote=auto
two=$server
look
daemon=$(of "$one" .daemon_pid)
started+=("$daemon")
expect 'a forwarder' forwarder "$(of "$one" .role)"
expect 'one daemon for both' "$daemon" "$(of "$two" .daemon_pid)"
expect 'a daemon' 'daemon 2' "$(of "$daemon" '"\(.role) \(.clients | length)"')"
expect 'its clients' "$(printf '%s\n' "$one" "$two" | sort -n | paste -sd' ')" "$(of "$daemon" '.clients | sort | map(tostring) | join(" ")')"
expect 'where it would be looked for' "unix;$(of "$one" .remote_auto_socket)" "$(of "$daemon" '.listens[0]')"
expect 'a daemon with clients is in use' '' "$(of "$daemon" '.marks[].kind')"

# An orphan: a server that does not notice that its editor died.
kill -STOP "$first"
kill -KILL "$first_editor"
while kill -0 "$first_editor" 2>/dev/null; do wait "$first_editor" 2>/dev/null; done
look
expect 'an orphan' 'closed closed orphan stopped' "$(of "$first" '"\(.stdin.peer) \(.stdout.peer) " + ([.marks[].kind] | join(" "))')"
expect 'the other one is alone now' '' "$(of "$server" '.marks[].kind')"
expect 'in the table' 1 "$("$dialtone" ps | grep -cE "^ *$first .*orphan,stopped")"

# A stripped copy under another name, below a real Neovim.
if command -v nvim >/dev/null && command -v strip >/dev/null; then
	strip -o "$work/bin/lsp-of-us" "$gopls"
	mkfifo "$work/ready"
	nvim --headless --clean -c "lua vim.lsp.start_client({cmd = {'$work/bin/lsp-of-us'}, cmd_cwd = '$work/project', root_dir = '$work/project',
		on_init = function(c) local f = io.open('$work/ready', 'w'); f:write('ready'); f:close() end})" </dev/null >/dev/null 2>>"$work/err" &
	nvim=$!
	started+=("$nvim")
	timeout 60 cat "$work/ready" >/dev/null
	look
	copy=$(jq -r --arg exe "$work/bin/lsp-of-us" '.processes[] | select(.program.path == $exe and .role == "server") | .pid' "$work/out.json")
	expect 'a copy is known by its build info' 'gopls v0.23.0 neovim' "$(of "${copy:-0}" '"\(.name) \(.program.version) \(.editor)"')"
	expect 'and by its editor' "$nvim" "$(of "${copy:-0}" .editor_pid)"
	rm "$work/bin/lsp-of-us"
	look
	expect 'its file is gone' 'true true' "$(of "${copy:-0}" '"\(.program.deleted) \([.marks[].kind] | contains(["replaced"]))"')"
else
	echo '# skipped Neovim: it or strip is not here'
fi

# A copy under another name that lost its editor: nobody is left who could say what it is, but its build info.
cp "$gopls" "$work/bin/our-server"
start pipe "$work/bin/our-server"
orphan=$server
kill -STOP "$orphan"
kill -KILL "$editor"
while kill -0 "$editor" 2>/dev/null; do wait "$editor" 2>/dev/null; done
look
if [ "$(awk '{ print $4 }' "/proc/$orphan/stat")" = 1 ]; then
	expect 'an orphan under another name' 'gopls server orphan' "$(of "$orphan" '"\(.name) \(.role) \(.marks[] | select(.kind == "orphan") | .kind)"')"
else
	echo '# skipped an orphan under another name: another process than the first takes orphans in'
fi
kill -KILL "$orphan"

# The same where a little init, which is an orphan itself, has taken it in, and beside a program that is as large and none.
runs() { [ "$(readlink "/proc/$1/exe")" = "$2" ]; }
cat >"$work/init.py" <<'P'
import ctypes, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
subprocess.Popen(["/bin/sh", "-c", '"$1" -c "import time; time.sleep(9999)" & echo $! >theirs; exec "$2" <>fifo >server.out & echo $! >ours', "sh",
                  *sys.argv[1:]]).wait()
open("left", "w").close()
time.sleep(9999)
P
if [ -x /usr/bin/python3 ]; then
	mkdir init && mkfifo init/fifo
	cp /usr/bin/python3 "$work/bin/tini"
	cp /usr/bin/python3 "$work/bin/their-server"
	truncate -s 20M "$work/bin/their-server"
	(
		cd init || exit
		PYTHONHOME=/usr "$work/bin/tini" "$work/init.py" "$work/bin/their-server" "$work/bin/our-server" 2>>"$work/err" &
		echo $! >init
	)
	until_true test -e init/left
	read -r init <init/init
	read -r theirs <init/theirs
	read -r ours <init/ours
	started+=("$init" "$theirs" "$ours")
	until_true runs "$ours" "$work/bin/our-server"
	look
	if [ "$(awk '{ print $4 }' "/proc/$ours/stat" "/proc/$init/stat" | paste -sd' ')" = "$init 1" ]; then
		expect 'an orphan below a little init' 'gopls server' "$(of "$ours" '"\(.name) \(.role)"')"
		expect 'a program that is as large' '' "$(of "$theirs" .role)"
	else
		echo '# skipped a little init: something else takes orphans in'
	fi
	kill -KILL "$init" "$theirs" "$ours"
fi

# Two windows, one of them in a folder below the other: one module, loaded twice; a module of its own below is none.
mkdir -p nest/{inner,apart} && cp main.go nest/ && cp main.go nest/inner/ && cp main.go nest/apart/
printf 'module example.com/n\n\ngo 1.21\n' >nest/go.mod
printf 'module example.com/n/apart\n\ngo 1.21\n' >nest/apart/go.mod
cd nest && start pipe "$gopls"
outer=$server
cd inner && start pipe "$gopls"
inner=$server
cd ../apart && start pipe "$gopls"
cd ../..
look
expect 'nested in one module' "duplicate $outer" "$(of "$inner" '.marks[] | "\(.kind) \(.of)"')"
expect 'nested, but a module of its own' '' "$(of "$server" '.marks[].kind')"

# A debugger that started its program, and one that attached to it; both hold it.
dlv=$(printf '%s\n' "$DIALTONE_TOOLS"/dlv/*/dlv | tail -1)
if [ -x "$dlv" ]; then
	mkdir -p "$work/debugged" && cd "$work/debugged" || exit 1
	printf 'module example.com/d\n\ngo 1.21\n' >go.mod
	printf 'package main\n\nimport "time"\n\nfunc main() {\n\ttime.Sleep(time.Hour)\n}\n' >main.go
	go build -gcflags='all=-N -l' -o patient . 2>>"$work/err"
	"$dlv" exec --headless --listen=127.0.0.1:0 --accept-multiclient ./patient >"$work/dlv.out" 2>>"$work/err" </dev/null &
	headless=$!
	./patient &
	patient=$!
	started+=("$headless" "$patient")
	until_true grep -q 'listening at' "$work/dlv.out"
	"$dlv" attach --headless --listen=127.0.0.1:0 --accept-multiclient "$patient" >"$work/attach.out" 2>>"$work/err" </dev/null &
	attached=$!
	started+=("$attached")
	until_true grep -q 'listening at' "$work/attach.out"
	until_true grep -q '^TracerPid:.[1-9]' "/proc/$patient/status"
	look
	expect 'a headless debugger' 'dlv debugger 1' "$(of "$headless" '"\(.name) \(.role) \(.listens | length)"')"
	expect 'its program' "debuggee" "$(jq -r --argjson p "$headless" '.processes[] | select(.ppid == $p and .comm == "patient") | .role' "$work/out.json")"
	expect 'one that attached' 'dlv debugger' "$(of "$attached" '"\(.name) \(.role)"')"
	expect 'what it attached to' "debuggee $attached" "$(of "$patient" '"\(.role) \(.tracer_pid)"')"
	expect 'neither is left over' '' "$(jq -r --argjson a "$attached" --argjson h "$headless" '.processes[] | select(.pid == $a or .pid == $h) | .marks[].kind' "$work/out.json")"
	expect 'the debugged one is not called stopped by a signal' '' "$(of "$patient" '.marks[].kind')"
	kill -KILL "$(jq -r --argjson p "$headless" '.processes[] | select(.ppid == $p and .comm == "patient") | .pid' "$work/out.json")"
	kill -KILL "$headless" "$attached" "$patient"
	cd "$work/project" || exit 1
else
	echo '# skipped debuggers: no dlv among the tools'
fi

# A server in another network: its sockets are seen by whoever may go there, and not guessed by others.
if unshare -Urn true 2>/dev/null; then
	exec {out}< <(exec unshare -Urn python3 "$client" socketpair "$gopls" 2>>"$work/err")
	started+=($!)
	read -r line <&"$out"
	there=${line#ready }
	started+=("$there")
	look
	expect 'in another network' 'unix held' "$(of "$there" '"\(.stdin.kind) \(.stdin.peer)"')"
	if [ "$(id -u)" = 0 ]; then
		setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$dialtone" ps --json >"$work/out.json" 2>>"$work/err"
		expect 'without the right to go there' 'unseen false' "$(of "$there" '"\(.stdin.peer) \(.stdin.guessed)"')"
		expect 'and it is said' true "$(jq '[.not_seen[] | select(contains("CAP_SYS_ADMIN"))] | length > 0' "$work/out.json")"
	fi
	kill -KILL "$there"
else
	echo '# skipped another network: no namespace can be made'
fi

# Another user.
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$work" "${TEST_TMP}"
	as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	cp "$dialtone" "$gopls" "$work/bin/"
	install -d -o 65534 "$work/nobody"
	as_nobody "$work/bin/dialtone" ps --json --all >"$work/out.json" 2>>"$work/err"
	expect 'of another user: its name' 'forwarder true' "$(of "$two" '"\(.role) \(.denied)"')"
	expect 'nothing is made up' null "$(of "$two" .stdin.kind)"
	expect 'and it is said' true "$(jq '[.not_seen[] | select(contains("CAP_SYS_PTRACE"))] | length > 0' "$work/out.json")"
	exec {out}< <(cd / && HOME=$work/nobody exec setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 "$client" socketpair "$work/bin/gopls" 2>>"$work/err")
	theirs=$!
	started+=("$theirs")
	read -r line <&"$out"
	started+=("${line#ready }")
	as_nobody "$work/bin/dialtone" ps --json >"$work/out.json" 2>>"$work/err"
	expect "one's own without root" "server $theirs" "$(of "${line#ready }" '"\(.role) \(.stdin.pids[0])"')"
else
	echo '# skipped another user: needs root'
fi

# The screen: q and Ctrl-C end it, and the terminal is as before.
python3 - "$dialtone" <<'END'
import os, pty, sys, termios
for key in (b"q", b"\003"):
    parent, child = pty.openpty()
    before = termios.tcgetattr(child)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.close(parent)
        import fcntl
        fcntl.ioctl(child, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(child, fd)
        os.environ["TERM"] = "xterm"
        os.execv(sys.argv[1], [sys.argv[1], "ps", "--watch", "--every", "60"])
    seen = b""
    while b"WHERE" not in seen or b"\033[J" not in seen:
        seen += os.read(parent, 65536)
    os.write(parent, key)
    while b"\033[?1049l" not in seen:
        seen += os.read(parent, 65536)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 0 or termios.tcgetattr(child) != before:
        sys.exit("%r: status %d, terminal %s" % (key, status, termios.tcgetattr(child) == before))
END
expect 'the watching screen' 0 $?

if [ $failures -gt 0 ]; then tail -n 20 "$work/err"; fi
finish
