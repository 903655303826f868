#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Ctrl-C and its kin, and SIGKILL, in the middle of a handshake: no server and no child of it is left, and no folder of ours in
# TMPDIR: after SIGKILL, when nobody can, the next one that needs a folder there removes it.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings interrupted
real_tools
project project
mkdir -p home gopls_real
export HOME=$work/home GOCACHE=$work/gocache GOPROXY=off
cp "$gopls_dir/gopls" gopls_real/gopls

# until_running PATTERN: the server is there.
until_running() {
	local tries
	for ((tries = 0; tries < 1500; tries++)); do
		if pgrep -f -- "$1" >/dev/null; then return 0; fi
		sleep 0.02
	done
	return 1
}

# strike SIGNAL SERVER: sends the signal while the server runs. Status 128 + signal, unless there was nothing to do.
strike() {
	local signal=$1 server=$2 pid status want
	# A shell starts what runs in the background with SIGINT ignored.
	PATH=$work/$server:$go_dir:/usr/bin:/bin env --default-signal=INT "$dialtone" check project --editor none --environment self --timeout 20 --json \
		>out 2>err </dev/null &
	pid=$!
	if ! until_running "^$work/$server/gopls"; then
		fail "$signal, $server: the server was never started"
	fi
	kill "-$signal" $pid
	wait $pid 2>/dev/null
	status=$?
	want=$((128 + $(kill -l "$signal")))
	# The real server may have answered everything before the signal came.
	if [ $status != $want ] && { [ "$server" != gopls_real ] || [ $status -gt 1 ]; }; then
		fail "$signal, $server: status $status instead of $want: $(head -c 300 err)"
	fi
	if grep -q Sanitizer err; then fail "$signal, $server: a sanitizer spoke: $(head -n 5 err)"; fi
	none_left "$signal, $server" "^$work/$server/gopls"
}

for server in mute stubborn forker; do
	mkdir -p $server
	cp "$patients/patient-$server" $server/gopls
	for signal in INT TERM KILL; do strike $signal $server; done
done
for signal in INT HUP KILL; do strike $signal gopls_real; done

# litter SIGNAL ARGUMENT...: how many folders of ours are left when it is struck while there is one.
litter() {
	local signal=$1 pid
	shift
	env --default-signal=INT "$dialtone" "$@" --editor none --environment self >out 2>err </dev/null &
	pid=$!
	while [ -e /proc/$pid/exe ] && ! compgen -G 'tmp/dialtone-*' >seen; do :; done
	kill "-$signal" $pid
	wait $pid 2>/dev/null
	if [ ! -s seen ]; then fail "$*: there was no folder to leave"; fi
	none_left "$*, $signal" "^$work/gopls_real/gopls"
	find tmp -mindepth 1 -maxdepth 1 -name 'dialtone-*' | wc -l
}
mkdir tmp
export TMPDIR=$work/tmp GOFLAGS=-mod=mod # for which a go.mod of our own is needed
PATH=$work/gopls_real:$go_dir:/usr/bin:/bin
for command in 'check project' 'check project --prove' 'fix project --yes'; do
	for signal in INT TERM; do
		# shellcheck disable=SC2086 # words
		expect "$command, $signal: folders" 0 "$(litter $signal $command)"
	done
	# shellcheck disable=SC2086 # words
	expect "$command, KILL: folders" 1 "$(litter KILL $command)"
	timeout 300 "$dialtone" check project --editor none --environment self >out 2>err
	expect "$command, KILL: folders after the next" 0 "$(find tmp -mindepth 1 -maxdepth 1 -name 'dialtone-*' | wc -l)"
done
none_left 'helpers of dialtone' "^$dialtone check project --editor none --environment self --timeout 20"
finish
