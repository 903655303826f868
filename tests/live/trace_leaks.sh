#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a starter leaves behind each time it starts its program again, what programs inherit that nobody meant for them; and
# what fails in a run and does not in a healthy one. DIALTONE: the program; TEST_TMP: a folder of ours.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings trace_leaks
leaky=$patients/patient-leaky
if [ ! -x "$leaky" ]; then skip "there is no $leaky"; fi
export ASAN_OPTIONS=detect_leaks=0
if ! "$dialtone" trace --backend ptrace -o probe.trace -- true >/dev/null 2>err; then skip "nothing can be recorded here: $(head -n 1 err)"; fi
unclosed() { # MODE STARTS: the rows, tabs between
	"$dialtone" trace --backend ptrace -o "$1.trace" -- "$leaky" "$1" "$2" /bin/true 2>err
	expect "$1: status ($(cat err))" 0 $?
	"$dialtone" query --json "$1.trace" --canned unclosed | jq -r '.rows[] | map(tostring) | join("\t")' >rows
}
unclosed leave 5
expect 'left behind at each start' 1 "$(grep -c 'patient-leaky.*pipe:.*5 left behind by 5 starts of true' rows)"
unclosed leave 2 # too few to call it growth
expect 'twice is no growth' 0 "$(grep -c 'left behind' rows)"
unclosed inherit 4
expect 'inherited by each' 1 "$(awk -F'\t' '$2 == "true" && $3 == 3' rows | grep -c '/dev/null.*inherited by 4')"
expect 'nothing was left behind' 0 "$(grep -c 'left behind' rows)"
unclosed close 5
expect 'a clean starter' '' "$(grep 'left behind' rows)$(awk -F'\t' '$2 == "true" && $3 == 3' rows)"

# --- only what is new
printf 'cat here none 2>/dev/null; cat "/tmp/none-$$/x" 2>/dev/null; true' >play.sh
echo text >here
chmod 644 here
"$dialtone" trace --backend ptrace -o good.trace -- sh play.sh >/dev/null
"$dialtone" trace --backend ptrace -o again.trace -- sh play.sh >/dev/null
fresh() { # RUN: program call errno path
	"$dialtone" query --json "$1" --canned failed --baseline good.trace >out 2>err
	expect "$1: status ($(cat err))" 0 $?
	jq -r '.rows[] | "\(.[2]) \(.[3]) \(.[4]) \(.[6])"' out
}
expect 'the same run again' '' "$(fresh again.trace)"
expect 'without a baseline there is much' true "$("$dialtone" query --json again.trace --canned failed | jq '.rows | length > 0')"
rm here
"$dialtone" trace --backend ptrace -o bad.trace -- sh play.sh >/dev/null
expect 'a file is gone' "cat openat ENOENT $work/here" "$(fresh bad.trace)"
"$dialtone" trace --backend ptrace --baseline good.trace -- sh play.sh >out 2>err
expect 'while it runs' 1 "$(grep -c '^[0-9]* ' out)"
grep -q 'openat.*"here".*ENOENT' out || fail "while it runs: $(cat out)"
echo text >here
"$dialtone" trace --backend ptrace --baseline good.trace -o kept.trace -- sh play.sh >out 2>err
grep -q "nothing failed that does not fail in 'good.trace' as well" err || fail "nothing new is not said: $(cat err) $(cat out)"
expect 'kept as well' true "$("$dialtone" query --json kept.trace 'SELECT count(*) FROM event' | jq '.rows[0][0] > 20')"

# --- another version than in the healthy run
mkdir -p one two
cp /bin/true one/tool
cp /bin/true two/tool
"$dialtone" trace --backend ptrace -o good.trace -- sh -c 'one/tool; exit 0' 2>err
"$dialtone" trace --backend ptrace --baseline good.trace -- sh -c 'two/tool; exit 0' >out 2>err
grep -q "another tool than in 'good.trace': $work/two/tool here, $work/one/tool there" err || fail "other versions are not told: $(cat err)"

run 'a baseline of nothing else' 2 query --canned slowest --baseline good.trace again.trace
run 'no such baseline' 2 trace --baseline none.trace -- true
echo junk >junk.trace
run 'a baseline that is none' 3 trace --baseline junk.trace -- true
finish
