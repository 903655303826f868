#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Machines on which almost nothing is as it should be: no go, no gopls, no HOME, no /proc, no network, no room, nothing
# writable, closed descriptors, unreadable parents. A verdict or one clear sentence, in time, and nothing left behind.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings hostile_machine
real_tools
base_path=/usr/bin:/bin
project project
mkdir -p home tools narrow gocache
cp "$gopls_dir/gopls" "$work/tools/gopls" # a path of its own: what is left running can be told from others
export HOME=$work/home PATH=$work/tools:$go_dir:$base_path GOCACHE=$work/gocache GOPROXY=off
check=(@ check "$work/project" --editor none --environment self)

healthy() { # NAME: what was asked last
	if [ "$status" != 0 ]; then fail "$1: status $status instead of 0: $(head -c 1500 out)"; fi
	none_left "$1" "^$work/tools/gopls"
}

says() { # NAME WORD...: the first cause
	local got
	got=$(python3 -c 'import json; print(([c["id"] for c in json.load(open("out"))["causes"]] or ["none"])[0])')
	if [[ " ${*:2} " != *" $got "* ]]; then fail "$1: the cause is $got"; fi
}

# --- with all it needs, so that the rest means something; the caches are warm from here on
ask 'warm' 20 "${check[@]}"
healthy 'warm'

# --- nothing is there
ask 'no go and no gopls' 5 env PATH=$base_path "${check[@]}"
says 'no go and no gopls' bin-gopls-missing bin-go-missing env-go-not-on-path-gui # where Go lies elsewhere
ask 'no PATH' 5 env -u PATH "${check[@]}"
ask 'no HOME' 10 env -u HOME -u GOCACHE "${check[@]}"
says 'no HOME' env-home-or-cache-undefined
ask 'no environment' 5 env -i "${check[@]}"
ask 'HOME is no directory' 10 env HOME=/dev/null "${check[@]}"
ask 'HOME is relative' 10 env HOME=home "${check[@]}"

# --- descriptors
for closed in '0<&-' '2>&-' '0<&- 2>&-'; do
	eval "timeout 30 \"\$dialtone\" check project --editor none --environment self --json $closed >out"
	status=$?
	: >err
	report_is_sound "with a server, $closed" $status
	healthy "with a server, $closed"
done
timeout 30 "$dialtone" check project --editor none --environment self <&- >&- 2>&-
if [ $? -gt 3 ]; then fail 'with a server and every descriptor closed'; fi
timeout 30 "$dialtone" check project --editor none --environment self >/dev/full 2>err
if [ $? -gt 3 ] || [ "$(grep -c . err)" -gt 1 ]; then fail 'with a server and a full stdout'; fi
none_left 'descriptors' "^$work/tools/gopls"
(ulimit -n 24 && ask 'few descriptors' 5 "${check[@]}" && exit $failures) || fail 'few descriptors'

if [ "$(id -u)" != 0 ] || ! unshare --mount true 2>/dev/null; then
	echo 'without root: no other mounts, users or networks'
	finish
fi

# in_machine NAME SECONDS COMMANDS: asks in a mount namespace of its own, after these commands.
in_machine() {
	# shellcheck disable=SC2016 # expanded inside
	ask "$1" "$2" unshare --mount --propagation private bash -c 'set -e; eval "$1"; shift; exec "$@"' - "$3" "${check[@]}"
}

no_proc() {
	in_machine 'no /proc' 10 'mount -t tmpfs none /proc'
	none_left 'no /proc' "^$work/tools/gopls"
	mkdir -p forker
	cp "$patients/patient-forker" forker/gopls
	PATH=$work/forker:$PATH in_machine 'no /proc, and a server that forks' 3 'mount -t tmpfs none /proc'
	none_left 'no /proc, and a server that forks' "^$work/forker/gopls"
}
if grep -aq __asan_default_options "$dialtone"; then
	echo 'a sanitizer cannot do without /proc: not tried'
else
	no_proc
fi

ask 'no network' 10 unshare --net "${check[@]}"
healthy 'no network'

# shellcheck disable=SC2016 # expanded inside
full='fill() { mount -t tmpfs -o size=64k,nr_inodes=8 none "$1"; dd if=/dev/zero of="$1/x" bs=4k status=none 2>/dev/null || true; while : 2>/dev/null >"$1/$RANDOM$RANDOM"; do :; done; } 2>/dev/null;'
in_machine 'no room for temporary files' 10 "$full fill $work/narrow; fill /dev/shm; fill /var/tmp; export TMPDIR=$work/narrow"
in_machine 'no room in HOME' 10 "$full fill $work/home"
in_machine 'no room anywhere' 10 "$full fill /dev/shm; fill /var/tmp; fill $work/home; fill $work/gocache; export TMPDIR=$work/home"
says 'no room anywhere' fs-disk-full-gocache
none_left 'no room' "^$work/tools/gopls"

# `out` and `err` are open already, so that they can be written.
read_only="while read -r _ _ _ _ point _; do mount -o remount,bind,ro \"\$point\" 2>/dev/null || true; done </proc/self/mountinfo"
in_machine 'everything read-only' 10 "$read_only"
none_left 'everything read-only' "^$work/tools/gopls"

# --- another user, who may see little; what he runs lies where he can reach it
mkdir -p other/home goroot parents/in
cp "$dialtone" copy
chmod 755 "$TEST_TMP" "$work" project tools copy
chown -R 65534 other
project parents/in/project
goroot=$(readlink -f "$go_dir/..")

# as_other NAME SECONDS [NAME=VALUE...] -- ARGUMENT...
as_other() {
	local name=$1 seconds=$2 vars=()
	shift 2
	while [ "$1" != -- ]; do
		vars+=("$1")
		shift
	done
	# shellcheck disable=SC2016 # expanded inside
	ask "$name" "$seconds" unshare --mount --propagation private bash -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' - \
		"$goroot" "$work/goroot" setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
		env HOME="$work/other/home" GOCACHE="$work/other/gocache" PATH="$work/tools:$work/goroot/bin:$base_path" "${vars[@]}" \
		"$work/copy" check --editor none --environment self "${@:2}"
}

chmod 711 parents parents/in
as_other 'parents that cannot be listed' 15 -- "$work/parents/in/project"
if [ "$status" = 126 ]; then
	echo 'another user cannot reach this folder: unreadable parents not tried'
	finish
fi
healthy 'parents that cannot be listed'
chmod 700 parents
as_other 'parents that cannot be passed' 5 -- "$work/parents/in/project"
if [ "$status" != 3 ]; then fail "parents that cannot be passed: status $status instead of 3"; fi
chmod 000 project/main.go
as_other 'a source that cannot be read' 10 -- "$work/project" --file main.go
chmod 644 project/main.go
as_other 'HOME of somebody else' 10 HOME=/root GOCACHE= -- "$work/project"
says 'HOME of somebody else' env-home-or-cache-undefined fs-gocache-foreign-owner
none_left 'another user' "^$work/tools/gopls"
finish
