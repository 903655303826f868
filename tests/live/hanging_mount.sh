#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A mount that answers nothing, where the workspace, HOME, a directory on PATH, the caches or the temporary directory
# should be: dialtone says what it can in the time it has, and ends.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings hanging_mount
if [ "$(id -u)" != 0 ]; then skip 'mounting needs root'; fi
if [ ! -c /dev/fuse ]; then skip 'there is no /dev/fuse'; fi
if [ -z "${HUNG_MOUNT_INSIDE:-}" ]; then
	HUNG_MOUNT_INSIDE=1 exec unshare --mount --propagation private "$self"
fi
project project
mkdir -p home hung
cp "$patients/patient-hung_mount" ./hung_mount
coproc mounter { exec ./hung_mount "$work/hung" 2>mount.err; }
# shellcheck disable=SC2154 # set by coproc
trap 'kill "$mounter_PID" 2>/dev/null' EXIT
# shellcheck disable=SC2154
if ! read -r -t 20 answer <&"${mounter[0]}" || [ "$answer" != mounted ]; then skip "no FUSE here: $(cat mount.err)"; fi
export HOME=$work/home PATH=/usr/bin:/bin
seconds=2
check=(@ check "$work/project" --editor vscode --environment self)

ask 'the workspace hangs' $seconds @ check "$work/hung/project" --environment self
if [ "$status" != 3 ]; then fail "the workspace hangs: status $status instead of 3"; fi
ask 'the open file hangs' $seconds "${check[@]}" --file "$work/hung/x.go"
ask 'HOME hangs' $seconds env HOME="$work/hung/home" "${check[@]}" --no-server
ask 'PATH hangs' $seconds env PATH="$work/hung/bin:$PATH" "${check[@]}" --no-server
ask 'the caches hang' $seconds env GOCACHE="$work/hung/gocache" GOMODCACHE="$work/hung/mod" "${check[@]}" --no-server
ask 'TMPDIR hangs' $seconds env TMPDIR="$work/hung/tmp" "${check[@]}" --no-server
ask 'GOROOT hangs' $seconds env GOROOT="$work/hung/go" "${check[@]}" --no-server
ln -s "$work/hung/vendor" project/vendor
ask 'vendor hangs' $seconds "${check[@]}" --no-server

# What waits in the kernel ends with the mount.
kill "$mounter_PID"
none_left 'the hung mount' "^$dialtone check $work"
finish
