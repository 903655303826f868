#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone guard with a real systemd of a user and a real crontab, in a machine with control groups of its own: shown, installed, run by the
# unit, removed byte for byte, refused when edited, taken back by undo; and the precautions on real disks, servers and
# tools: told once, by file and notification, until they are over.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings guard
real_tools

# A systemd takes over the control groups it can see: all processes of the root go into a group of its own. So it gets a
# group below the root, a namespace in which that is the root, and nothing else mounted.
unified() { awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo; }
outside() { # what a systemd would change, had it got out
	cat /proc/self/cgroup
	find /sys/fs/cgroup -maxdepth 2 -type d \( -name '*.scope' -o -name '*.slice' \) | sort
}
if [ "${1:-}" != inside ]; then
	if [ "$(id -u)" != 0 ]; then skip 'not root: no machine of its own for systemd and crontab'; fi
	export DIALTONE=$dialtone
	outside >outside.before
	own=$(unified)$(sed -n 's/^0:://p' /proc/self/cgroup)
	group=$own/dialtone-guard-$$
	grouped=
	if [ -n "$(unified)" ] && mkdir "$group" 2>/dev/null; then grouped=grouped; fi
	(
		inside=$grouped
		if [ -n "$inside" ] && ! echo "$BASHPID" >"$group/cgroup.procs"; then inside=; fi
		exec unshare --cgroup --mount --pid --fork --kill-child --mount-proc --propagation private "$self" inside "$inside"
	) &
	parent=$!
	# unshare itself waits outside; once it has a child the namespace is made, and it need not be in the group.
	while kill -0 $parent 2>/dev/null && [ -z "$(cat /proc/$parent/task/$parent/children 2>/dev/null)" ]; do sleep 0.05; done
	if [ -n "$grouped" ]; then echo $parent >"$own/cgroup.procs" 2>/dev/null; fi
	wait $parent
	status=$?
	if [ -d "$group" ]; then
		for ((i = 0; i < 100; i++)); do
			find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
			if [ ! -d "$group" ]; then break; fi
			sleep 0.1
		done
		if [ -d "$group" ]; then fail "$group is left"; fi
	fi
	outside | diff outside.before - || fail 'the control groups outside are not as they were'
	if [ $status != 0 ]; then exit $status; fi
	finish
fi
confined=
if [ "${2:-}" = grouped ] && mount -t cgroup2 cgroup2 /sys/fs/cgroup; then
	# Processes outside of this namespace are listed as 0; groups of others would be there.
	for ((i = 0; i < 100; i++)); do
		if ! grep -qx 0 /sys/fs/cgroup/cgroup.procs; then break; fi
		sleep 0.1
	done
	if grep -qx '0::/' /proc/self/cgroup && ! grep -qx 0 /sys/fs/cgroup/cgroup.procs &&
		[ "$(find /sys/fs/cgroup -mindepth 1 -type d | wc -l)" = 0 ]; then
		confined=confined
	fi
fi
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user/0 home tools cache runtime "w x"
chmod 700 /run/user/0 runtime
project "w x"
export HOME=$work/home GOPROXY=off PATH=$work/tools:$go_dir:/usr/sbin:/usr/bin:/sbin:/bin
unset XDG_STATE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
state=home/.local/state/dialtone
install -m 755 "$gopls_dir/gopls" tools/gopls

guard() { # WHAT WANTED-STATUS ARGUMENT...
	local what=$1 wanted=$2 status
	shift 2
	(cd "w x" && exec timeout 60 "$dialtone" guard "$@") >out 2>err </dev/null
	status=$?
	if [ $status != "$wanted" ]; then fail "$what: status $status, not $wanted: $(head -c 400 err)"; fi
}
config() { find home/.config -printf '%p %y %m %s %T@ %l\n' 2>/dev/null | sort; }

# --- looking: nothing to be told
guard 'run' 0 run --json
expect 'the schema' 'dialtone.guard/1 run 0' "$(jq -r '"\(.schema) \(.verb) \(.precautions | length)"' out)"
expect 'the state' 600 "$(stat -c %a $state/guard.state)"
(unset HOME && "$dialtone" guard run "w x" >out 2>err)
expect 'without HOME' 3 $?
if ! grep -q 'neither HOME nor XDG_STATE_HOME' err; then fail "without HOME: $(cat err)"; fi
guard 'a directory that is not there' 3 run /nowhere/at/all
guard 'a word nobody knows' 2 instal
guard 'a minute that divides nothing' 2 install --every 7

# --- beside what it was like when all worked
good() { jq -r '.runs[] | select(.good_ms) | "\(.differs) \(.same_ms >= .good_ms)"' out; }
run 'all works' 0 changed "w x" --remember --editor none --environment self --timeout 60
guard 'look' 0 run
guard 'unchanged' 0 status --json
expect 'unchanged' '0 true' "$(good)"
cp "w x/go.mod" go.mod.before
echo '// otherwise' >>"w x/go.mod"
guard 'look again' 0 run
guard 'changed since' 0 status --json
expect 'changed since' '1 true' "$(good)"
mv go.mod.before "w x/go.mod"
rm -r $state/good $state/guard.state

# --- a disk that is nearly full: told once, by a line and a notification, and again when it was over
mount -t tmpfs -o size=20m tmpfs cache
export GOCACHE=$work/cache XDG_RUNTIME_DIR=$work/runtime
cat >tools/notify-send <<'END'
#!/bin/sh
printf '%s|' "$@" >>"$HOME/notified"
echo >>"$HOME/notified"
END
chmod 755 tools/notify-send
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' runtime/bus
head -c 20300000 /dev/zero >cache/fill
guard 'a full disk' 1 run --json
expect 'which' "disk-nearly-full $work/cache true" "$(jq -r '.precautions[0] | "\(.id) \(.subject) \(.new)"' out)"
guard 'the same again' 1 run --json
expect 'not new' false "$(jq -r '.precautions[0].new' out)"
guard 'the same again, quiet' 1 run --quiet
if [ -s out ]; then fail "told again: $(cat out)"; fi
expect 'notified once' 1 "$(grep -c 'dialtone: disk-nearly-full' home/notified)"
guard 'status' 1 status --json
expect 'status of it' disk-nearly-full "$(jq -r '.precautions[0].id' out)"
rm cache/fill
guard 'room again' 0 run
expect 'the lines' 'true over' "$(sed -n 's/^[^ ]* [^ ]* \([a-z]*\) disk-nearly-full: .*/\1/p' $state/guard.log | xargs)"
head -c 20300000 /dev/zero >cache/fill
guard 'full again' 1 run
expect 'notified again' 2 "$(grep -c 'dialtone: disk-nearly-full' home/notified)"
rm cache/fill
unset GOCACHE
guard 'over' 0 run

# --- gopls is replaced under a server that runs
mkfifo stdin
(cd "w x" && exec "$work/tools/gopls" <"$work/stdin" >/dev/null 2>&1) &
server=$!
exec 7>stdin
guard 'a server' 0 run
other=$(find "$DIALTONE_TOOLS/gopls" -path '*/v0.20.0/gopls' | head -n 1)
if [ -n "$other" ]; then
	install -m 755 "$other" tools/gopls.new
	mv tools/gopls.new tools/gopls
	guard 'another gopls' 1 run --json
	expect 'replaced' true "$(jq --argjson pid $server '[.precautions[] | select(.id == "gopls-replaced" and (.subject | startswith("\($pid) ")))] | length == 1' out)"
	expect 'go has gone past it' 1 "$(jq '[.precautions[] | select(.id == "go-past-gopls")] | length' out)"
	install -m 755 "$gopls_dir/gopls" tools/gopls.new
	mv tools/gopls.new tools/gopls
fi
prlimit --pid $server --nofile=8:
guard 'few files' 1 run --json
expect 'few files' 1 "$(jq '[.precautions[] | select(.id == "nofile-nearly-used")] | length' out)"
exec 7>&-
kill $server
wait $server 2>/dev/null
guard 'no server' 0 run
unset XDG_RUNTIME_DIR

# --- a crontab
guard 'nobody who could start it' 4 install --scheduler systemd
if [ -n "$(command -v crontab)" ]; then
	mount -t tmpfs -o "mode=1730,gid=$(stat -c %g /var/spool/cron/crontabs)" tmpfs /var/spool/cron/crontabs
	guard 'shown' 0 install
	expect 'only shown' '' "$(crontab -l 2>/dev/null)"
	guard 'installed' 0 install --yes --json
	expect 'by cron' 'installed cron 15' "$(jq -r '"\(.outcome) \(.by) \(.every_minutes)"' out)"
	line=$(crontab -l | sed -n 's/^\*\/15 \* \* \* \* //p' | sed 's/\\%/%/g')
	rm -f $state/guard.state
	(cd / && env -i HOME="$HOME" PATH=/usr/bin:/bin /bin/sh -c "$line")
	expect 'the line of it runs' "$work/w x" "$(sed -n 's/^dir=//p' $state/guard.state)"
	guard 'installed already' 0 install --yes
	guard 'otherwise' 4 install --yes --every 30
	guard 'status by cron' 0 status --json
	expect 'status by cron' 'cron true' "$(jq -r '"\(.by) \(.whole)"' out)"
	guard 'removed' 0 remove --yes
	crontab -l >out 2>&1 && fail "a crontab is left: $(cat out)"
	printf '# mine\nA=b%%c\n1 2 * * * true # x\n' >table
	crontab table
	guard 'beside mine' 0 install --yes --every 60
	guard 'removed beside mine' 0 remove --yes
	crontab -l | cmp -s - table || fail "not mine any more: $(crontab -l)"
	guard 'in the journal' 0 install --yes --json
	expect 'in the journal' 'guard done' "$("$dialtone" journal --json | jq -r ".repairs[] | select(.id == $(jq .repair out)) | \"\(.cause) \(.state)\"")"
	(crontab -l && echo '3 4 * * * true # later') | crontab -
	run 'undo' 0 undo --last
	crontab -l | diff - <(cat table && echo '3 4 * * * true # later') || fail 'undo took more, or less, than the line'
	if [ -e $state/guard.crontab ]; then fail 'undo left the table that was handed over'; fi
	crontab table
	guard 'once more' 0 install --yes
	crontab -l | sed 's/guard run/guard  run/' | crontab -
	guard 'edited' 4 remove --yes
	if ! grep -q 'guard  run' out; then fail "the edited line is not shown: $(cat out)"; fi
	run 'edited, undo' 4 undo --last
	crontab -r
	run 'gone by hand, undo' 0 undo --last
else
	echo 'note: no crontab here; cron was not tried'
fi

# --- systemd
export XDG_RUNTIME_DIR=/run/user/0
if [ -n "$confined" ] && [ -x /lib/systemd/systemd ]; then
	/lib/systemd/systemd --user >systemd.log 2>&1 &
	for ((i = 0; i < 100; i++)); do
		if [ -S /run/user/0/systemd/private ]; then break; fi
		sleep 0.1
	done
fi
if ! systemctl --user list-units >/dev/null 2>&1; then
	echo "note: no systemd for a user here; it was not tried"
	finish
fi
config >before
guard 'shown' 0 install "$work/w x" --json
expect 'by systemd' 'proposed systemd' "$(jq -r '"\(.outcome) \(.by)"' out)"
config | cmp -s before - || fail 'showing changed something'
guard 'installed' 0 install --yes
expect 'the timer' active "$(systemctl --user is-active dialtone-guard.timer)"
rm -f $state/guard.state
systemctl --user start dialtone-guard.service || fail 'the service fails'
expect 'the service looks' "$work/w x" "$(sed -n 's/^dir=//p' $state/guard.state)"
guard 'installed already' 0 install --yes
guard 'status' 0 status --json
expect 'status by systemd' 'systemd true active 1' "$(jq -r '"\(.by) \(.whole) \(.timer) \(.runs | length)"' out)"
unit=home/.config/systemd/user/dialtone-guard.service
cp -p $unit saved
echo '# edited' >>$unit
guard 'edited' 4 remove --yes
if ! grep -q '^+# edited' out; then fail 'the edit is not shown'; fi
cp -p saved $unit
guard 'removed' 0 remove --yes
config | diff before - >difference || fail "removed: $(head -c 400 difference)"
expect 'no timer' inactive "$(systemctl --user is-active dialtone-guard.timer)"
guard 'removed already' 0 remove --yes
guard 'installed again' 0 install --yes
rm -f $state/guard.state
"$dialtone" undo --last >out 2>err || fail "undo: $(cat err)"
config | diff before - >difference || fail "undone: $(head -c 400 difference)"
systemctl --user start dialtone-guard.service 2>/dev/null
if [ -e $state/guard.state ]; then fail 'undone, and it still looks'; fi
finish
