#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check --trace: the examination is recorded while it is made, and what the machine shows and what the calls show are held
# against each other; by each way of recording, without any, interrupted. Nothing is left behind.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings trace_together
real_tools
# A sanitizer's search for leaks clones itself with CLONE_UNTRACED: no tracer sees it, and under the filter its calls fail.
export ASAN_OPTIONS=detect_leaks=0
if ! "$dialtone" trace --backend ptrace --set exit_group -- true >out 2>&1; then skip "ptrace is refused here: $(tail -n 1 out)"; fi
mkdir -p home tmp
project w
export HOME=$work/home PATH=$gopls_dir:$go_dir:/usr/bin:/bin GOPROXY=off TMPDIR=$work/tmp GOTOOLCHAIN=local
check() { # NAME STATUS [ASSIGNMENT...]: with the program in `before` in front; leaves out and err
	local name=$1 wanted=$2 status
	shift 2
	timeout 300 "${before[@]}" env "$@" "$dialtone" check --json --timeout 120 --trace w >out 2>err </dev/null
	status=$?
	expect "$name: status ($(head -c 300 err))" "$wanted" $status
}
told() { # NAME JQ-FILTER WANTED
	local got
	got=$(jq -r "$2" out)
	if [ "$got" != "$3" ]; then fail "$1: expected <$3> got <$got>: $(jq -c .trace out | head -c 500)"; fi
}
# agreed NAME ID: both found it, and the calls are its proof.
agreed() {
	told "$1" '.causes[0].id' "$2"
	if [ "$(jq '.trace.lost' out)" -gt 0 ]; then
		echo "# $1: $(jq '.trace.lost' out) events were lost, so nothing is asked of them"
		return
	fi
	told "$1" '.trace.agreement' agree
	told "$1" '.trace.causes[0].seen_by' both
	told "$1" '[.causes[0].evidence[] | select(.source == "trace")] | length > 0' true
}

before=()
check 'first' 0 # fills the caches
before=(setpriv --bounding-set '-sys_admin,-bpf,-perfmon') # for root: without the rights that eBPF needs
if [ "$(id -u)" != 0 ] || ! "${before[@]}" true 2>/dev/null; then before=(); fi
check 'ptrace: healthy' 0
# A start that is slowed down may end before the calls tell of health; they must not tell of anything else.
told 'ptrace: healthy' '.trace.backend + " " + .trace.agreement | test("^ptrace (agree|silent)$")' true
check 'ptrace: root' 1 GOROOT="$work/nowhere"
agreed 'ptrace: root' env-goroot-wrong
told 'ptrace: root' '.trace.causes[0].calls[0] | test("nowhere.*ENOENT")' true

before=()
if "$dialtone" trace --backend ebpf --set exit_group -- true >/dev/null 2>&1; then
	check 'ebpf: root' 1 GOROOT="$work/nowhere"
	told 'ebpf: root' '.trace.backend' ebpf
	agreed 'ebpf: root' env-goroot-wrong
	check 'ebpf: flags' 1 GOFLAGS=mod=mod
	agreed 'ebpf: flags' env-goflags-malformed
else
	echo '# skipped eBPF: it is refused here'
fi

# --- without an option nobody is traced, and the report says nothing of it
run 'plain' 0 check --json --timeout 120 w
told 'plain' 'has("trace")' false
"$dialtone" trace --backend ptrace --set ptrace,bpf,seccomp,memfd_create -- "$dialtone" check --timeout 120 w >out 2>err
if grep -qE 'ptrace\(|bpf\(|memfd_create\(' out; then fail "a plain check traces: $(grep -E 'ptrace|bpf|memfd' out | head -n 2)"; fi

# --- nothing can record: it is examined all the same, and said
before=("$dialtone" trace --backend notify --set 'bpf,ptrace' --inject bpf:errno=EPERM --inject ptrace:errno=EPERM -o outer.trace --)
check 'no recorder' 0
told 'no recorder' '.verdict' healthy
told 'no recorder' '.trace.agreement' null
told 'no recorder' '.trace.sentence | test("nothing can record here: .*ptrace")' true

# --- it is kept when that is asked for, and only then
before=()
run 'keep' 0 check --timeout 120 --save-trace kept.trace w
if [ "$("$dialtone" query --json kept.trace 'SELECT count(*) FROM exec' | jq '.rows[0][0] > 2')" != true ]; then fail 'keep: no programs in it'; fi
echo mine >taken
run 'not over a file of somebody' 3 check --save-trace taken w
expect 'not over a file of somebody' mine "$(cat taken)"
run 'with --prove' 2 check --trace --prove w
run 'with --from' 2 check --trace --from kept.case

# --- whoever stops it stops all of it: a server that never answers is being waited for
mkdir -p slow
printf '#!/bin/sh\necho $$ >>"%s/started"\nexec sleep 1000\n' "$work" >slow/gopls
chmod 755 slow/gopls
PATH=$work/slow:$PATH "$dialtone" check --timeout 120 --trace w >out 2>err </dev/null &
recorder=$!
until [ -s started ] || ! kill -0 "$recorder" 2>/dev/null; do sleep 0.05; done
kill -TERM "$recorder"
wait "$recorder"
status=$?
expect "stopped: status ($(cat err))" 143 $status
while read -r pid; do
	for _ in $(seq 200); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	if kill -0 "$pid" 2>/dev/null; then fail "the server $pid lives"; fi
done <started
if [ -n "$(find tmp -mindepth 1 -name 'dialtone*')" ]; then fail "something is left in TMPDIR: $(ls tmp)"; fi
if pgrep -f "^$dialtone --traced " >/dev/null; then fail 'an examination runs on'; fi
finish
