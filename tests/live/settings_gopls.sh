#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lint and gopls agree: what lint says gopls rejects is what gopls of that version does reject, and nothing else; the
# schema comes from that gopls, and from the cache the second time.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
tools=${DIALTONE_TOOLS:?the folder of tools/toolchains}
work=${TEST_TMP:?a folder}/settings_gopls
rm -rf "$work"
mkdir -p "$work"/{home,w/.vscode}
cd "$work" || exit 1
export HOME=$work/home GOTOOLCHAIN=local
unset GOFLAGS
go=$(printf '%s\n' "$tools"/go/1.26.*/bin | tail -1)
printf 'module example.com/m\n\ngo 1.21\n' >w/go.mod
printf 'package m\n' >w/m.go
cat >w/.vscode/settings.json <<'END'
{"gopls": {
	"ui.semanticTokens": "true", "staticchek": true, "ui": {"codelens": true, "semanticTokens": true},
	"build.buildFlags": "-tags=a", "build.experimentalWorkspaceModule": true, "ui.completion.matcher": "Fuzy",
	"ui.diagnostic.diagnosticsDelay": 1, "ui.diagnostic.annotations": {"x": true}, "build.env": {"A": 1},
	"formatting.local": 1, "ui.codelenses": {"generate": "true"}, "build.directoryFilters": ["x"], "path": "/x",
	"ui.completion.completionBudget": "1x", "formatting.gofumpt": null, "fileWatcher": "off", "ui.moveDeclaration": true,
	"ui.navigation.symbolScope": "ALL", "ui.diagnostic.analyses": {"unusedparams": false}, "verboseOutput": false,
	"ui.navigation.importShortcut": "Link", "ui.diagnostic.vulncheck": 1, "build.standaloneTags": ["ignore"]
}}
END
failures=0
for gopls in "$tools"/gopls/*/gopls; do
	PATH=$(dirname "$gopls"):$go:/usr/bin:/bin
	export PATH
	for round in asked kept; do
		"$dialtone" settings w --environment self --json >"$round.json" 2>err
	done
	if ! cmp -s asked.json kept.json || ! jq -e --arg g "$gopls" '.schemas.gopls_from == $g' kept.json >/dev/null; then
		echo "FAIL $gopls: the schema"
		failures=$((failures + 1))
	fi
	python3 - "$gopls" kept.json <<'END' || failures=$((failures + 1))
import json, re, subprocess, sys

gopls, report = sys.argv[1:]
options = json.load(open("w/.vscode/settings.json"))["gopls"]
server = subprocess.Popen([gopls], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="w")

def send(message):
    body = json.dumps(message).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    server.stdin.flush()

def read():
    length = int(server.stdout.readline().split(b":")[1])
    server.stdout.readline()
    return json.loads(server.stdout.read(length))

send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {},
      "initializationOptions": options}})
said, answered = "", False
while not said:
    message = read()
    if message.get("id") == 1 and not answered:
        answered = True
        send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
    if "Invalid settings" in str(message.get("params", {}).get("message", "")):
        said = message["params"]["message"]
server.kill()
server.wait()
theirs = {name.split(".")[-1] for name in re.findall(r'setting option "?([\w.]+)"?:', said)}
rejects = {"wrong-type", "wrong-value", "nested-key", "never-existed", "removed-key", "deprecated-key", "unknown-key"}
ours = set()
for issue in json.load(open(report))["issues"]:
    if issue["id"] in rejects and issue["severity"] != "note":
        key = issue["key"].removeprefix("gopls.")
        while key and key not in options:
            key = key.rpartition(".")[0]
        ours.add(key.split(".")[-1])
if ours != theirs:
    print("FAIL", gopls, "only lint:", sorted(ours - theirs), "only gopls:", sorted(theirs - ours))
    sys.exit(1)
print("ok", gopls, len(ours), "rejected")
END
done
exit $((failures > 0))
