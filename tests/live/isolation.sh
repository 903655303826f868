#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone ps --isolation with real servers: two workspaces of one user share what is made for it; a cache that locks
# another user out (go itself confirms it), a directory for temporary files that lacks the sticky bit, a cache on a noexec
# mount of another mount namespace, one daemon for two PATHs, one port for two servers, HOME of somebody else.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings isolation
real_tools
client=$here/ps_client.py
gopls=$gopls_dir/gopls
goroot=${go_dir%/bin}
mkdir run home bin
project one
project two
export HOME=$work/home XDG_RUNTIME_DIR=$work/run USER=lena GOTOOLCHAIN=local GOPROXY=off PATH=$go_dir:/usr/bin:/bin
unset GOTMPDIR GOPLSCACHE

# start DIRECTORY COMMAND...: a client there, and its server; sets $editor and $server.
start() {
	local line dir=$1
	shift
	exec {out}< <(cd "$dir" && exec "$@" 2>>"$work/err")
	editor=$!
	started+=("$editor")
	read -r line <&"$out"
	server=${line#ready }
	started+=("$server")
}
# ended: ends the last client and its server.
ended() {
	kill -KILL "$editor" "$server" 2>/dev/null
	while kill -0 "$editor" 2>/dev/null; do wait "$editor" 2>/dev/null; done
	while [ -e "/proc/$server/fd/0" ]; do sleep 0.02; done
}
# look [OPTION...]: what is said, in out.json; $status.
look() {
	"$dialtone" ps --isolation --json "$@" >"$work/out.json" 2>>"$work/err"
	status=$?
}
# between PID PID FILTER: of what both share.
between() {
	jq -r --argjson a "$1" --argjson b "$2" '(.environments | map({key: (.pid | tostring), value: .id}) | from_entries) as $id
		| .shared[] | select(.environments | contains([$id[$a | tostring]]) and contains([$id[$b | tostring]])) | '"$3" "$work/out.json"
}
# verdict WHAT PID PID WANTED
verdict() {
	expect "$1 of $2 and $3" "$4" "$(between "$2" "$3" "select(.what == \"$1\") | .verdict")"
}

# Two workspaces of one user: everything is shared, and nothing is wrong with that.
start one python3 "$client" pipe "$gopls"
first=$server first_editor=$editor
start two python3 "$client" socketpair "$gopls"
look
for what in GOCACHE GOMODCACHE 'gopls cache' HOME 'go env file' telemetry GOTMPDIR bin 'module locks' 'gopls daemon'; do
	verdict "$what" "$first" "$server" harmless
done
expect 'where' "$work/home/.cache/go-build" "$(between "$first" "$server" 'select(.what == "GOCACHE") | .place')"
expect 'nothing to do for them' '' "$(jq -r --arg d "$work" '.plan[] | select(.title | contains($d)) | .title' "$work/out.json")"
# The file of `go env -w` decides, too.
go env -w GOMODCACHE="$work/modules"
look
expect 'by go env -w' "$work/modules go env file" "$(jq -r --argjson p "$first" '.environments[] | select(.pid == $p) | .values.GOMODCACHE | "\(.place) \(.from)"' "$work/out.json")"
go env -u GOMODCACHE

# The same from a case file; one of plain ps has not what it takes.
"$dialtone" ps --isolation --json --raw --save "$work/iso.dtc" >"$work/live.json" 2>>"$work/err"
look --from "$work/iso.dtc"
expect 'a case file says the same' "$(jq -cS 'del(.timing_ms)' "$work/live.json")" "$(jq -cS 'del(.timing_ms)' "$work/out.json")"
"$dialtone" ps --isolation --json --save "$work/iso.dtc" >"$work/live.json" 2>>"$work/err"
look --from "$work/iso.dtc"
expect 'and one without names' "$(jq -c '[.shared[] | [.what, .environments, .verdict]]' "$work/live.json")" "$(jq -c '[.shared[] | [.what, .environments, .verdict]]' "$work/out.json")"
"$dialtone" ps --save "$work/plain.dtc" >/dev/null 2>>"$work/err"
look --from "$work/plain.dtc"
expect 'another case file' 3 $status
ended

# One port for two.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start one python3 "$client" pipe "$gopls" -debug="localhost:$port"
third=$server third_editor=$editor
start two python3 "$client" pipe "$gopls" -debug="localhost:$port"
look
expect 'one port' 1 $status
expect 'who has it' "harmful true" "$(jq -r --argjson a "$third" --arg p "localhost:$port" '.shared[] | select(.what == "port" and .place == $p) | "\(.verdict) \(.reason | contains("process \($a) (gopls) does"))"' "$work/out.json")"
expect 'any port' '-debug=localhost:0' "$(jq -r '.plan[] | select(.what == "port") | .command' "$work/out.json")"
ended
kill -KILL "$third" "$third_editor"

# One daemon for two: GOFLAGS of each go along, the PATH of the second does not.
mkdir -p path
printf '#!/bin/sh\nexec %s/bin/go "$@"\n' "$goroot" >path/go
chmod 755 path/go
start one python3 "$client" pipe "$gopls" -remote=auto
one=$server one_editor=$editor
GOFLAGS=-tags=special start two python3 "$client" pipe "$gopls" -remote=auto
look
daemon=$(jq -r '.environments[] | select(.role == "daemon") | .pid' "$work/out.json")
started+=("$daemon")
verdict 'gopls daemon' "$one" "$server" harmless
ended
PATH=$work/path:/usr/bin:/bin start two python3 "$client" pipe "$gopls" -remote=auto
look
verdict 'gopls daemon' "$one" "$server" harmful
expect 'what differs' true "$(between "$one" "$server" "select(.what == \"gopls daemon\") | .reason | contains(\"$goroot/bin/go there, to $work/path/go here\")")"
expect 'apart' "-remote='auto;two'" "$(jq -r '.plan[] | select(.what == "gopls daemon") | .command' "$work/out.json")"
ended
kill -KILL "$one" "$one_editor" "$daemon"

if [ "$(id -u)" != 0 ]; then
	echo '# skipped other users and mounts: needs root'
else
	chmod 755 "$TEST_TMP" "$work"
	cp "$gopls" "$dialtone" bin/
	as() {
		local uid=$1
		shift
		setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"
	}
	for uid in 12001 12002; do
		install -d -o $uid -g $uid "user$uid" "user$uid/home"
		cp one/go.mod one/main.go "user$uid/"
		chmod 644 "user$uid/go.mod" "user$uid/main.go"
	done
	install -d -o 12001 -g 12001 cache
	install -d -m 777 common
	mkdir -p goroot && cp -r "$goroot/." goroot/ && chmod -R a+rX goroot
	export PATH=$work/goroot/bin:/usr/bin:/bin GOCACHE=$work/cache GOTMPDIR=$work/common
	HOME=$work/user12001/home start user12001 setpriv --reuid=12001 --regid=12001 --clear-groups /usr/bin/python3 "$client" pipe "$work/bin/gopls"
	lena=$server lena_editor=$editor
	HOME=$work/user12002/home start user12002 setpriv --reuid=12002 --regid=12002 --clear-groups /usr/bin/python3 "$client" pipe "$work/bin/gopls"
	kim=$server
	look
	expect 'somebody is harmed' 1 $status
	verdict GOCACHE "$lena" "$kim" harmful
	expect 'who' true "$(between "$lena" "$kim" 'select(.what == "GOCACHE") | .reason | startswith("12002 may not write there (mode 755, owner 12001)")')"
	(cd user12002 && HOME=$work/user12002/home as 12002 "$work/goroot/bin/go" build -o /dev/null .) >said 2>&1
	expect 'go says so, too' 1 "$(grep -c 'permission denied' said)"
	verdict GOTMPDIR "$lena" "$kim" harmful
	expect 'without the sticky bit' true "$(between "$lena" "$kim" 'select(.what == "GOTMPDIR") | .reason | contains("sticky")')"
	expect 'a cache of its own' "export GOCACHE=$work/user12002/home/.cache/user12002-apart/go-build" "$(jq -r '.plan[] | select(.name == "GOCACHE") | .command' "$work/out.json")"
	expect 'nothing was made' '' "$(find "$work" -name '*-apart')"
	chmod 1777 common
	look
	verdict GOTMPDIR "$lena" "$kim" harmless

	# Those who may not see it say so, and guess nothing.
	as 12002 "$work/bin/dialtone" ps --isolation --json >out.json 2>>err
	expect 'of others' "$kim true" "$(jq -r '[.environments[].pid | tostring] as $p | "\($p | join(" ")) \(.not_seen | any(contains("CAP_SYS_PTRACE")))"' out.json)"
	ended
	kill -KILL "$lena" "$lena_editor"
	unset GOCACHE GOTMPDIR

	# HOME of somebody else.
	HOME=$work/user12001/home start user12001 setpriv --reuid=12001 --regid=12001 --clear-groups /usr/bin/python3 "$client" pipe "$work/bin/gopls"
	lena=$server lena_editor=$editor
	HOME=$work/user12001/home start user12001 python3 "$client" pipe "$work/bin/gopls"
	look
	verdict HOME "$lena" "$server" harmful
	verdict GOCACHE "$lena" "$server" harmful
	expect 'sudo' 'sudo -H -i' "$(jq -r '.plan[] | select(.name == "HOME") | .command' out.json)"
	ended
	kill -KILL "$lena" "$lena_editor"

	# The same words in two trees of mounts are two places; and a cache on a noexec mount.
	mkdir -p box
	export GOCACHE=$work/box
	in_box="mount -t tmpfs -o noexec,size=64m none '$work/box' && exec python3 '$client' pipe '$gopls'"
	if unshare -m mount -t tmpfs none box 2>>err; then
		start one unshare -m sh -c "$in_box"
		boxed=$server boxed_editor=$editor
		start two python3 "$client" pipe "$gopls"
		look
		verdict GOCACHE "$boxed" "$server" ''
		verdict GOMODCACHE "$boxed" "$server" harmless
		ended
		start two nsenter -t "$boxed" -m python3 "$client" pipe "$gopls"
		look
		verdict GOCACHE "$boxed" "$server" harmful
		expect 'noexec' true "$(between "$boxed" "$server" 'select(.what == "GOCACHE") | .reason | contains("noexec")')"
		ended
		kill -KILL "$boxed" "$boxed_editor"
	else
		echo '# skipped mounts: none can be made'
	fi
fi

kill -KILL "$first" "$first_editor"

if [ $failures -gt 0 ]; then tail -n 20 "$work/err"; fi
finish
