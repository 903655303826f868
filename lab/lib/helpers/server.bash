# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The language server and who starts it: running ones, and what the editor is said to give to the next one.
# shellcheck disable=SC2034,SC2154,SC2086 # the setups and ../helpers.bash use and set these; $H has no blank

# A message in the frame of the protocol.
lsp_frame_() { printf 'Content-Length: %d\r\n\r\n%s' ${#1} "$1"; }

# Starts PROGRAM ARG… as lena in the workspace, as a client that has it open keeps it: initialized, loading, without an end.
server_started() {
	local pipe=$LAB/client.$RANDOM pair
	local -a ENV_WORDS
	settle_
	env_words_
	mkfifo "$pipe"
	exec {CLIENT_FD}<>"$pipe"
	(
		cd "$W" || exit
		limit_files_
		exec /usr/bin/env -i "${ENV_WORDS[@]}" /usr/bin/setpriv --reuid=lena --regid=lena --init-groups -- "$@" <"$pipe" >"$LAB/server.out" 2>&1
	) &
	SERVER_PID=$!
	pair="{\"processId\":null,\"rootUri\":\"file://$W\",\"capabilities\":{}}"
	lsp_frame_ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":$pair}" >&"$CLIENT_FD"
	lsp_frame_ '{"jsonrpc":"2.0","method":"initialized","params":{}}' >&"$CLIENT_FD"
}

# And returns when it has loaded.
server_running() {
	local -i tries=0
	server_started "$@"
	until grep -q 'Created View\|Error loading' "$LAB/server.out" 2>/dev/null; do
		tries+=1
		if [ $tries -gt 2000 ] || [ ! -d "/proc/$SERVER_PID" ]; then
			echo "lab: the server did not load the workspace" >&2
			return 1
		fi
		sleep 0.005
	done
	# It runs now, and what changes from here on is later by every clock.
	sleep 1.2
}

# Asks the server that runs N times for something, and for no answer.
server_asked() {
	local -i number
	for number in $(seq 10 $((9 + $1))); do
		lsp_frame_ "{\"jsonrpc\":\"2.0\",\"id\":$number,\"method\":\"workspace/symbol\",\"params\":{\"query\":\"Greet\"}}"
	done >&"$CLIENT_FD" &
}

server_argv() {
	local word
	declare_ argv_clear ''
	for word in "$@"; do declare_ argv "$word"; done
}

server_env() {
	local pair
	for pair in "$@"; do declare_ server_env "$pair"; done
}

server_unset() {
	local name
	for name in "$@"; do declare_ server_unset "$name"; done
}

server_init() { declare_ init "$1"; }

server_cwd() { declare_ server_cwd "$1"; }

server_none() { declare_ none "$*"; }

nvim_config() {
	mkdir -p "$H/.config/nvim"
	cat >"$H/.config/nvim/init.lua"
	declare_ client nvim
}

emacs_config() {
	{
		printf '%s\n' "(require 'package) (package-initialize) (require 'go-mode)" '(setq native-comp-deferred-compilation nil make-backup-files nil create-lockfiles nil)'
		cat
	} >"$H/.emacs"
	declare_ client emacs
}

client_is() { declare_ client "$1"; }

# editor_run CMD…: a real editor, as lena in $W, that stays; returns when it has started N servers (its first word).
editor_run() {
	local -i wanted=$1 tries=0
	shift
	(cd "$W" && background script -qfec "$*" /dev/null && echo "$BACKGROUND_PID" >"$LAB/editor.pid")
	until [ "$(servers_of_editor_)" -ge $wanted ]; do
		tries+=1
		[ $tries -lt 1000 ] || { echo "lab: the editor did not start $wanted servers" >&2 && return 1; }
		sleep 0.01
	done
	EDITOR_PID=$(pgrep -P "$(cat "$LAB/editor.pid")" | head -n 1)
	declare_ editor_pid "$EDITOR_PID"
}

servers_of_editor_() {
	local editor
	editor=$(pgrep -P "$(cat "$LAB/editor.pid")" | head -n 1)
	if [ -n "$editor" ]; then pgrep -c -P "$editor" -x gopls || true; else echo 0; fi
}
