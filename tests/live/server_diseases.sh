#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sick servers (tests/patients): a verdict within the time allowed, the right facts, and nothing left behind.
# DIALTONE: the program, beside it the patients; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
patients=$(dirname "$dialtone")
work=${TEST_TMP:?a folder}/server_diseases
mkdir -p "$work/project"
cd "$work" || exit 1
printf 'module example.com/m\n\ngo 1.21\n' >project/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}\n' >project/main.go
export HOME=$work
timeout_s=4
slack_ms=4000 # for a loaded machine and a sanitized build
failures=0

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

# sick NAME FACT...: each FACT is an extended regular expression that a line of `check -v` must match.
sick() {
	local name=$1 start spent status fact
	shift
	mkdir -p "$name"
	cp "$patients/patient-$name" "$name/gopls"
	start=$(date +%s%N)
	PATH=$work/$name:$PATH "$dialtone" check project --editor none --environment self --timeout "$timeout_s" -v \
		>"$name/out" 2>"$name/err"
	status=$?
	spent=$((($(date +%s%N) - start) / 1000000))
	if [ "$status" != 1 ]; then fail "$name: status $status instead of 1"; fi
	if [ "$spent" -gt $((timeout_s * 1000 + slack_ms)) ]; then fail "$name: took $spent ms"; fi
	if ! grep -qE '^ *health state=broken' "$name/out"; then fail "$name: not called broken"; fi
	for fact; do
		if ! grep -qE -- "$fact" "$name/out"; then fail "$name: no fact like '$fact'"; fi
	done
	if grep -q 'Sanitizer' "$name/err"; then
		fail "$name: a sanitizer spoke"
		sed 's/^/    /' "$name/err"
	fi
	if pgrep -f -- "^$work/$name/gopls" >/dev/null; then
		fail "$name: a process is left behind"
	fi
}

sick mute 'server .*state=(silent|stopped_by_us)' 'name=initialize state=(timeout|no_answer)'
sick half_frame 'server .*state=(silent|stopped_by_us)'
sick garbage 'server .*junk_bytes=[1-9]' 'health .*stdout-polluted'
sick huge_length 'server .*(first_bytes=.*2147483648|state=(silent|stopped_by_us))'
sick deep 'server .*state=(silent|stopped_by_us)'
sick banner 'server .*first_bytes="Loading the development environment' 'health .*stdout-polluted'
sick refuses 'name=initialize state=failed.*nothing works today' 'health .*initialize'
sick crashes 'server .*state=exited exit_code=2.*nil pointer' 'name=initialize state=ok' 'health .*exited: exit 2'
sick killed 'server .*state=signaled exit_code=-1 signal=11' 'health .*exited: signal 11'
sick usage 'server .*state=exited exit_code=2.*unknown flag' 'health .*exited: exit 2'
sick flood_stderr 'health .*(flood|silent|exited)' 'server .*err="gopls: something is wrong'
sick flood_stdout 'health .*(flood|exited|definition)'
sick forker 'name=initialize state=ok'
sick stubborn 'name=initialize state=ok'
sick hangs_up 'name=initialize state=ok'

# Not a program: exec fails with its own errno.
mkdir -p not_a_program
printf '\177ELF and then nothing' >not_a_program/gopls
chmod 755 not_a_program/gopls
PATH=$work/not_a_program:$PATH "$dialtone" check project --editor none --environment self --timeout "$timeout_s" -v >out 2>err
if [ $? != 1 ]; then fail "not_a_program: not status 1"; fi
if ! grep -qE 'server .*state=not_(executed|started)' out; then fail "not_a_program: it was executed"; fi

if [ "$failures" -gt 0 ]; then
	echo "$failures failed"
	exit 1
fi
echo "ok: 16 sick servers"
