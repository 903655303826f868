#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone probe against a server that keeps to the protocol, and against the same one with one breach each.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
server=$(readlink -f "$(dirname "$0")/any_server.py")
work=${TEST_TMP:?a folder}/probe_protocol
mkdir -p "$work/project"
cd "$work" || exit 1
export HOME=$work
printf 'def area(a):\n    return a.real\n\n\nprint(area(2))\n' >project/main.py
failures=0

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

expect() { # WHAT WANTED GOT
	if [ "$2" != "$3" ]; then fail "$1: expected <$2> got <$3>"; fi
}

# ask STATUS FILTER WANTED ARGUMENT...: probes, and compares what jq finds in its JSON.
ask() {
	local status=$1 filter=$2 wanted=$3 got
	shift 3
	"$dialtone" probe project --json -n 2 "$@" >out.json 2>err
	expect "status of $*" "$status" $?
	got=$(jq -r "$filter" out.json)
	expect "$filter of $*" "$wanted" "$got"
	if grep -q Sanitizer err; then fail "a sanitizer spoke: $(cat err)"; fi
}

breaches='[.conformance[].id] | join(" ")'
ask 0 "$breaches" '' -- "$server" well
ask 0 '.features | [.initialize, .hover, .definition, .document_symbols, .diagnostics] | map(.state) | unique[]' ok -- "$server" well
ask 0 '.features.definition.detail' main.py:1 -- "$server" well
ask 0 '.features.hover.repeated' 2 -- "$server" well
ask 0 '.features.type_definition.state' skipped -- "$server" well
ask 0 '.target.server_version' 1.2 -- "$server" well
ask 0 '.capabilities.hoverProvider' true -- "$server" well
ask 0 '.costs.peak_rss_bytes > 1000000 and .costs.sent_bytes > 500 and .costs.received_bytes > 300' true -- "$server" well
for mode in outside-frame too-early unknown-id second-answer no-jsonrpc invalid-utf8 not-json result-and-error storm \
	no-exit no-shutdown; do
	ask 1 "$breaches" "$mode" -- "$server" "$mode"
done
ask 1 '[.conformance[].id] | index("wrong-length") != null' true -- "$server" wrong-length
ask 1 '.features.definition | [.state, .detail] | join(" ")' 'failed no idea' -- "$server" fails
ask 1 '.features.initialize.state' timeout --timeout 2 -- "$server" mute
ask 1 '.features.initialize.state' timeout -- "$server" dies

# A regression gate.
"$dialtone" probe project --json -- "$server" well >before.json
"$dialtone" probe project --compare before.json -- "$server" well >/dev/null 2>err
expect 'the same again' 0 $?
"$dialtone" probe project --compare before.json -- "$server" poor >/dev/null 2>err
expect 'a feature fewer' 1 $?
"$dialtone" probe project --compare project/main.py -- "$server" well >/dev/null 2>err
expect 'compared with something else' 2 $?

# Servers that listen.
listening() { # KIND [ADDRESS]: starts one and waits until it listens; its port in $port
	rm -f announced
	mkfifo announced
	"$server" well "$@" >announced &
	any_pid=$!
	read -r _ port <announced
}
listening tcp
ask 0 '.features.hover.state' ok --tcp "127.0.0.1:$port"
wait "$any_pid"
listening unix "$work/socket"
ask 0 '.features.hover.state' ok --unix "$work/socket"
wait "$any_pid"
"$dialtone" probe project --tcp 127.0.0.1:1 >out 2>err
expect 'nobody listens' 1 $?

# Usage.
for bad in '--repeat=many' '--at=3' '--tcp=nowhere' '--init=[1' '--tolerance=0.5'; do
	"$dialtone" probe project "$bad" >out 2>err
	expect "$bad" 2 $?
done
"$dialtone" probe project -- no-such-server-anywhere >out 2>err
expect 'a program that is not there' 2 $?
"$dialtone" probe project --tcp h:1 --unix /x >out 2>err
expect 'two ways at once' 2 $?
exit $((failures > 0))
