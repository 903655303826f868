#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Snapshots of a small tree of real processes: what is in them, what is hidden, what two of them differ in.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings snapshot
mkdir -p home/lena/w
export HOME=$work/home/lena USER=lena LOGNAME=lena

asked() { # STATUS ARGUMENT...
	local want=$1
	shift
	run "snapshot $*" "$want" snapshot "$@"
}

# The text of the picture in a case file.
picture() { zstd -dcq "$1" | jq -r 'select(.source? | strings | startswith("picture:")) | .text'; }
has() { picture "$1" | grep -E -- "$2" >seen || fail "$1 does not hold '$2'"; }
has_not() { if zstd -dcq "$1" | grep -F -- "$2" >seen; then fail "$1 holds '$2'"; fi; }

# --- a tree: python, with a file, a pipe, a listening socket, a thread, and a child with a secret
cat >tree.py <<'P'
import os, socket, subprocess, sys, threading, time
held = open(os.environ["HOME"] + "/w/held", "w")
held.write("0123456789")
held.flush()
reader, writer = os.pipe()
os.set_inheritable(reader, True)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
child = subprocess.Popen([sys.executable, "-c", "import os, time; open(os.environ['HOME'] + '/w/ready', 'w').close(); time.sleep(1000)",
                          "--token=S3CRETtoken99", "--password", "hunter2hunter2"], close_fds=False,
                         env={**os.environ, "LAB_API_TOKEN": "a-very secret value 4711", "COPY_OF_IT": "a-very secret value 4711", "PLAIN": "seen"})
print(child.pid, listener.getsockname()[1], flush=True)
time.sleep(1000)
P
mkfifo says
python3 tree.py >says &
top=$!
started+=("$top")
read -r child port <says
started+=("$child")
until [ -e home/lena/w/ready ] && grep -q 'nanosleep' /proc/"$child"/wchan && grep -q nanosleep /proc/"$top"/wchan; do sleep 0.01; done

asked 0 "$top" -o one.case
[ "$(stat -c %a one.case)" = 600 ] || fail "mode $(stat -c %a one.case)"
has one.case "^pid=$top\$"
has one.case "^pid=$child\$"
has one.case "^ppid=$top\$"
has one.case '^env=PLAIN=seen$'
has one.case ' 10 [0-9]+ .*/home/user-1/w/held$'
has one.case "^socket=[0-9]+ tcp listening 0 [0-9]+ 0 127.0.0.1:$port>"
has one.case '^threads=2$'
has one.case "^thread=$top S "
has one.case '^limit_nofile='
has one.case '^map=.*python'
has one.case '^roots='"$top"'$'
[ "$(picture one.case | grep -c '^record=process$')" = 2 ] || fail "not two processes"
for secret in S3CRETtoken99 hunter2 'secret value 4711' '/lena' ; do has_not one.case "$secret"; done

# --- raw keeps the names, and masks what is secret all the same
asked 0 "$top" --raw -o raw.case
has raw.case '/home/lena/w/held$'
for secret in S3CRETtoken99 hunter2 'secret value 4711'; do has_not raw.case "$secret"; done

# --- what does not work
asked 2 4194304 -o none.case
grep -q 4194304 err || fail "no number: $(cat err)"
asked 2 -o none.case
asked 2 "$top"
asked 2 "$top" -o
asked 2 "$top" --workspace . -o none.case
asked 2 --workspace "$work/none" -o none.case
[ ! -e none.case ] || fail 'a file was written'
echo mine >mine
asked 3 "$top" -o mine
[ "$(cat mine)" = mine ] || fail 'a file of somebody else was replaced'

# --- the same again, and what differs after something happened
same() { jq -r "$1" out; }
asked 0 --diff one.case one.case
grep -q '^Nothing that matters differs' out || fail "the same: $(cat out)"
kill -STOP "$child"
until grep -q '^State:.T' /proc/"$child"/status; do sleep 0.01; done
prlimit --pid "$top" --nofile=321:654
asked 0 "$top" -o later.case
asked 1 --diff one.case later.case
grep -q "($child): it is stopped (T); before it was sleeping" out || fail "not stopped: $(cat out)"
grep -q "($top): its limit of open files is 321:654; before it was " out || fail "no limit: $(cat out)"
asked 1 --diff --json one.case later.case
[ "$(same .schema)" = dialtone.snapshot-diff/1 ] || fail "schema $(same .schema)"
[ "$(same '[.changes[] | .kind] | sort | join(" ")')" = 'limit state' ] || fail "changes: $(same '.changes[].sentence')"
[ "$(same ".changes[] | select(.kind == \"state\") | .pid")" = "$child" ] || fail 'whose state'
kill -KILL "$child"
until grep -q '^State:.Z' /proc/"$child"/status; do sleep 0.01; done
asked 0 "$top" -o dead.case
asked 1 --diff --json later.case dead.case
[ "$(same '.changes[] | select(.kind == "state") | .after')" = Z ] || fail "no zombie: $(same '.changes[].sentence')"
asked 0 --from one.case
grep -q "^ *$top .* S .* tree.py" out || fail "shown: $(cat out)"
asked 0 --from one.case --json
[ "$(same '.processes | length')" = 2 ] || fail 'as JSON: not two processes'

# --- files that are none, and commands that need more than it holds
head -c 200 one.case >cut.case
for file in cut.case mine none.case "$work" raw.case/x; do
	asked 2 --diff one.case "$file"
	grep -qF "$file" err || fail "$file is not named: $(cat err)"
done
asked 2 --diff one.case
asked 2 --diff one.case one.case one.case
asked 2 --from one.case "$top"
for command in ps why check locks; do
	"$dialtone" $command --from one.case >out 2>err && fail "$command --from: no complaint"
	grep -q 'it is a snapshot of a process tree' err || fail "$command --from: $(cat err)"
done

# --- a tree so large that two processes read it
# shellcheck disable=SC2016
bash -c 'for _ in {1..49}; do sleep 1000 & done; echo up >says; wait' &
many=$!
started+=("$many")
read -r _ <says
mapfile -t below < <(tr ' ' '\n' </proc/"$many"/task/"$many"/children | grep .)
started+=("${below[@]}")
asked 0 "$many" -o many.case
asked 0 --from many.case --json
[ "$(same '.processes | length')" = 50 ] || fail "of 50 processes: $(same '.processes | length')"
[ "$(same '[.processes[] | select((.env | length) > 0 and (.map | length) > 0 and (.mount | length) > 0 and .fds)] | length')" = 50 ] || fail 'not all of each'
asked 0 --diff many.case many.case

# --- looks and nothing else
if command -v strace >/dev/null; then
	strace -f -o trace -e trace='%signal,ptrace,flock,unlink,unlinkat' "$dialtone" snapshot "$top" -o two.case
	if grep -E 'ptrace\(|flock\(' trace; then fail 'it does more than look'; fi
	if grep -E '[^g]kill\(' trace | grep -v 'SIGKILL) *= 0'; then fail 'it sends signals'; fi
else
	echo 'skip: no strace'
fi

finish
