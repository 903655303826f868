#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A recorded start says by itself what is wrong: what `check` finds by looking, `check --from-trace` finds in the calls
# alone; a foreign client's recording is laid out in time.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings trace_check
real_tools
if ! "$dialtone" trace --backend ptrace --set exit_group -- true >out 2>&1; then skip "ptrace is refused here: $(tail -n 1 out)"; fi
mkdir -p home tmp
project w
export HOME=$work/home PATH=$gopls_dir:$go_dir:/usr/bin:/bin GOPROXY=off TMPDIR=$work/tmp GOTOOLCHAIN=local
record() { # NAME [ASSIGNMENT...]: as `check` starts a server
	local name=$1
	shift
	# A sanitizer's search for leaks clones itself with CLONE_UNTRACED: no tracer sees it, and under the filter its calls fail.
	timeout 300 env "$@" ASAN_OPTIONS=detect_leaks=0 "$dialtone" trace -o "$name.trace" --backend ptrace --check w >"$name.out" 2>&1 </dev/null
}
told() { # NAME JQ-FILTER WANTED: of what the recording says
	timeout 120 "$dialtone" check --json --from-trace "$1.trace" >out 2>err </dev/null
	local got
	got=$(jq -r "$2" out)
	if [ "$got" != "$3" ]; then fail "$1: expected <$3> got <$got>: $(head -c 400 err)"; fi
}

record healthy
told healthy '.verdict' healthy
record flags GOFLAGS=mod=mod
told flags '.causes[0].id' env-goflags-malformed
record root GOROOT="$work/nowhere"
told root '.causes[0].id' env-goroot-wrong

# --- what no call says of places that calls named was noted when the recording ended: here, the program's own bytes
mkdir cut
head -c "$(($(stat -c %s "$gopls_dir/gopls") * 3 / 4))" "$gopls_dir/gopls" >cut/gopls
chmod +x cut/gopls
ASAN_OPTIONS=detect_leaks=0 "$dialtone" trace -o cut.trace --backend ptrace -- bash -c "cd w; $work/cut/gopls serve; true" >out 2>&1 </dev/null
told cut '.causes[0].id' bin-truncated-corrupt
if ! "$dialtone" query cut.trace "SELECT key FROM meta" | grep -q 'notes'; then fail "nothing was noted"; fi
ASAN_OPTIONS=detect_leaks=0 "$dialtone" trace -o some.trace --backend ptrace --set file,process -- bash -c "cd w; $work/cut/gopls serve; true" >out 2>&1 </dev/null
if "$dialtone" query some.trace "SELECT key FROM meta" | grep -q 'notes'; then fail "a chosen set of calls was recorded with notes"; fi

# --- a program that was started by its path was found, wherever another search would have looked
mkdir -p gopath/bin
ln "$gopls_dir/gopls" gopath/bin/gopls 2>/dev/null || cp "$gopls_dir/gopls" gopath/bin/gopls
ASAN_OPTIONS=detect_leaks=0 GOPATH=$work/gopath PATH=$go_dir:/usr/bin:/bin "$dialtone" trace -o path.trace --backend ptrace -- \
	bash -c "cd w; $work/gopath/bin/gopls serve </dev/null; true" >out 2>&1
told path '[.causes[] | select(.id == "bin-wrong-bin-dir")] | length' 0

# --- laid out in time: every phase is there, one after the other, and the conversation with them
if ! "$dialtone" timeline --json healthy.trace >line.json; then fail "timeline: status $?"; fi
phases=$(jq -r '[.phases[].name] | join(" ")' line.json)
if [ "$phases" != "spawn runtime waiting initialize commands load work" ]; then fail "phases: $phases"; fi
if [ "$(jq '[.phases | . as $p | range(1; length) | $p[.].start_us == $p[. - 1].end_us] | all' line.json)" != true ]; then
	fail "phases with gaps"
fi
if [ "$(jq '[.messages[] | select(.name == "answer to initialize" and .from == "server")] | length' line.json)" != 1 ]; then
	fail "no answer to initialize in the conversation"
fi
if [ "$(jq '[.processes[] | select(.program == "go")] | length > 2' line.json)" != true ]; then fail "no go commands"; fi
"$dialtone" timeline --html page.html healthy.trace >text
if ! grep -q '^<!DOCTYPE html>' page.html || ! grep -q '</svg>' page.html; then fail "no page"; fi
# A path is never broken; all else ends within 80 columns.
if [ "$(grep -v '^ *[^ ]*/[^ ]*$' text | wc -L)" -gt 80 ]; then fail "wider than 80 columns: $(grep -E '.{81}' text | head -n 2)"; fi

# --- two starts: with themselves they agree
"$dialtone" timeline healthy.trace healthy.trace >out || fail "a recording differs from itself: $(head -1 out)"
"$dialtone" timeline --json healthy.trace root.trace >out
if [ "$(jq .divergence.found out)" != true ]; then fail "a broken start does not differ from a healthy one"; fi

# --- what is no recording
printf 'no trace' >junk.trace
"$dialtone" check --from-trace junk.trace >out 2>&1
if [ $? -ne 3 ]; then fail "junk as a recording: $(cat out)"; fi
"$dialtone" check --from-trace nothing.trace >out 2>&1
if [ $? -ne 2 ]; then fail "no such recording: $(cat out)"; fi
"$dialtone" trace -o true.trace --backend ptrace -- true
"$dialtone" check --from-trace true.trace >out 2>&1
if [ $? -ne 3 ]; then fail "a recording without a server: $(cat out)"; fi
finish
