#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `why --exited` after real ends of a real gopls: killed, out of memory in a control group, crashed under Neovim, with
# flags it does not know, and none at all. The client's log is written as VS Code's client writes it, from the status
# the kernel gave; Neovim writes its own.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
here=$(cd "$(dirname "$0")" && pwd)
tools=${DIALTONE_TOOLS:?the folder of tools/toolchains}
work=${TEST_TMP:?a folder}/exited
rm -rf "$work"
mkdir -p "$work"/{home,w}
cd "$work" || exit 1
export HOME=$work/home GOTOOLCHAIN=local XDG_CACHE_HOME=$work/home/.cache XDG_STATE_HOME=$work/home/.local/state
unset GOFLAGS XDG_CONFIG_HOME
go=$(printf '%s\n' "$tools"/go/1.2[45].*/bin | tail -1)
gopls=$(printf '%s\n' "$tools"/gopls/v0.23*/gopls | tail -1)
old=$tools/gopls/v0.16.2/gopls
export PATH=$go:/usr/bin:/bin
printf 'module example.com/m\n\ngo 1.21\n' >w/go.mod
printf 'package m\n\nfunc f() {\n\tswitch x := undefined.(type) {\n\tcase int:\n\t\tprintln(x)\n\t}\n}\n' >w/m.go
failures=0

# want NAME STATUS KIND SIGNAL [WORD]: of what `why --exited` says
want() {
	local said status
	rm -f "$work/exited.dtc"
	said=$("$dialtone" why --exited --json --workspace "$work/w" --raw --save "$work/exited.dtc")
	status=$?
	# A case file says the same on a machine that knows nothing of it.
	if ! diff <(jq -S 'del(.timing_ms)' <<<"$said") <(cd / && HOME=/nowhere "$dialtone" why --exited --json --from "$work/exited.dtc" | jq -S 'del(.timing_ms)'); then
		echo "not ok $1: its case file says another thing"
		failures=$((failures + 1))
	fi
	if python3 - "$said" "$2" "$3" "$4" "${5:-}" $status <<'P'
import json, sys
report, status, kind, signal, word, got = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5], int(sys.argv[6])
e = report["exited"]
ok = got == status and (e["kind"] or "none") == kind and str(e["signal"] or 0) == signal and word in json.dumps(e)
if not ok:
    print("# status %d: %s" % (got, json.dumps(e)))
sys.exit(0 if ok else 1)
P
	then
		echo "ok $1"
	else
		echo "not ok $1"
		failures=$((failures + 1))
	fi
}

# session CMD…: starts the server CMD under a client, waits until it has loaded, runs $act with its pid, and writes the
# log of the window from the status it ended with.
act=
session() {
	local log
	log=$HOME/.config/Code/logs/$(date +%Y%m%dT%H%M%S)/window1/exthost/golang.go
	rm -rf "$HOME/.config/Code/logs"
	mkdir -p "$log" "$HOME/.config/Code/User"
	echo '{}' >"$HOME/.config/Code/User/settings.json"
	python3 - "$here/../../lab" "$log/gopls (server).log" "$work/w" "$act" "$@" <<'P'
import datetime, os, signal, subprocess, sys, time
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import judge
log, root, act, argv = sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
c = judge.Connection(argv, dict(os.environ), root, {})
try:
    end = time.monotonic() + 60
    c.request("initialize", {"processId": os.getpid(), "rootUri": "file://" + root, "capabilities": judge.CAPABILITIES}, end)
    c.notify("initialized", {})
    c.request("workspace/symbol", {"query": "f"}, end)
    if act:
        subprocess.run(act.replace("PID", str(c.child.pid)), shell=True, check=True)
except (judge.Gone, ValueError):
    pass
status = c.child.wait(60)
time.sleep(0.1)
now = datetime.datetime.now()
how = "signal " + signal.Signals(-status).name if status < 0 else "code %d" % status
with open(log, "w") as f:
    f.write(now.strftime("%Y-%m-%d %H:%M:%S.000 [info] ") + root + "\n" + c.stderr.decode())
    f.write("[Error - %s] Server process exited with %s.\n" % (now.strftime("%I:%M:%S %p"), how))
P
}

# usage WORD ARGUMENT...
usage() {
	local word=$1
	shift
	"$dialtone" why "$@" >usage.out 2>&1
	if [ $? != 2 ] || ! grep -q -- "$word" usage.out; then
		echo "not ok usage $*: $(cat usage.out)"
		failures=$((failures + 1))
	fi
}
usage '--dot' --exited --dot
usage '--raw' --exited --raw
usage '--from' --exited --from x --workspace .
usage 'x' --exited --from x
"$dialtone" why --exited 2147483646 >nothing 2>&1
if [ $? = 3 ]; then echo "ok nothing"; else echo "not ok nothing: $(cat nothing)"; failures=1; fi
act='kill -KILL PID' session "$gopls"
want killed 1 signal 9 'not known'
act='kill -TERM PID' session "$gopls"
want asked-by-term 1 signal 15
act='' session "$gopls" -no-such-flag
want flags 1 flags 0 no-such-flag

group=/sys/fs/cgroup/memory/dialtone-test-$$
if mkdir "$group" 2>/dev/null && echo 16M >"$group/memory.limit_in_bytes"; then
	act='' session /bin/sh -c "echo \$\$ >$group/cgroup.procs; exec $gopls"
	until rmdir "$group"; do sleep 0.05; done
	# The kernel's log is not everybody's.
	if dmesg >/dev/null 2>&1; then want memory 1 oom 9 "${group##*/}"; else want memory 1 signal 9; fi
else
	echo "ok memory # SKIP no control group can be made"
fi

sleep 11 # longer than logs may be late
if command -v nvim >/dev/null && [ -x "$old" ]; then
	rm -rf "$HOME/.config/Code"
	cat >hover.lua <<'L'
local id = vim.lsp.start_client{ name = 'gopls', cmd = { os.getenv('GOPLS') }, root_dir = vim.fn.getcwd() }
vim.lsp.buf_attach_client(0, id)
vim.wait(30000, function() local c = vim.lsp.get_client_by_id(id); return c and c.initialized end, 20)
local function gone() return not vim.lsp.get_client_by_id(id) or vim.lsp.get_client_by_id(id).is_stopped() end
-- A hover that comes before the package is loaded finds nothing and crashes nothing: it is asked until one does.
for _ = 1, 60 do
	pcall(vim.lsp.buf_request, 0, 'textDocument/hover', { textDocument = { uri = vim.uri_from_bufnr(0) }, position = { line = 3, character = 8 } }, function() end)
	if vim.wait(1000, gone, 20) then break end
end
vim.cmd('qa!')
L
	rm -rf "$HOME/.cache/nvim" "$HOME/.local/state/nvim"
	(cd w && GOPLS=$old timeout 90 nvim --headless -u NONE -i NONE m.go -c 'luafile ../hover.lua' -c 'cquit 3' >/dev/null 2>&1)
	want crashed-under-neovim 1 panic 0 golang.hover
else
	echo "ok crashed-under-neovim # SKIP needs nvim and gopls v0.16.2"
fi
echo "# $failures failed"
exit $((failures > 0))
