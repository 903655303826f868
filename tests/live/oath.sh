#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The oath: looking changes nothing. Every command that looks at running programs, with its children, under strace: nobody is
# traced, signalled or written to, no file is made or changed, no lock is taken. The patients are real: a gopls with unread
# bytes, a stopped one, a lock that is waited for. And check, whose own looks are held to the same; what go and gopls do is
# theirs.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
if ! command -v strace >/dev/null; then
	echo 'strace is not here'
	exit 77
fi
surroundings oath
real_tools
project project
mkdir -p home tmp
export HOME=$work/home GOCACHE=$work/gocache GOPROXY=off PATH=$gopls_dir:$go_dir:/usr/bin:/bin TMPDIR=$work/tmp
# A sanitized program looks for leaks at its end by tracing itself, which strace is in the way of.
export ASAN_OPTIONS=detect_leaks=0

# kept NAME STATUS ARGUMENT...: the command keeps the oath and ends with one of the statuses ("0|1"). allowed: directories in
# which it may write.
allowed=()
kept() {
	local name=$1 statuses=$2 got
	shift 2
	strace -f -o trace "$dialtone" "$@" >said 2>&1 </dev/null
	got=$?
	if ! [[ $got =~ ^($statuses)$ ]]; then fail "$name: status $got: $(head -c 300 said)"; fi
	if ! python3 "$here/oath.py" trace "${allowed[@]}" >verdict; then fail "$name: $(cat verdict)"; fi
	printf 'ok %s: %s\n' "$name" "$(tail -n 1 verdict)"
}

state_is() { [ "$(awk '{ print $3 }' "/proc/$1/stat")" = "$2" ]; }

# The test can fail.
cat >guilty.trace <<'T'
10 execve("/x/dialtone", ["dialtone"], 0x0) = 0
10 kill(4242, SIGTERM) = 0
T
if python3 "$here/oath.py" guilty.trace >/dev/null; then fail 'a guilty one goes free'; fi
for line in 'ptrace(PTRACE_SEIZE, 4242, NULL, 0) = 0' 'openat(AT_FDCWD, "/w/x", O_WRONLY|O_CREAT, 0666) = 3' 'unlink("/w/x") = 0' \
	'pidfd_send_signal(3, SIGKILL, NULL, 0) = 0' 'flock(3, LOCK_EX) = 0' 'tgkill(4242, 4242, SIGSTOP) = 0'; do
	for ((i = 0; i < 60; i++)); do echo '10 getpid() = 10'; done >guilty.trace
	echo "10 $line" >>guilty.trace
	if python3 "$here/oath.py" guilty.trace >/dev/null; then fail "it lets $line pass"; fi
done

# A server that is well, one that is stopped with bytes unread, a lock that is held and waited for.
mkfifo in
(cd project && exec gopls) <in >out.log 2>err.log &
server=$!
started+=("$server")
exec 7>in
body='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":"file://'$work'/project","capabilities":{}}}'
printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body" >&7
until_true grep -q '"capabilities"' out.log
: >held.lock
flock --no-fork held.lock sleep 1000 >/dev/null 2>&1 &
started+=($!)
until_true grep -q "$(stat -c %i held.lock) " /proc/locks
flock --no-fork held.lock true >/dev/null 2>&1 &
waiter=$!
started+=("$waiter")
until_true grep -q -- "-> FLOCK.* $waiter " /proc/locks

kept 'ps' 0 ps
kept 'ps --tree --json' 0 ps --tree --json
kept 'ps --all' 0 ps --all
kept 'ps --isolation' '0|1' ps --isolation
kept 'ps --leaks' '0|1' ps --leaks --for 1 "$server"
kept 'stacks' 0 stacks "$server"
kept 'stacks --summary' 0 stacks --summary "$server"
# Under strace, beside others, it may take longer than it may.
kept 'why' '0|1|3' why "$server"
kept 'why --workspace' '0|1|3' why --workspace project
kill -STOP "$server"
until_true state_is "$server" T
printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body" >&7
kept 'why of one that is stopped' 1 why "$server"
kept 'stacks of one that is stopped' 0 stacks "$server"
kept 'why of one that waits for a lock' '0|1|3' why "$waiter"
kept 'locks' '0|1' locks
kept 'locks PATH' 1 locks held.lock
kept 'why --exited' '0|1|3' why --exited --workspace project
kept 'env' '0|1|3' env
# What check starts keeps its temporary files in TMPDIR, and so do copies of go.mod that a trial gets.
allowed=("$work/tmp")
kept 'check' '0|1|3' check project --editor none --environment self
if [ -n "$(find tmp -mindepth 1 -name 'dialtone-*')" ]; then fail 'check leaves something in TMPDIR'; fi
if ! state_is "$server" T; then fail 'the stopped server is not stopped any more'; fi
exec 7>&-
finish
