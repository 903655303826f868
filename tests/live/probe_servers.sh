#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone probe on real servers: three versions of gopls, clangd, pylsp, and typescript-language-server where npm is.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
tools=${DIALTONE_TOOLS:?the folder of tools/toolchains}
work=${TEST_TMP:?a folder}/probe_servers
mkdir -p "$work"/{go,c,python,typescript}
cd "$work" || exit 1
export HOME=$work GOTOOLCHAIN=local GOFLAGS=-mod=mod
go=$(printf '%s\n' "$tools"/go/1.26.*/bin | tail -1)
export PATH=$go:$PATH
failures=0
printf 'module example.com/m\n\ngo 1.21\n' >go/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc area(a int) int { return a * a }\n\nfunc main() {\n\tfmt.Println(area(2))\n}\n' >go/main.go
printf '#include <stdio.h>\nstruct p { int x; };\nstatic int area(struct p p) {\n\treturn p.x;\n}\nint main(void) {\n\tstruct p p = {2};\n\treturn area(p);\n}\n' >c/main.c
printf 'import os\n\n\ndef area(a):\n    return a * a\n\n\nprint(area(2), os.path.join("a", "b"))\n' >python/main.py
printf 'export function area(p: { x: number }): number {\n  return p.x;\n}\nconsole.log(area({ x: 2 }));\n' >typescript/main.ts
printf '{"compilerOptions":{"strict":true}}\n' >typescript/tsconfig.json

# works NAME DIR FEATURES CMD...: all of these features answer and nothing is against the protocol.
works() {
	local name=$1 dir=$2 features=$3 missing
	shift 3
	"$dialtone" probe "$dir" --json -n 3 -- "$@" >"out.json" 2>err
	missing=$(jq -r --arg f "$features" '[.features as $all | ($f | split(" "))[] | select($all[.].state != "ok")] +
		[.conformance[].id] | join(" ")' out.json)
	if [ -n "$missing" ]; then
		printf 'FAIL %s: %s\n' "$name" "$missing"
		cat err
		failures=$((failures + 1))
	else
		printf 'ok %s\n' "$name"
	fi
}

common='initialize definition completion hover document_symbols diagnostics'
for gopls in "$tools"/gopls/*/gopls; do
	works "$gopls" go "$common stdlib_definition references" "$gopls"
done
works clangd c "$common references" clangd
works pylsp python "$common references" pylsp
if ! command -v npm >/dev/null; then
	echo '# skipped typescript-language-server: there is no npm'
else
	npm=$(dirname "$tools/npm")/npm
	server=$npm/node_modules/.bin/typescript-language-server
	npm install --silent --no-audit --no-fund --prefix "$npm" typescript@5 typescript-language-server@4 >npm.log 2>&1
	if [ -x "$server" ]; then
		ln -sfn "$npm/node_modules" typescript/node_modules
		works typescript-language-server typescript "$common references" "$server" --stdio
	else
		echo '# skipped typescript-language-server: npm could not install it (no network?)'
	fi
fi
exit $((failures > 0))
