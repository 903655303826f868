#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Things that are no proper files, or hold no proper text, where settings, go.mod, go.sum, modules.txt, go.work and start-up
# files should be: a verdict or one clear sentence, in time, and nothing changed.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings hostile_files
home=$work/home
export HOME=$home PATH=/usr/bin:/bin

nest() { python3 -c 'import sys; n = 10000; sys.stdout.write(sys.argv[1] * n + sys.argv[2] * n)' "$1" "$2"; }

# place KIND FILE: puts a thing of this kind there.
place() {
	local text='{"go.goroot": "/nowhere"}'
	rm -rf "$2"
	case $1 in
	fifo) mkfifo "$2" ;;
	zero) ln -s /dev/zero "$2" ;;
	full) ln -s /dev/full "$2" ;;
	terminal) ln -s /dev/tty "$2" ;;
	sparse) truncate -s 4G "$2" ;;
	directory) mkdir "$2" ;;
	loop) ln -s "$(basename "$2")" "$2" ;;
	dangling) ln -s /nonexistent/x "$2" ;;
	socket) python3 -c 'import os, socket, sys; os.chdir(os.path.dirname(sys.argv[1])); socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))' "$2" ;;
	unreadable) printf '%s' "$text" >"$2" && chmod 000 "$2" ;;
	empty) : >"$2" ;;
	nul) printf '{"a\0b": "\0"}\nmodule \0\n' >"$2" ;;
	latin) printf '{"go.goroot": "/caf\351"}\nmodule caf\351\nuse \377\376\n' >"$2" ;;
	bom) printf '\357\273\277%s\r\n' "$text" >"$2" ;;
	utf16) printf '\377\376{\0}\0' >"$2" ;;
	crlf) printf 'module example.com/m\r\n\r\ngo 1.21\r\n' >"$2" ;;
	nested) nest '[' ']' >"$2" ;;
	objects) nest '{"a":' '' >"$2" ;;
	parentheses) nest 'require (' ')' >"$2" ;;
	line) head -c 3000000 /dev/zero | tr '\0' 'x' >"$2" ;;
	esac
}

kinds="fifo zero full terminal sparse directory loop dangling socket unreadable empty nul latin bom utf16 crlf nested objects parentheses line"

prepare() {
	rm -rf "$home/.config" "$home/.profile" "$home/.bashrc" "$work/project"
	mkdir -p "$home/.config/Code/User" "$home/.config/go/telemetry" "$work/project/.vscode" "$work/project/vendor/example.com/x"
	project "$work/project"
	printf 'package x\n' >"$work/project/vendor/example.com/x/x.go"
	printf '{}\n' >"$home/.config/Code/User/settings.json"
}

look() { # NAME ARGUMENT...
	local name=$1
	shift
	manifest "$home" "$work/project" >before
	ask "$name" 3 @ check project --no-server --editor vscode --environment self "$@"
	manifest "$home" "$work/project" >after
	if ! cmp -s before after; then
		fail "$name: something was changed"
		diff before after | sed 's/^/    /' | head -n 5
	fi
}

for kind in $kinds; do
	prepare
	for file in "$home/.config/Code/User/settings.json" project/.vscode/settings.json "$home/.profile" "$home/.bashrc" \
		"$home/.config/go/env" project/go.sum project/vendor/modules.txt; do
		place "$kind" "$file"
	done
	look "$kind beside go.mod"
	prepare
	place "$kind" project/go.mod
	look "$kind as go.mod"
	case $kind in zero | full | terminal | socket | empty | bom | utf16 | objects | unreadable) continue ;; esac
	prepare
	place "$kind" project/go.work
	place "$kind" project/main.go
	look "$kind as go.work and source" --file main.go
done

# Symbolic links in a circle: among directories, and as the workspace itself.
prepare
ln -s .. project/up
ln -s . project/here
ln -s project/loop project/loop
look 'links in circles'
ln -s ring ring
ask 'the workspace is a ring of links' 2 @ check ring --no-server
if [ "$status" != 2 ] && [ "$status" != 3 ]; then fail "a ring of links as workspace: status $status"; fi

# A path longer than the kernel takes, and names that are no text.
long=$(printf '%05000d' 0)
ask 'a path that is too long' 2 @ check "/$long" --no-server
prepare
mkdir "project/$(printf 'a\377b')" $'project/line\nbreak'
printf 'package x\n' >$'project/line\nbreak/x\n.go'
look 'names that are no text'
finish
