#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Locks of real programs: who is named, what is left alone, what a case file gives.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings locks
mkdir -p w/.git config/Code mod/cache/download/lab.example/colour/@v
export HOME=$work XDG_CONFIG_HOME=$work/config GOMODCACHE=$work/mod GOENV=off

# says WANT FILTER: jq on the last answer.
says() {
	local got
	got=$(jq -r "$2" out)
	[ "$got" = "$1" ] || fail "$2: '$got' instead of '$1'"
}

asked() { # STATUS ARGUMENT...: leaves the JSON in out
	local want=$1
	shift
	run "locks $*" "$want" locks --json "$@"
}

has_lock() { # PID FILE: by the file's number, for a lock may have come with the shell
	grep -qs "^lock:.*:$(stat -c %i "$2") " /proc/"$1"/fdinfo/*
}
waits_for_lock() { grep -q -- "-> .* $1 " /proc/locks; } # PID

lock=$work/mod/cache/download/lab.example/colour/@v/v1.2.0.lock
: >"$lock" && : >"${lock%v1.2.0.lock}v1.1.0.lock"
cd w || exit 1

# --- nothing is held: files that lie about are counted and harmless
asked 0 "$work/mod"
says 0 .waited_for
says 2 .left_over.files

# --- a stopped holder and one that waits
python3 -c "import fcntl, time; f = open('$lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX); time.sleep(1000)" &
holder=$!
started+=("$holder")
until_true has_lock "$holder" "$lock"
flock "$lock" true &
waiter=$!
started+=("$waiter")
until_true waits_for_lock "$waiter"
kill -STOP "$holder"
until_true grep -q '^State:.T' /proc/"$holder"/status
asked 1
says 1 .waited_for
says "$lock" '.locks[0].path'
says "$holder" '.locks[0].holders[0].pid'
says fdinfo '.locks[0].holders[0].proof'
says "$waiter" '.locks[0].waiters[0].pid'
says 'lab.example/colour v1.2.0' '.locks[0] | .module + " " + .version'
says "kill -CONT $holder" '.plan[0].command'
says 1 .left_over.files
"$dialtone" locks >text
[ $? = 1 ] || fail "the text form has another status"
head -1 text | grep -q "$holder" || fail "the first line does not name the holder: $(head -1 text)"
[ "$(grep -v '^ *file\|^      ' text | awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }')" -le 80 ] || fail "a line is longer than 80 columns"
grep -q '^State:.T' /proc/"$holder"/status || fail "the holder does not stand as it stood"
kill -0 "$waiter" || fail "the waiter is gone"

# --- a case file gives the same
"$dialtone" locks --save case.dtc --raw >/dev/null
kill -KILL "$holder" "$waiter"
wait "$holder" "$waiter"
asked 1 --from case.dtc
says "$holder" '.locks[0].holders[0].pid'
says "kill -CONT $holder" '.plan[0].command'
asked 0
says 0 .waited_for

# --- a lock whose taker has ended, in the hands of a child
mkdir sub
flock --no-fork sub/x.lock sleep 1000 &
heir=$!
started+=("$heir")
until_true has_lock "$heir" sub/x.lock
asked 0 sub
says "$heir" '.locks[0].holders[0].pid'
kill -KILL "$heir"
wait "$heir" 2>/dev/null

# --- asked from below the holder: who asks is none of its work
: >sub/y.lock
# shellcheck disable=SC2016 # the inner shell's own words
flock -o sub/y.lock bash -c '
	flock "$1/y.lock" true &
	until grep -q -- "-> .* $! " /proc/locks; do sleep 0.01; done
	"$0" locks --json "$1" >out 2>err
	true' "$dialtone" sub
says 1 .waited_for
case $(jq -r '.locks[] | select(.state == "waited_for") | .holders[0].doing' out) in
*dialtone*) fail "the holder is said to be at work with us: $(cat out)" ;;
esac

# --- locks that are files: of git only when no git runs that can have made them, of VS Code by its pid
cp "$(command -v sleep)" "$work/git"
: >.git/index.lock
"$work/git" 1000 &
here_git=$!
(cd "$work/config" && exec "$work/git" 1000) &
other_git=$!
started+=("$here_git" "$other_git")
until_true grep -qx git "/proc/$here_git/comm"
until_true grep -qx git "/proc/$other_git/comm"
asked 0
says in_use '.locks[] | select(.kind == "git") | .state'
kill -KILL "$here_git"
wait "$here_git" 2>/dev/null
echo $$ >"$work/config/Code/code.lock"
asked 1
says left_over '.locks[] | select(.kind == "git") | .state'
says in_use '.locks[] | select(.kind == "editor") | .state'
# What is named by its environment works where that says.
(cd "$work/config" && GIT_DIR=$work/w/.git exec "$work/git" 1000) &
led=$!
started+=("$led")
until_true grep -qx git "/proc/$led/comm"
asked 0
says in_use '.locks[] | select(.kind == "git") | .state'
kill -KILL "$led" "$other_git"
wait "$led" "$other_git" 2>/dev/null
# One that started later did not make it.
touch -d '1 minute ago' .git/index.lock
"$work/git" 1000 &
late=$!
started+=("$late")
until_true grep -qx git "/proc/$late/comm"
asked 1
says left_over '.locks[] | select(.kind == "git") | .state'
kill -KILL "$late"
wait "$late" 2>/dev/null
echo 4194305 >"$work/config/Code/code.lock"
asked 1
says left_over '.locks[] | select(.kind == "editor") | .state'
for file in .git/index.lock "$work/config/Code/code.lock"; do
	[ -e "$file" ] || fail "$file is gone"
done

# --- another pid namespace: its /proc/locks leaves out a lock whose taker has ended, and who waits for it
cat >"$work/namespace" <<'S'
exec 8>"$1"
flock 8
flock "$1" true &
until grep -q lock "/proc/$!/wchan"; do sleep 0.01; done
[ ! -s /proc/locks ] || echo 'skip: the table names the lock' >&2
echo $$ $! >pids
"$2" locks --json >out 2>err
echo $? >status
kill $!
S
if unshare --user --map-root-user --pid --fork --mount-proc true 2>/dev/null; then
	unshare --user --map-root-user --pid --fork --mount-proc bash "$work/namespace" "${lock%v1.2.0.lock}v1.1.0.lock" "$dialtone"
	read -r inner waits <pids
	[ "$(cat status)" = 1 ] || fail "in another pid namespace: status $(cat status): $(cat err)"
	says "$inner $waits" '.locks[] | select(.path | endswith("v1.1.0.lock")) | "\(.holders[0].pid) \(.waiters[0].pid)"'
else
	echo 'skip: no pid namespace'
fi

# --- VS Code's sockets: one that is listened at, one that is left over, an extension host's of each kind
mkdir -p "$work/run"
export XDG_RUNTIME_DIR=$work/run
python3 - "$work/run" <<'P' &
import socket, sys, time
held = []
for name, listen in (("vscode-0a1b2c3d-1.95-main.sock", True), ("vscode-ffffffff-1.94-main.sock", False), ("vscode-ipc-aaaa.sock", True), ("vscode-ipc-bbbb.sock", False)):
    s = socket.socket(socket.AF_UNIX)
    s.bind(sys.argv[1] + "/" + name)
    if listen:
        s.listen()
        held.append(s)
    else:
        s.close()
open(sys.argv[1] + "/ready", "w").close()
time.sleep(1000)
P
started+=($!)
until_true [ -e "$work/run/ready" ]
asked 1
says in_use '.locks[] | select(.path | endswith("1.95-main.sock")) | .state'
says left_over '.locks[] | select(.path | endswith("1.94-main.sock")) | .state'
says left_over '.locks[] | select(.path | endswith("ipc-bbbb.sock")) | .state'
says '' '.locks[] | select(.path | endswith("ipc-aaaa.sock")) | .state'
says '' '.plan[] | select(.command | contains(".sock")) | .command'
unset XDG_RUNTIME_DIR

# --- usage
asked 2 "$work/none"
asked 2 --raw
asked 2 --from case.dtc somewhere

# --- looks and nothing else
if command -v strace >/dev/null; then
	strace -f -o trace -e trace='%signal,ptrace,flock,fcntl,unlink,unlinkat,rename,renameat2,mkdir' "$dialtone" locks >/dev/null
	if grep -E 'ptrace\(|flock\(|F_SETLK|F_OFD_SETLK|unlink|rename|mkdir' trace; then fail "it does more than look"; fi
	if grep -E '[^g]kill\(' trace | grep -v 'SIGKILL) *= 0'; then fail "it sends signals"; fi
else
	echo 'skip: no strace'
fi

finish
