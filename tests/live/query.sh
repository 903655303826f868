#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Questions to recordings of real programs: lines beside those of strace, time travel beside /proc, the forms others read.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
work=${TEST_TMP:?a folder}/query
mkdir -p "$work/dir"
work=$(readlink -f "$work")
cd "$work" || exit 1
unset NO_COLOR COLUMNS
failures=0

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

# rows NAME [ARGUMENT]: the rows of a canned question, a line each, by tab.
rows() {
	"$dialtone" query t.trace --json --canned "$@" >out.json 2>err || fail "query $*: $(cat err)"
	jq -r '.rows[] | map(. // "" | tostring) | join("\t")' out.json
}

cat >play.sh <<'END'
exec 7<play.sh 8>kept 9<>both
cd dir
exec 9>&-
ls -l /proc/$$/fd >snapshot
readlink /proc/$$/cwd >>snapshot
env -u GONE SECRET_TOKEN=hunter2 ADDED=1 LC_ALL=C sh -c 'cat none; exit 3' 2>errors
END

if ! "$dialtone" trace --backend ptrace -o probe.trace -- true >/dev/null 2>err; then
	echo "ok 1 # SKIP nothing can be recorded here: $(head -n 1 err)"
	exit 0
fi
LC_ALL=C GONE=1 "$dialtone" trace --backend ptrace -o t.trace -- bash play.sh >/dev/null 2>err
[ -s t.trace ] || { fail "no recording: $(cat err)"; exit 1; }

# Time travel: what the shell had open and where it was when ls looked.
read -r at looker _ < <(rows who-opened '/proc/*/fd')
shell=$(rows exec-tree | awk -F'\t' '$5 ~ /play.sh/ { print $1; exit }')
if [ -z "${at:-}" ] || [ "$shell" = "$looker" ]; then fail "nobody opened /proc/PID/fd: at '${at:-}' shell '$shell'"; fi
sed -n 's/.* \([0-9]*\) -> \(.*\)$/\1 \2/p' dir/snapshot | sort >there
rows fd-table "$shell@$at" | awk -F'\t' '{ print $1 " " $5 }' | sort >told
# Pipes and sockets have a number in /proc which no call tells.
sed -E -i 's/(pipe|socket):.*/\1:/' there told
diff there told >diff.out || fail "descriptors: $(cat diff.out)"
grep -q '^7 .*/play.sh$' told || fail "descriptor 7 is not told: $(cat told)"
if grep -q '^9 ' told; then fail "descriptor 9 was closed"; fi

# Descriptors 7 and 8 went through every exec and nobody closed them.
"$dialtone" query t.trace --json "SELECT max(start_ns) - (SELECT value FROM meta WHERE key = 'began_ns') FROM event WHERE path = 'none'" >out.json
late=$(jq '.rows[0][0] / 1e9' out.json)
cat_pid=$(rows who-opened "$work/dir/none" | awk -F'\t' '{ pid = $2 } END { print pid }')
[ "$(rows fd-table "$cat_pid@$late" | awk -F'\t' '$1 > 2 && $5 ~ /query/ { print $1 }' | paste -sd,)" = 7,8 ] ||
	fail "cat inherited: $(rows fd-table "$cat_pid@$late")"

# Environments along the chain, masked.
program=$(rows exec-tree | awk -F'\t' '$5 ~ /cat none; exit 3/ { pid = $1 } END { print pid }')
rows env-at-exec "$program" >environment
grep -qP '\tset\tADDED\t1$' environment || fail "ADDED was set: $(tail -n 5 environment)"
grep -qP '\tunset\tGONE\t' environment || fail "GONE was unset"
if grep -q hunter2 environment; then fail "a secret is shown"; fi
rows failed | grep -qP '^openat\tENOENT\t' || fail "no openat failed"
rows who-opened "$work/dir/none" | grep -qP '\tcat\tENOENT\t' || fail "cat did not try none: $(rows who-opened '*/none')"

# SQL only reads.
"$dialtone" query t.trace 'DELETE FROM chunk' >/dev/null 2>&1
[ $? = 2 ] || fail "DELETE was not refused"
"$dialtone" query play.sh 'SELECT 1' >/dev/null 2>&1
[ $? = 3 ] || fail "a script passed for a recording"

# What other programs read, parsed.
"$dialtone" query t.trace --format jsonl | jq -es 'length > 100 and all(.kind and .start_ns and .pid)' >/dev/null || fail "jsonl"
"$dialtone" query t.trace --format perfetto |
	jq -e --argjson shell "$shell" '.traceEvents | (map(select(.ph == "M" and .pid == $shell)) | last | .args.name == "bash")
		and any(.ph == "X" and .name == "openat" and .dur >= 0) and (map(select(.ph == "X").tid) | unique | length) >= 3' >/dev/null ||
	fail "perfetto"
"$dialtone" query t.trace --format otlp |
	jq -e '.resourceSpans[0].scopeSpans[0].spans | (map(.spanId) | length == (unique | length))
		and ((map(.parentSpanId // empty) | unique) - map(.spanId) == [])
		and all((.endTimeUnixNano | tonumber) >= (.startTimeUnixNano | tonumber))' >/dev/null || fail "otlp"

# Beside strace, of the same program that does the same each time. Left out: numbers of processes, addresses, random bytes.
plain() {
	sed -E -e 's/^[0-9]+ +//' -e 's/\) += /) = /' -e 's|/\* [^*]* \*/||' -e 's/0x[0-9a-f]{5,}/P/g' \
		-e '/^(set_tid_address|getrandom|getpid|\+\+\+|---)/d' -e 's/ +/ /g' "$1"
}
if command -v strace >/dev/null && strace -o theirs ls -l /etc/ssl >/dev/null 2>&1; then
	"$dialtone" trace --backend ptrace -o t.trace -- ls -l /etc/ssl >/dev/null 2>&1
	"$dialtone" query t.trace --format strace >ours
	plain theirs >theirs.plain
	plain ours >ours.plain
	lines=$(wc -l <theirs.plain)
	wrong=$(diff theirs.plain ours.plain | grep -c '^<')
	if [ "$lines" -le 50 ] || [ $((wrong * 100)) -gt "$lines" ]; then fail "$wrong of $lines lines are not strace's: $(diff theirs.plain ours.plain | head -n 6)"; fi
fi

if [ "$failures" -gt 0 ]; then
	echo "$failures failures"
	exit 1
fi
