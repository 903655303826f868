#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The program as scripts and terminals meet it: usage errors, help, version, closed descriptors, pipes, signals.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
work=${TEST_TMP:?a folder}/cli
mkdir -p "$work/project"
printf 'module example.com/m\n\ngo 1.21\n' >"$work/project/go.mod"
printf 'package m\n' >"$work/project/m.go"
cd "$work" || exit 1
export HOME=$work
unset NO_COLOR COLUMNS
failures=0

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

# expect_status STATUS ARGUMENT...: leaves what was said in $work/out and $work/err.
expect_status() {
	local want=$1 got
	shift
	"$dialtone" "$@" >out 2>err
	got=$?
	if [ "$got" != "$want" ]; then
		fail "dialtone $*: status $got instead of $want"
		sed 's/^/    /' err
	fi
}

# refused ARGUMENT... WORD: a usage error that names WORD, on stderr only.
refused() {
	local word=${*: -1}
	expect_status 2 "${@:1:$#-1}"
	if [ -s out ]; then fail "dialtone $*: a usage error wrote to stdout"; fi
	if ! grep -qF -- "$word" err; then fail "dialtone ${*:1:$#-1}: '$word' is not named"; fi
	if [ "$(wc -l <err)" != 1 ]; then fail "dialtone $*: not one line of error"; fi
}

# --- usage errors
mkdir -p somewhere
refused check somewhere --environment pid:2147483646 pid:2147483646
refused check somewhere --environment file:/nonexistent/env /nonexistent/env
refused check somewhere --without environment environment
refused --jsn --json
refused check --nonsense --nonsense
refused -Z -Z
refused chekc "'check'"
refused check no-such-dir "$work/no-such-dir"
refused ./no/such "$work/no/such"
refused "$work/project/m.go" 'not a directory'
refused check project second second
refused --editor=notepad notepad
refused --editor notepad notepad
refused --timeout=soon soon
refused --timeout=0 --timeout
refused --timeout=-1 -- --timeout
refused --environment=pid:x pid:x
refused --color=pink pink
refused --without=no-such-probe no-such-probe
refused --raw --raw
refused --from=x.case project DIR
refused --from=no-such.case no-such.case
refused explain no-such-cause no-such-cause
refused help chekc check
refused help a b b

# --- help, version
for what in --help 'help' 'help check' 'check --help' 'explain -h' 'help help'; do
	# shellcheck disable=SC2086
	expect_status 0 $what
	if [ "$(wc -l <out)" -gt 30 ]; then fail "dialtone $what: more than 30 lines"; fi
	if [ "$(wc -L <out)" -gt 80 ]; then fail "dialtone $what: wider than 80 columns"; fi
	if [ ! -s out ]; then fail "dialtone $what: says nothing"; fi
done
expect_status 0 --version
if ! grep -qxE 'dialtone [0-9]+\.[0-9]+\.[0-9]+' out; then fail "--version: $(cat out)"; fi
expect_status 0 check --version
expect_status 0 check --list-probes

# --- the causal graph: Graphviz reads it, it has no circle, every rule is in it and every symptom hangs on a cause
expect_status 0 explain --graph
cp out graph.dot
if ! acyclic -n graph.dot; then fail "explain --graph has a circle"; fi
expect_status 0 explain --json
rules=$(python3 -c 'import json,sys; print("\n".join(sorted(r["id"] for r in json.load(open("out")))))')
nodes=$(gvpr 'N { print(name) }' graph.dot | sort)
if [ "$rules" != "$nodes" ]; then fail "explain --graph: its nodes are not the rules"; fi
if ! gvpr 'BEGIN { int edges } E { edges++ } END { exit(edges > 20 ? 0 : 1) }' graph.dot; then fail "explain --graph: no edges"; fi
symptom=$(gvpr -a '' 'E { print(head.name) }' graph.dot | head -n 1)
expect_status 0 explain --graph "$symptom"
if ! gvpr 'N { print(name, " ", indegree) }' out | grep -q "^$symptom [1-9]"; then fail "explain --graph $symptom: no cause of it"; fi

# --- explain: every cause has a page
expect_status 0 explain
expect_status 0 explain --json
if ! python3 -m json.tool <out >/dev/null; then fail "explain --json is no JSON"; fi
python3 -c 'import json, sys; print("\n".join(r["id"] for r in json.load(sys.stdin)))' <out >ids
while read -r id; do
	if [ -z "$id" ]; then continue; fi
	expect_status 0 explain "$id"
	if [ "$(wc -l <out)" -lt 5 ]; then fail "explain $id: hardly a page"; fi
	expect_status 0 explain "$id" --json
	if ! python3 -m json.tool <out >/dev/null; then fail "explain $id --json is no JSON"; fi
done <ids

# --- a report without a server
look=(check project --no-server --environment self --timeout 10)
"$dialtone" "${look[@]}" --json >out 2>err
status=$?
if [ $status != 0 ] && [ $status != 1 ] && [ $status != 3 ]; then fail "check --json: status $status"; fi
if [ -s err ]; then fail "check --json: writes to stderr: $(cat err)"; fi
python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
assert report["schema"] == "dialtone.report/1"
status = {"healthy": 0, "degraded": 1, "broken": 1, "unknown": 3}[report["verdict"]]
assert status == int(sys.argv[2]), (status, sys.argv[2])
assert set(report["features"]) == {"initialize", "definition", "stdlib_definition", "completion", "hover",
    "document_symbols", "diagnostics", "code_lens"}
for key in "target", "causes", "symptoms", "notes", "cannot_tell", "timing_ms":
    report[key]
' out $status || fail "check --json does not keep the contract"
"$dialtone" "${look[@]}" >text 2>err
if grep -q $'\033' text err; then fail "a piped report has escape sequences"; fi
"$dialtone" "${look[@]}" --color=always >text 2>err
if ! grep -q $'\033' text; then fail "--color=always has no colour"; fi
NO_COLOR=1 "$dialtone" "${look[@]}" --color=auto >text 2>err
if grep -q $'\033' text; then fail "NO_COLOR does not count"; fi
(cd project && "$dialtone" --no-server --json) >out 2>err
if ! grep -q "\"workspace\": \"$work/project\"" out; then fail "without an operand it is not about here"; fi
LC_ALL=C "$dialtone" "${look[@]}" -v >text 2>err
if LC_ALL=C grep -q '[^ -~]' text; then fail "not only ASCII in the C locale"; fi

# --- a case file says the same elsewhere
summary='import json, sys; r = json.load(open(sys.argv[1])); print(r["verdict"], [c["id"] for c in r["causes"]], [n["id"] for n in r["notes"]], sorted(d["id"] for d in r["cannot_tell"]), {k: f["state"] for k, f in r["features"].items()})'
rm -f run.case
"$dialtone" "${look[@]}" --json --raw --save run.case >out 2>err
status=$?
python3 -c "$summary" out >before
(cd / && exec env -i "$dialtone" check --from "$work/run.case" --json) >out 2>err
if [ $? != $status ]; then fail "--from: another status than when it was saved"; fi
python3 -c "$summary" out >after
if ! cmp -s before after; then fail "--from: $(cat after) instead of $(cat before)"; fi
echo 'not a case file' >note.txt
expect_status 3 --from note.txt
expect_status 3 "${look[@]}" --save note.txt
if [ "$(cat note.txt)" != 'not a case file' ]; then fail "--save replaced a file that is no case file"; fi

# --- a directory that is called like a command
mkdir -p check
(cd "$work" && "$dialtone" ./check --no-server --json >out 2>err)
if ! grep -q "\"workspace\": \"$work/check\"" out; then fail "./check is not taken for a directory"; fi

# --- descriptors that are closed or full
for closed in '0<&-' '2>&-' '0<&- 2>&-'; do
	if ! eval "\"\$dialtone\" --version $closed >out" || ! grep -q dialtone out; then fail "--version $closed"; fi
	eval "\"\$dialtone\" \"\${look[@]}\" --json $closed >out"
	if ! python3 -m json.tool <out >/dev/null; then fail "check $closed"; fi
done
"$dialtone" "${look[@]}" >&- 2>err
if [ $? -gt 3 ]; then fail "check with stdout closed"; fi
"$dialtone" "${look[@]}" <&- >&- 2>&-
if [ $? -gt 3 ]; then fail "check with everything closed"; fi
"$dialtone" --help >/dev/full 2>err
if [ $? != 3 ] || ! grep -qF 'standard output' err; then fail "a full disk behind stdout is not told"; fi
"$dialtone" --help 2>err | true
if [ "${PIPESTATUS[0]}" != 0 ] || [ -s err ]; then fail "a reader that went away"; fi

# --- a signal ends the server too, and is told by the status
mkdir -p bin
cat >bin/gopls <<'END'
#!/bin/sh
echo $$ >"$HOME/server.tmp" && mv "$HOME/server.tmp" "$HOME/server.pid"
exec sleep 100
END
chmod +x bin/gopls
for signal in TERM:143 HUP:129; do
	rm -f server.pid
	PATH=$work/bin:/usr/bin:/bin "$dialtone" project --environment self --editor none --timeout 60 >out 2>err &
	run=$!
	while [ ! -e server.pid ] && kill -0 $run 2>/dev/null; do sleep 0.05; done
	kill -s "${signal%:*}" $run
	wait $run
	status=$?
	if [ $status != "${signal#*:}" ]; then fail "SIG${signal%:*}: status $status"; fi
	if [ -s out ] || [ "$(wc -l <err)" != 1 ]; then fail "SIG${signal%:*}: not one line on stderr"; fi
	if kill "$(cat server.pid)" 2>/dev/null; then fail "SIG${signal%:*}: the server was left behind"; fi
done

# --- the time limit is kept though the server says nothing
start=$(date +%s)
PATH=$work/bin:/usr/bin:/bin "$dialtone" project --environment self --editor none --timeout 2 --json >out 2>err
status=$?
if [ $(($(date +%s) - start)) -gt 10 ]; then fail "--timeout 2 took $(($(date +%s) - start)) s"; fi
if [ $status != 1 ] && [ $status != 3 ]; then fail "a silent server: status $status"; fi
if kill "$(cat server.pid)" 2>/dev/null; then fail "a silent server was left behind"; fi

# --- a working directory that is gone
mkdir gone
(cd gone && rmdir ../gone && "$dialtone" --no-server >../out 2>../err)
if [ $? != 3 ] || ! grep -qF 'working directory' err; then fail "a working directory that is gone"; fi

# --- a directory that cannot be looked into
if [ "$(id -u)" = 0 ]; then
	mkdir -pm 700 secret
	chmod 755 "$work" "$TEST_TMP"
	as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${as_other[@]}" "$dialtone" secret >out 2>err
	status=$?
	if [ $status = 126 ] || [ $status = 127 ]; then
		echo "note: another user cannot execute $dialtone; unreadable directory not tried"
	elif [ $status != 3 ]; then
		fail "an unreadable directory: status $status"
	fi
fi

if [ $failures -gt 0 ]; then
	echo "$failures failures"
	exit 1
fi
