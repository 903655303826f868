#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone pin --bisect with real releases of gopls (a flag that one of them no longer takes) and with releases that are built
# from a proxy that is a folder: it names where it turns, leaves out what cannot be had, and changes nothing it does not say.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings pin_bisect
real_tools
tools=${DIALTONE_TOOLS:?}
for release in v0.16.2 v0.20.0 v0.23.0 v0.24.0; do
	if [ ! -x "$tools/gopls/$release/gopls" ]; then skip "no gopls $release below DIALTONE_TOOLS"; fi
	mkdir -p "ready/$release"
	ln -s "$tools/gopls/$release/gopls" "ready/$release/gopls"
done
project project
mkdir -p home/.config/Code/User home/go/bin
export HOME=$work/home GOTOOLCHAIN=local XDG_CACHE_HOME=$work/cache
unset XDG_DATA_HOME XDG_STATE_HOME GOPROXY GOSUMDB
export PATH=$go_dir:/usr/bin:/bin
"$dialtone" check project --editor none --environment self --timeout 60 >/dev/null 2>&1 # makes the folders go makes

# bisect NAME STATUS ARGUMENT...: leaves `out`.
bisect() {
	local name=$1 want=$2 status
	shift 2
	timeout 300 "$dialtone" pin --bisect project --json "$@" >out 2>err </dev/null
	status=$?
	if [ $status != "$want" ]; then fail "$name: status $status instead of $want: $(head -c 300 err) $(jq -c .answer out)"; fi
	if grep -q 'Sanitizer\|runtime error' err; then fail "$name: a sanitizer spoke: $(head -n 5 err)"; fi
}

# says NAME JQ-EXPRESSION: true of `out`.
says() {
	if ! jq -e "$2" out >/dev/null 2>&1; then
		fail "$1: not so: $2"
		jq -c '{answer, releases}' out 2>/dev/null | head -c 2000
	fi
}

# v0.20.0 takes this flag, v0.23.0 does not.
printf '{"go.languageServerFlags": ["-port=0"]}\n' >home/.config/Code/User/settings.json
manifest project home >before
PATH=$tools/gopls/v0.24.0:$PATH bisect 'on PATH' 1 --editor vscode --from ready
says 'on PATH' '.schema == "dialtone.pin-bisect/1" and .result == "found" and .good == "v0.16.2" and .bad == "v0.24.0"'
says 'on PATH' '.last_good == "v0.20.0" and .first_bad == "v0.23.0"'
says 'on PATH' '[.releases[] | select(.version | startswith("v0.21.") or startswith("v0.22.")) | .result] | all(. == "left_out") and length > 2'
says 'on PATH' '[.releases[] | select(.source == "in use").version] == ["v0.24.0"]'
manifest project home | cmp -s before - || fail "on PATH: changed: $(manifest project home | diff before - | head -3)"
PATH=$tools/gopls/v0.24.0:$PATH timeout 60 "$dialtone" pin --bisect project --editor vscode --from ready -v >out 2>err </dev/null
if ! head -n 1 out | grep -q '^gopls v0.20.0 answers, v0.23.0 does not; the . between them could not be tried\.$'; then
	fail "the first line is no answer: $(head -n 1 out)"
fi
if [ "$(grep -c '^  v0\.[0-9.]* .* features' out)" -lt 4 ]; then fail "-v tells of no trials: $(cat out)"; fi

# Where VS Code looks before PATH: the file there is the one in use, and stays what it is.
cp "$tools/gopls/v0.24.0/gopls" home/go/bin/gopls
manifest project home >before
bisect 'in its own place' 1 --editor vscode --from ready --good v0.20.0
says 'in its own place' '.last_good == "v0.20.0" and .first_bad == "v0.23.0"'
manifest project home | cmp -s before - || fail "in its own place: changed: $(manifest project home | diff before - | head -3)"
rm home/go/bin/gopls

PATH=$tools/gopls/v0.24.0:$PATH bisect 'neither' 3 --editor vscode --from ready --good v0.23.0
says 'neither' '.result == "both_hurt" and .last_good == null'
PATH=$tools/gopls/v0.24.0:$PATH bisect 'not here' 3 --editor vscode --good v0.22.0
says 'not here' '.result == "no_trial"'
rm home/.config/Code/User/settings.json
PATH=$tools/gopls/v0.20.0:$PATH bisect 'both, and backwards' 0 --editor none --from ready --good v0.23.0
says 'both, and backwards' '.result == "both_well" and .releases[0].version == "v0.23.0"'
bisect 'none in use' 3 --editor none --from ready
for words in '--good banana --bisect' '--good v0.20.0' '--bisect --list' '--bisect -w' '--bisect gopls@v0.20.0'; do
	# shellcheck disable=SC2086
	PATH=$tools/gopls/v0.24.0:$PATH "$dialtone" pin project $words >out 2>err
	if [ $? != 2 ] || [ "$(grep -c . err)" != 1 ]; then fail "$words: no usage error: $(cat err)"; fi
done

# Built when asked to: four releases of a gopls that hands over to the real one, until it does not; one has no source.
cat >good.go <<'END'
package main

import "syscall"

func main() {
	real, _ := syscall.Getenv("REAL_GOPLS")
	syscall.Exec(real, []string{"gopls"}, syscall.Environ())
}
END
printf 'package main\n\nnothing\n' >nothing.go
printf 'package main\n\nfunc main() { panic(3) }\n' >bad.go
"$here/publish.py" proxy v0.99.0 good.go v0.99.1 good.go v0.99.2 nothing.go v0.99.3 bad.go || fail 'no proxy'
export REAL_GOPLS=$gopls_dir/gopls
PATH=$gopls_dir:$PATH bisect 'built' 1 --editor none --from proxy --yes --good v0.99.0 --bad v0.99.3
says 'built' '.last_good == "v0.99.1" and .first_bad == "v0.99.3"'
says 'built' '[.releases[].result] == ["good", "good", "left_out", "bad"]'
if [ ! -x "$HOME/.local/share/dialtone/versions/gopls/v0.99.1/gopls" ]; then fail 'what was built is not kept beside others'; fi
if [ -e "$HOME/.local/share/dialtone/current/gopls" ]; then fail 'something was pinned'; fi
if [ -n "$(ls "$HOME/.local/share/dialtone/tmp")" ]; then fail 'something is left of a build'; fi
finish
