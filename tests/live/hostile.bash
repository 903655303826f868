# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What live tests share, those of hostile surroundings first. DIALTONE: the program; TEST_TMP: a folder of ours.
# A runner calls surroundings NAME first and finish last.
# shellcheck disable=SC2034 # what is not used here is used by the runners

dialtone=$(readlink -f "${DIALTONE:?the program}")
self=$(readlink -f "$0")
here=$(dirname "$self")
patients=$(dirname "$dialtone")
failures=0
started=() # what a runner starts ends with it, whatever happens
slack_ms=4000 # for a loaded machine and a sanitized build; the deadline itself is the program's affair

end_started() { [ ${#started[@]} = 0 ] || kill -KILL "${started[@]}" 2>/dev/null; }
trap end_started EXIT

surroundings() { # NAME
	work=${TEST_TMP:?a folder}/$1
	mkdir -p "$work"
	cd "$work" || exit 1
	work=$(pwd -P)
	unset GOFLAGS GOROOT GOTOOLCHAIN GOPATH GOCACHE GOMODCACHE GOENV GOBIN TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME NO_COLOR COLUMNS
	export GOTELEMETRY=off
}

skip() { # REASON
	echo "$*"
	exit 77
}

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

expect() { # WHAT WANTED GOT
	if [ "$2" != "$3" ]; then fail "$1: expected <$2> got <$3>"; fi
}

until_true() { # COMMAND...: waits for it to succeed
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		if "$@" 2>/dev/null; then return 0; fi
		sleep 0.05
	done
	fail "never came true: $*"
	return 1
}

# run WHAT WANTED-STATUS ARGUMENT...: dialtone; leaves `out` and `err`.
run() {
	local what=$1 wanted=$2 status
	shift 2
	timeout 300 "$dialtone" "$@" >out 2>err </dev/null
	status=$?
	expect "$what: status ($(head -c 200 err))" "$wanted" $status
	if grep -q 'Sanitizer\|runtime error' err; then fail "$what: a sanitizer spoke: $(head -n 5 err)"; fi
}

finish() {
	if [ "$failures" -gt 0 ]; then
		echo "$failures failed"
		exit 1
	fi
	exit 0
}

# real_tools: go and gopls of the newest pair that most people have; sets go_dir and gopls_dir.
real_tools() {
	local tools=${DIALTONE_TOOLS:-}
	go_dir=$(find "$tools/go" -mindepth 1 -maxdepth 1 -name '1.26*' 2>/dev/null | head -n 1)/bin
	gopls_dir=$tools/gopls/v0.23.0
	if [ ! -x "$go_dir/go" ] || [ ! -x "$gopls_dir/gopls" ]; then skip "no real go and gopls below DIALTONE_TOOLS"; fi
}

project() { # DIR: a module whose one file imports the standard library
	mkdir -p "$1"
	printf 'module example.com/m\n\ngo 1.21\n' >"$1/go.mod"
	printf 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}\n' >"$1/main.go"
}

# manifest DIR...: everything that could change, in a form that can be compared; but for what go writes for itself.
manifest() {
	find "$@" \( -path '*/.cache' -o -path '*/.config/go/telemetry' \) -prune -o \
		\( -type d -printf '%y %m %U %p\n' -o -printf '%y %m %U %s %T@ %p -> %l\n' \) 2>/dev/null | sort
}

# report_is_sound NAME STATUS: the file `out` holds a report that fits the status, or the file `err` one clear sentence.
report_is_sound() {
	if grep -q 'Sanitizer\|runtime error' err; then
		fail "$1: a sanitizer spoke"
		sed 's/^/    /' err | head -n 30
	fi
	if [ ! -s out ]; then
		if [ "$2" != 2 ] && [ "$2" != 3 ]; then fail "$1: status $2 and no report"; fi
		if [ "$(grep -c . err)" != 1 ]; then fail "$1: no report, and not one sentence: $(head -c 300 err)"; fi
		return
	fi
	if ! said=$(python3 - "$2" 2>&1 <<'END'
import json, sys
with open("out", encoding="utf-8") as f:
    report = json.load(f)
want = {"healthy": 0, "degraded": 1, "broken": 1, "unknown": 3}[report["verdict"]]
assert report["schema"] == "dialtone.report/1"
assert want == int(sys.argv[1]), "verdict %s with status %s" % (report["verdict"], sys.argv[1])
for key in "target", "causes", "symptoms", "notes", "cannot_tell", "features", "timing_ms":
    report[key]
END
	); then
		fail "$1: $(tail -n 1 <<<"$said")"
	fi
}

# ask NAME SECONDS COMMAND...: runs it with that --timeout; the report must be sound, the deadline kept.
# A COMMAND that holds @ has it replaced by the program. Leaves $status, out and err.
ask() {
	local name=$1 seconds=$2 start spent word words=()
	shift 2
	for word in "$@"; do
		if [ "$word" = @ ]; then words+=("$dialtone"); else words+=("$word"); fi
	done
	start=$(date +%s%N)
	timeout -k 2 $((seconds + 20)) "${words[@]}" --json --timeout "$seconds" >out 2>err
	status=$?
	spent=$((($(date +%s%N) - start) / 1000000))
	if [ "$status" -gt 3 ]; then
		fail "$name: status $status: $(head -c 300 err)"
		return
	fi
	if [ "$spent" -gt $((seconds * 1000 + slack_ms)) ]; then fail "$name: took $spent ms with --timeout $seconds"; fi
	report_is_sound "$name" "$status"
}

# none_left NAME PATTERN: no process with such a command line; the last ones may take a moment to be gone.
none_left() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		if ! pgrep -f -- "$2" >/dev/null; then return; fi
		sleep 0.05
	done
	fail "$1: left running: $(pgrep -af -- "$2" | head -n 3)"
	pkill -KILL -f -- "$2"
}
