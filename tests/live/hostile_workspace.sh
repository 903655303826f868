#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Workspaces that name programs of their own: none of them runs without --trust. Each plants a program that leaves a
# mark; with --trust the mark must appear, which proves that the test can fail.
# shellcheck disable=SC2016 # ${workspaceFolder} is for the editor
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings hostile_workspace
real_tools
home=$work/home
export HOME=$home GOCACHE=$work/gocache GOPROXY=off
plain_path=$go_dir:$gopls_dir:/usr/bin:/bin
mark=$work/mark
ws=$work/ws

# plant FILE [PROGRAM]: a script that leaves a mark, then is PROGRAM (with -toolexec and drivers: the rest of its words).
plant() {
	mkdir -p "$(dirname "$1")"
	# Through no link: what lies behind it is not ours.
	case $(readlink -f "$1") in
	"$(readlink -f "$work")"/*) ;;
	*) echo "$1 is outside" && exit 1 ;;
	esac
	printf '#!/bin/sh\necho "%s $*" >>%s\n%s\n' "$1" "$mark" "${2:+exec $2}" >"$1"
	chmod 755 "$1"
}

settings() { # folder|user JSON
	local dir=$ws/.vscode
	if [ "$1" = user ]; then dir=$home/.config/Code/User; fi
	mkdir -p "$dir"
	printf '%s\n' "$2" >"$dir/settings.json"
}

fresh() {
	rm -rf "$ws" "$mark" "$home/.config/Code"
	mkdir -p "$home" "$ws/.git"
	project "$ws"
	path=$plain_path
	extra=()
}

# attack NAME: what was set up must not run by itself, and runs with --trust.
attack() {
	ask "$1" 8 env PATH="$path" "${extra[@]}" @ check "$ws" --editor vscode --environment self
	if [ -e "$mark" ]; then fail "$1: executed without --trust: $(head -n 1 "$mark")"; fi
	if [ "$status" = 0 ]; then fail "$1: called healthy although something was not tried"; fi
	if ! grep -qE 'trust|comes with the workspace' out; then fail "$1: the report does not say what was not tried"; fi
	rm -f "$mark"
	ask "$1, trusted" 8 env PATH="$path" "${extra[@]}" @ check "$ws" --editor vscode --environment self --trust
	if [ ! -e "$mark" ]; then fail "$1: not executed with --trust either, so this test proves nothing"; fi
	if pgrep -f -- "$ws/" >/dev/null; then fail "$1: left running: $(pgrep -af -- "$ws/" | head -n 2)"; fi
}

fresh
plant "$ws/bin/gopls" "$gopls_dir/gopls \"\$@\""
settings folder '{"go.alternateTools": {"gopls": "${workspaceFolder}/bin/gopls"}}'
attack 'alternateTools gopls'

fresh
plant "$ws/bin/go" "$go_dir/go \"\$@\""
settings folder '{"go.alternateTools": {"go": "${workspaceFolder}/bin/go"}}'
attack 'alternateTools go'

fresh
plant "$ws/bin/go" "$go_dir/go \"\$@\""
settings folder '{"go.toolsEnvVars": {"PATH": "'"$ws/bin:$plain_path"'"}}'
attack 'toolsEnvVars PATH'

fresh
plant "$ws/tool.sh" '"$@"'
settings folder '{"go.toolsEnvVars": {"GOFLAGS": "-toolexec='"$ws"'/tool.sh"}}'
attack 'GOFLAGS -toolexec'

fresh
plant "$ws/tool.sh" '"$@"'
settings folder '{"go.buildFlags": ["-toolexec='"$ws"'/tool.sh"]}'
attack 'buildFlags -toolexec'

fresh
plant "$ws/driver"
settings folder '{"go.toolsEnvVars": {"GOPACKAGESDRIVER": "${workspaceFolder}/driver"}}'
attack 'GOPACKAGESDRIVER'

fresh
plant "$ws/driver"
settings folder '{"gopls": {"build.env": {"GOPACKAGESDRIVER": "'"$ws/driver"'"}}}'
attack 'gopls build.env GOPACKAGESDRIVER'

fresh
plant "$ws/bin/gopackagesdriver"
path=$ws/bin:$plain_path
attack 'gopackagesdriver found on PATH by its name'

fresh
plant "$ws/bin/go" "$go_dir/go \"\$@\""
path=$ws/bin:$plain_path
attack 'a go of the workspace on PATH'

fresh
plant "$ws/bin/go" "$go_dir/go \"\$@\""
mkdir -p "$work/elsewhere"
ln -sfn "$ws/bin" "$work/elsewhere/bin"
path=$work/elsewhere/bin:$plain_path
attack 'a go of the workspace behind a link on PATH'

fresh
# A copy whose directories are its own: a link to the real installation would be written through.
mkdir "$ws/goroot"
cp -as "$(readlink -f "$(dirname "$go_dir")")/." "$ws/goroot/"
if [ "$(readlink -f "$ws/goroot/bin")" != "$(readlink -f "$ws")/goroot/bin" ]; then
	echo "goroot of the workspace is not its own" >&2
	exit 1
fi
rm "$ws/goroot/bin/go"
plant "$ws/goroot/bin/go" "$go_dir/go \"\$@\""
settings folder '{"go.goroot": "'"$ws/goroot"'"}'
attack 'GOROOT in the workspace'

fresh
plant "$ws/tools/gopls.sh" "$gopls_dir/gopls \"\$@\""
settings user '{"go.alternateTools": {"gopls": "'"$ws/tools/gopls.sh"'"}}'
attack 'a wrapper in the repository, named by the user'

fresh
plant "$ws/tool.sh" '"$@"'
printf 'GOFLAGS=-toolexec=%s/tool.sh\n' "$ws" >"$ws/goenv"
settings folder '{"go.toolsEnvVars": {"GOENV": "${workspaceFolder}/goenv"}}'
attack 'GOENV in the workspace'

fresh
plant "$ws/prog"
settings folder '{"go.toolsEnvVars": {"GOCACHEPROG": "'"$ws/prog"'"}}'
attack 'GOCACHEPROG'

fresh
plant "$ws/tool.sh" '"$@"'
extra=("GOFLAGS=-toolexec=$ws/tool.sh")
attack 'GOFLAGS of the environment names a program of the workspace'

fresh
plant "$ws/cc.sh" 'gcc "$@"'
printf 'package main\n\n// int one(void) { return 1; }\nimport "C"\nimport "fmt"\n\nfunc main() {\n\tfmt.Println(C.one())\n}\n' >"$ws/main.go"
settings folder '{"go.toolsEnvVars": {"CC": "${workspaceFolder}/cc.sh", "CGO_ENABLED": "1"}}'
attack 'CC'

fresh
plant "$ws/bin/go1.99.0"
printf 'module example.com/m\n\ngo 1.99.0\n' >"$ws/go.mod"
path=$ws/bin:$plain_path
extra=(GOTOOLCHAIN=path)
attack 'a toolchain of the workspace on PATH'
finish
