#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check as a gate: --fail-on decides when the status is not 0, what a status means stays; and the git hook in a real
# repository: a broken set-up stops a push, a checkout goes on, nothing is stopped where dialtone is missing.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
hook=$(readlink -f docs/hooks/dialtone)
surroundings gate
real_tools
mkdir -p home bin empty
project w
export HOME=$work/home GOPROXY=off
well=$work/bin:$gopls_dir:$go_dir:/usr/bin:/bin
ill=$work/bin:$go_dir:/usr/bin:/bin
ln -sf "$dialtone" bin/dialtone
if [ -e /usr/bin/gopls ] || [ -e /bin/gopls ]; then skip 'a gopls in /usr/bin'; fi

gate() { # WHAT PATH WANTED-STATUS ARGUMENT...
	local what=$1 path=$2 wanted=$3 status
	shift 3
	PATH=$path timeout 120 "$dialtone" check w --environment self --editor none "$@" >out 2>err </dev/null
	status=$?
	if [ $status != "$wanted" ]; then fail "$what: status $status, not $wanted: $(head -c 300 err)"; fi
}

gate 'well' "$well" 0
gate 'well, quiet' "$well" 0 --quiet
if [ -s out ]; then fail 'quiet: something was printed'; fi
gate 'well, degraded' "$well" 0 --fail-on degraded
gate 'ill' "$ill" 1
gate 'ill, never' "$ill" 0 --fail-on never
if ! grep -q '^broken' out; then fail 'never: the report is not there'; fi
gate 'ill, never, quiet' "$ill" 0 --fail-on never --quiet --json
if [ -s out ]; then fail 'never and quiet: something was printed'; fi
gate 'ill, broken' "$ill" 1 --fail-on broken --quiet --json
if [ "$(jq -r '.verdict' out)" != broken ]; then fail 'quiet: no report of a failure'; fi
gate 'ill, by its cause' "$ill" 1 --fail-on fs-readonly,bin-gopls-missing
gate 'ill, another cause' "$ill" 0 --fail-on tc-local-too-old
gate 'ill, two options' "$ill" 1 --fail-on tc-local-too-old --fail-on note
gate 'a word nobody knows' "$ill" 2 --fail-on brokn
if ! grep -qF "did you mean 'broken'?" err; then fail "no nearest word: $(cat err)"; fi

# --- the hook
git init -q --bare far.git
git -C w init -q -b main
git -C w remote add origin "$work/far.git"
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
git -C w add go.mod main.go
git -C w commit -q -m one
for name in pre-push post-checkout; do cp "$hook" "w/$(git -C w rev-parse --git-path "hooks/$name")"; done

in_git() { # WHAT PATH WANTED-STATUS WORD...
	local what=$1 path=$2 wanted=$3 status
	shift 3
	PATH=$path DIALTONE_TIMEOUT=60 timeout 120 git -C w "$@" >out 2>err </dev/null
	status=$?
	if [ $status != "$wanted" ]; then fail "$what: status $status, not $wanted: $(head -c 500 err)"; fi
}
in_git 'a push that is stopped' "$ill" 1 push -q origin main
if ! grep -q 'bin-gopls-missing\|gopls' err || ! grep -q 'not pushed' err; then fail "the push does not say why: $(cat err)"; fi
if git -C far.git rev-parse -q --verify main >/dev/null; then fail 'it was pushed all the same'; fi
in_git 'a checkout goes on' "$ill" 0 checkout -q -b other
if ! grep -q gopls err; then fail 'the checkout does not tell'; fi
in_git 'a file is checked out' "$ill" 0 checkout -q -- main.go
if [ -s err ]; then fail "a file: $(cat err)"; fi
in_git 'a push that goes on' "$well" 0 push -q origin main
if grep -q dialtone err; then fail "a push of a healthy one: $(cat err)"; fi
in_git 'without dialtone' "$go_dir:/usr/bin:/bin" 0 push -q origin other
if ! command -v dialtone >/dev/null && ! grep -q 'not on PATH' err; then fail "without dialtone: $(cat err)"; fi
finish
