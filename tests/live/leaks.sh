#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program that leaks for real, one that only loads, one that leaves a file behind at every start; and a real gopls over
# twenty restarts, when tools/toolchains has one.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
work=${TEST_TMP:?a folder}/leaks
here=$(readlink -f "$(dirname "$0")")
mkdir -p "$work"/{tmp,leaked,w}
work=$(readlink -f "$work")
export TMPDIR=$work/tmp
cd "$work/w" || exit 1
printf 'module example.com/m\n\ngo 1.21\n' >go.mod
printf 'package m\n' >m.go
failures=0 passed=0 skipped=0
started=()
trap '[ ${#started[@]} = 0 ] || kill -KILL "${started[@]}" 2>/dev/null' EXIT

# says WANT FILTER: jq on the last answer.
says() {
	local got
	got=$(jq -r "$2" out)
	if [ "$got" = "$1" ]; then
		passed=$((passed + 1))
	else
		printf 'FAIL %s: %s instead of %s\n' "$2" "$got" "$1"
		failures=$((failures + 1))
	fi
}

# asked STATUS ARGUMENT...: leaves the JSON in out.
asked() {
	local want=$1 got
	shift
	"$dialtone" ps --leaks --json "$@" >out 2>err
	got=$?
	if [ "$got" != "$want" ]; then
		printf 'FAIL ps --leaks %s: status %s instead of %s: %s\n' "$*" "$got" "$want" "$(cat err)"
		failures=$((failures + 1))
	fi
}

# --- one more open file now and then
cat >leak.py <<'END'
import time
held = []
while True:
    held.append(open("../leaked/part-%05d.tmp" % len(held), "w"))
    time.sleep(0.02)
END
python3 leak.py &
leaker=$!
started+=("$leaker")
asked 1 --for 3 "$leaker"
says true .leaks
says files .worst
says "leaked/part-#.tmp" '.pattern | split("/")[-2:] | join("/")'
says false .kinds.sockets.grows
kill -0 "$leaker" || failures=$((failures + 1))
kill -KILL "$leaker"

# --- one that opens much at its start and then stays as it is
cat >load.py <<'END'
import time
held = [open("leak.py") for _ in range(100)]
time.sleep(1000)
END
python3 load.py &
loader=$!
started+=("$loader")
asked 0 --for 2 "$loader"
says false .leaks
kill -KILL "$loader"
wait "$leaker" "$loader" 2>/dev/null

# --- a server that leaves a file behind at every start
cat >server.py <<'END'
import json, os, sys, tempfile
open(os.path.join(tempfile.gettempdir(), "python3-session-%d" % os.getpid()), "w").close()
while True:
    length = 0
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            sys.exit(1)
        if line.startswith(b"Content-Length:"):
            length = int(line.split(b":")[1])
        if line == b"\r\n":
            break
    message = json.loads(sys.stdin.buffer.read(length))
    if message["method"] == "exit":
        sys.exit(0)
    if "id" in message:
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"capabilities": {}}}).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        sys.stdout.buffer.flush()
END
mkfifo stdin
python3 server.py <stdin >/dev/null &
server=$!
started+=("$server")
exec {keep}>stdin
until compgen -G "$work/tmp/python3-session-*" >/dev/null; do sleep 0.01; done
asked 1 --restarts 12 "$server"
says temporary .worst
says "tmp/python#-session-#" '.pattern | split("/")[-2:] | join("/")'
says 12 '.at | length'
kill -0 "$server" || failures=$((failures + 1))
exec {keep}>&-
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null

# --- a real gopls over twenty restarts leaks nothing
gopls=$(compgen -G "$("$here/../../tools/toolchains" --where)/gopls/*/gopls" | sort | tail -1)
if [ -n "$gopls" ] && command -v go >/dev/null; then
	export HOME=$work GOFLAGS=-mod=mod GOTOOLCHAIN=local
	mkfifo gopls.stdin
	"$gopls" <gopls.stdin >/dev/null 2>&1 &
	server=$!
	started+=("$server")
	exec {keep}>gopls.stdin
	until [ "$(cat /proc/$server/comm)" = gopls ]; do sleep 0.01; done
	asked 0 --restarts 20 "$server"
	says false .leaks
	says 20 '.at | length'
	kill -0 "$server" || failures=$((failures + 1))
	exec {keep}>&-
	kill -KILL "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	chmod -R u+w "$work"
else
	echo 'skip: no gopls of tools/toolchains'
	skipped=1
fi

# --- usage
asked 2 --restarts 3 1
asked 2 --for 0 1
asked 2 nobody

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failures" "$skipped"
[ $failures = 0 ]
