#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check --html: the page in a real browser, with hostile names in it, and what it refuses to overwrite.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
here=$(dirname "$(readlink -f "$0")")
tools=${DIALTONE_TOOLS:?the folder of tools/toolchains}
work=${TEST_TMP:?a folder}/html
project="$work/<img src=x onerror=alert(1)> & \"more\""
mkdir -p "$project/vendor/example.com/greet" "$work/bin"
cd "$work" || exit 1
export HOME=$work GOTOOLCHAIN=local
go=$(printf '%s\n' "$tools"/go/1.26.*/bin | tail -1)
gopls=$(printf '%s\n' "$tools"/gopls/*/gopls | tail -1)
cp "$gopls" bin/gopls
export PATH=$work/bin:$go:$PATH
failures=0

fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}

printf 'module example.com/demo\n\ngo 1.19\n\nrequire example.com/greet v1.1.0\n' >"$project/go.mod"
printf 'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/greet"\n)\n\nfunc main() {\n\tfmt.Println(greet.Hello("w"))\n}\n' >"$project/main.go"
printf '# example.com/greet v1.0.0\n## explicit; go 1.19\nexample.com/greet\n' >"$project/vendor/modules.txt"
printf 'package greet\n\nfunc Hello(name string) string { return name }\n' >"$project/vendor/example.com/greet/greet.go"

"$dialtone" check "$project" --editor none --environment self --html page.html --json >report.json 2>err
if [ $? != 1 ]; then fail "status of a broken project: $(cat err)"; fi
id=$(jq -r '.causes[0].id' report.json)
if ! grep -qF "<code>$id</code>" page.html; then fail "the cause $id is not on the page"; fi
if grep -qF '<img src' page.html; then fail 'a name became markup'; fi
if ! grep -q '<svg ' page.html; then fail 'no timeline'; fi
axe=()
if command -v npm >/dev/null; then
	npm=$(dirname "$tools/npm")/npm
	npm install --silent --no-audit --no-fund --prefix "$npm" axe-core@4 >npm.log 2>&1
	if [ -f "$npm/node_modules/axe-core/axe.min.js" ]; then
		axe=("$npm/node_modules/axe-core/axe.min.js")
	else
		echo '# skipped the rules of axe-core: npm could not install it (no network?)'
	fi
else
	echo '# skipped the rules of axe-core: there is no npm'
fi
"$here/browser.py" page.html pictures "${axe[@]}" || fail 'the page in the browser'

# What stands there already.
echo precious >mine.html
"$dialtone" check "$project" --no-server --html mine.html >out 2>err
if [ $? != 3 ] || [ "$(cat mine.html)" != precious ]; then fail 'a file of somebody else was replaced'; fi
"$dialtone" check "$project" --no-server --html page.html >out 2>err
if grep -q 'not written' err; then fail 'a page of ours was not replaced'; fi
"$dialtone" check "$project" --no-server --html no/such/dir/page.html >out 2>err
if [ $? != 3 ] || ! grep -q 'not written' err; then fail 'a directory that is not there'; fi
exit $((failures > 0))
