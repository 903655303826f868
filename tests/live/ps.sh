#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone ps with real servers: gopls over pipes and socketpairs, a daemon with two clients, an orphan, two servers that GOFLAGS
# keeps apart, a stripped gopls under another name below Neovim, processes of another user, the watching screen.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
tools=${DIALTONE_TOOLS:?the folder of tools/toolchains}
client=$(dirname "$(readlink -f "$0")")/ps_client.py
work=${TEST_TMP:?a folder}/ps
mkdir -p "$work"/{project,run,home,bin}
cd "$work/project" || exit 1
export HOME=$work/home XDG_RUNTIME_DIR=$work/run USER=lena GOTOOLCHAIN=local GOPROXY=off
unset GOFLAGS TMPDIR
gopls=$tools/gopls/v0.23.0/gopls
go=$(printf '%s\n' "$tools"/go/1.26.*/bin | tail -1)
export PATH=$go:$PATH
printf 'module example.com/m\n\ngo 1.21\n' >go.mod
printf 'package main\n\nfunc main() {}\n' >main.go
failures=0 passed=0
started=()
end_all() {
	for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null; done
	return 0
}
trap end_all EXIT

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
	"$dialtone" ps --json "$@" >"$work/out.json" 2>>"$work/err" || is "ps $*" 'status 0' "status $?"
}
# of PID FILTER: of one process of the last look.
of() {
	jq -r --argjson pid "$1" ".processes[] | select(.pid == \$pid) | $2" "$work/out.json"
}
# is WHAT WANTED GOT
is() {
	if [ "$2" == "$3" ]; then
		passed=$((passed + 1))
	else
		printf 'FAIL %s: %s instead of %s\n' "$1" "$3" "$2"
		failures=$((failures + 1))
	fi
}

# Two servers of one folder, by pipes and by socketpairs.
start pipe "$gopls"
first=$server first_editor=$editor
GOFLAGS=-tags=special start socketpair "$gopls"
look
is 'role' server "$(of "$first" .role)"
is 'version' v0.23.0 "$(of "$first" .program.version)"
is 'workspace' "$work/project" "$(of "$first" .workspace)"
is 'by a pipe' "pipe held $first_editor" "$(of "$first" '"\(.stdin.kind) \(.stdin.peer) \(.stdin.pids[0])"')"
is 'its answers too' "$first_editor" "$(of "$first" '.stdout.pids[0]')"
is 'by a socketpair' "unix held $editor" "$(of "$server" '"\(.stdin.kind) \(.stdin.peer) \(.stdin.pids[0])"')"
is 'a duplicate' "duplicate $first" "$(of "$server" '.marks[] | "\(.kind) \(.of)"')"
is 'what keeps them apart' 'GOFLAGS null -tags=special' "$(of "$server" '.marks[0].splits[] | "\(.name) \(.there) \(.here)"')"
is 'the older one is none' '' "$(of "$first" '.marks[].kind')"
telemetry=$(jq -r --argjson pid "$first" '[.processes[] | select(.ppid == $pid and .role == "telemetry")] | length' "$work/out.json")
is 'its side process is told apart' 1 "$telemetry"
is 'and is no trouble' '' "$(jq -r '.processes[] | select(.role == "telemetry") | .marks[].kind' "$work/out.json")"

# The same from a case file, on any machine.
"$dialtone" ps --save "$work/ps.dtc" >/dev/null 2>>"$work/err"
look --from "$work/ps.dtc"
is 'from a case file' "duplicate $first" "$(of "$server" '.marks[] | "\(.kind) \(.of)"')"

# A daemon that -remote=auto started, with two clients.
start pipe "$gopls" -remote=auto
one=$server
start socketpair "$gopls" -remote=auto
two=$server
look
daemon=$(of "$one" .daemon_pid)
started+=("$daemon")
is 'a forwarder' forwarder "$(of "$one" .role)"
is 'one daemon for both' "$daemon" "$(of "$two" .daemon_pid)"
is 'a daemon' 'daemon 2' "$(of "$daemon" '"\(.role) \(.clients | length)"')"
is 'its clients' "$(printf '%s\n' "$one" "$two" | sort -n | paste -sd' ')" "$(of "$daemon" '.clients | sort | map(tostring) | join(" ")')"
is 'where it would be looked for' "unix;$(of "$one" .remote_auto_socket)" "$(of "$daemon" '.listens[0]')"
is 'a daemon with clients is in use' '' "$(of "$daemon" '.marks[].kind')"

# An orphan: a server that does not notice that its editor died.
kill -STOP "$first"
kill -KILL "$first_editor"
while kill -0 "$first_editor" 2>/dev/null; do wait "$first_editor" 2>/dev/null; done
look
is 'an orphan' 'closed closed orphan stopped' "$(of "$first" '"\(.stdin.peer) \(.stdout.peer) " + ([.marks[].kind] | join(" "))')"
is 'the other one is alone now' '' "$(of "$server" '.marks[].kind')"
is 'in the table' 1 "$("$dialtone" ps | grep -cE "^ *$first .*orphan,stopped")"

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
	is 'a copy is known by its build info' 'gopls v0.23.0 neovim' "$(of "${copy:-0}" '"\(.name) \(.program.version) \(.editor)"')"
	is 'and by its editor' "$nvim" "$(of "${copy:-0}" .editor_pid)"
	rm "$work/bin/lsp-of-us"
	look
	is 'its file is gone' 'true true' "$(of "${copy:-0}" '"\(.program.deleted) \([.marks[].kind] | contains(["replaced"]))"')"
else
	echo '# skipped Neovim: it or strip is not here'
fi

# Another user.
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$work" "${TEST_TMP}"
	as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	cp "$dialtone" "$gopls" "$work/bin/"
	install -d -o 65534 "$work/nobody"
	as_nobody "$work/bin/dialtone" ps --json --all >"$work/out.json" 2>>"$work/err"
	is 'of another user: its name' 'forwarder true' "$(of "$server" '"\(.role) \(.denied)"')"
	is 'nothing is made up' null "$(of "$server" .stdin.kind)"
	is 'and it is said' true "$(jq '[.not_seen[] | select(contains("CAP_SYS_PTRACE"))] | length > 0' "$work/out.json")"
	exec {out}< <(cd / && HOME=$work/nobody exec setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 "$client" socketpair "$work/bin/gopls" 2>>"$work/err")
	theirs=$!
	started+=("$theirs")
	read -r line <&"$out"
	started+=("${line#ready }")
	as_nobody "$work/bin/dialtone" ps --json >"$work/out.json" 2>>"$work/err"
	is "one's own without root" "server $theirs" "$(of "${line#ready }" '"\(.role) \(.stdin.pids[0])"')"
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
is 'the watching screen' 0 $?

if [ $failures -gt 0 ]; then tail -n 20 "$work/err"; fi
printf '%d passed, %d failed\n' $passed $failures
exit $((failures > 0))
