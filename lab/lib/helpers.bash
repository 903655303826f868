# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The helpers of `setup`; lab/README.md is their description. Sourced as root inside the patient's machine.
# What `setup` declares is written to $LAB/declared at the end, as name NUL value NUL.
# shellcheck disable=SC2034 # the setups use these

H=/home/lena
W=$H/src/small
LAB=/run/lab
GOPROXY_DIR=/srv/goproxy
EDITOR_PID=
BACKGROUND_PID=
SERVER_PID=
PROCESS_NOFILE=
OTHERGO=
MEMORY_GROUP=
declare -a DECLARED=() KEEP=()
declare -A SHELL_ENV=()

declare_() { DECLARED+=("$1" "$2"); }

shell_env() {
	local pair
	for pair in "$@"; do SHELL_ENV[${pair%%=*}]=${pair#*=}; done
}

shell_unset() {
	local name
	for name in "$@"; do unset "SHELL_ENV[$name]"; done
}

shell_env HOME=$H USER=lena LOGNAME=lena SHELL=/bin/bash LANG=C.UTF-8 TERM=xterm-256color XDG_RUNTIME_DIR=/run/user/1000 \
	PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games:/usr/local/go/bin:$H/go/bin

# The environment of the shell as NAME=VALUE words in ENV_WORDS.
env_words_() {
	local name
	ENV_WORDS=()
	for name in "${!SHELL_ENV[@]}"; do ENV_WORDS+=("$name=${SHELL_ENV[$name]}"); done
}

# ---- users

# Gives lena what was made as root, except what owner_set and owner_keep reserved.
settle_() {
	local path
	local -a prune=()
	for path in "${KEEP[@]}"; do prune+=(-path "$path" -prune -o); done
	for path in "$H" "$W"; do
		case $path in /home/* | /srv/* | /tmp/* | /mnt/* | /media/* | /opt/* | /var/*) ;; *) continue ;; esac
		[ ! -d "$path" ] || find "$path" -xdev "${prune[@]}" -uid 0 -exec chown -h lena:lena {} + 2>/dev/null || true
	done
}

as_user() {
	local -a ENV_WORDS
	settle_
	env_words_
	/usr/bin/env -i "${ENV_WORDS[@]}" /usr/bin/setpriv --reuid=lena --regid=lena --init-groups -- "$@"
}

as_user_go() {
	local dir=$1
	shift
	(cd "$dir" && as_user /usr/bin/env -u GOFLAGS -u GOROOT -u GOTMPDIR GOWORK="${GOWORK:-}" GOPROXY=file://$GOPROXY_DIR GONOSUMDB='*' GOSUMDB=off \
		GOTOOLCHAIN=local GOENV=off /usr/local/go/bin/go "$@")
}

owner_keep() {
	local path
	for path in "$@"; do KEEP+=("${path%/}"); done
}

owner_set() {
	local who=$1
	shift
	case $who in *:*) ;; *) who=$who:$(id -gn "$who") ;; esac
	chown -hR "$who" -- "$@"
	owner_keep "$@"
}

# ---- environment, editor, server

profile_line() { printf '%s\n' "$*" >>"$H/.profile"; }

go_env_write() {
	mkdir -p "$H/.config/go"
	printf '%s\n' "$@" >>"$H/.config/go/env"
}

# RLIMIT_NOFILE of what is started from here on, when the setup gave one: SOFT:HARD in PROCESS_NOFILE.
limit_files_() {
	[ -n "$PROCESS_NOFILE" ] || return 0
	ulimit -Sn "${PROCESS_NOFILE%:*}"
	ulimit -Hn "${PROCESS_NOFILE#*:}"
}

# Starts a copy of sleep under another name with exactly the words given; returns when its name is in place.
named_process_() {
	local name=$1 dir=$2
	shift 2
	mkdir -p /usr/lib/editor
	[ -x "/usr/lib/editor/$name" ] || cp /usr/bin/sleep "/usr/lib/editor/$name"
	settle_
	(
		cd "$dir" || exit
		limit_files_
		exec /usr/bin/env -i "$@" /usr/bin/setpriv --reuid=lena --regid=lena --init-groups -- "/usr/lib/editor/$name" infinity
	) </dev/null >/dev/null 2>&1 &
	NAMED_PID=$!
	local -i tries=0
	until [ "$(cat "/proc/$NAMED_PID/comm" 2>/dev/null)" = "$name" ]; do
		tries+=1
		if [ $tries -gt 400 ] || [ ! -d "/proc/$NAMED_PID" ]; then
			echo "lab: the process $name did not start" >&2
			return 1
		fi
		sleep 0.005
	done
}

editor_start() {
	local name=node dir=$W option OPTIND=1 OPTARG pair
	local -A vars=()
	for pair in "${!SHELL_ENV[@]}"; do vars[$pair]=${SHELL_ENV[$pair]}; done
	while getopts n:c:iu: option; do
		case $option in
		n) name=$OPTARG ;;
		c) dir=$OPTARG ;;
		i)
			vars=([HOME]=$H [USER]=lena [LOGNAME]=lena [SHELL]=/bin/bash [LANG]=C.UTF-8 [XDG_RUNTIME_DIR]=/run/user/1000
				[PATH]=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games [DISPLAY]=:0)
			;;
		u) unset "vars[$OPTARG]" ;;
		*) return 2 ;;
		esac
	done
	shift $((OPTIND - 1))
	for pair in "$@"; do vars[${pair%%=*}]=${pair#*=}; done
	local -a words=()
	# The editor that was started last is the one in force.
	declare_ editor_clear ''
	for pair in "${!vars[@]}"; do
		words+=("$pair=${vars[$pair]}")
		declare_ editor_env "$pair=${vars[$pair]}"
	done
	named_process_ "$name" "$dir" "${words[@]}"
	EDITOR_PID=$NAMED_PID
	declare_ editor_pid "$EDITOR_PID"
}

background() {
	local -a ENV_WORDS
	settle_
	env_words_
	/usr/bin/env -i "${ENV_WORDS[@]}" /usr/bin/setpriv --reuid=lena --regid=lena --init-groups -- "$@" </dev/null >/dev/null 2>&1 &
	# shellcheck disable=SC2034 # for the setup that calls this
	BACKGROUND_PID=$!
}

# A host that takes every connection to the port on this machine and says nothing.
silent_host() {
	cat >"$LAB/silent.py" <<'END'
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen(64)
open(sys.argv[2], "w").close()
held = []
while True:
    held.append(s.accept())
END
	python3 "$LAB/silent.py" "$1" "$LAB/listening.$1" </dev/null >/dev/null 2>&1 &
	until [ -e "$LAB/listening.$1" ]; do sleep 0.01; done
}

# A port whose queue of connections is full: the next one gets no answer, as from an address that swallows packets.
full_host() {
	cat >"$LAB/full.py" <<'END'
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen(0)
held = []
while True:
    c = socket.socket()
    c.settimeout(0.3)
    try:
        c.connect(s.getsockname())
    except TimeoutError:
        break
    held.append(c)
open(sys.argv[2], "w").close()
time.sleep(100000)
END
	python3 "$LAB/full.py" "$1" "$LAB/full.$1" </dev/null >/dev/null 2>&1 &
	until [ -e "$LAB/full.$1" ]; do sleep 0.01; done
}

# Returns when PID has a lock on FILE.
await_lock() {
	local turn inode fd
	for turn in {1..1000}; do
		inode=$(stat -c %i "$1" 2>/dev/null || true)
		for fd in /proc/"$2"/fdinfo/*; do
			if [ -n "$inode" ] && grep -qs "^lock:.*:$inode " "$fd"; then return; fi
		done
		sleep 0.01
	done
	echo "process $2 has no lock on $1 ($turn)" >&2
	return 1
}

# Stops it, as Ctrl-Z does (whose signal has no effect without a terminal), and returns when it has stopped.
process_stop() {
	kill -STOP "$1"
	until grep -q '^State:.T' /proc/"$1"/status; do sleep 0.01; done
}

# A memory control group below the host's root, which may use BYTES; in MEMORY_GROUP. lena may put processes into it, as
# into what a service manager has handed over to her. lab/run takes it away.
memory_group() {
	local base=/sys/fs/cgroup/memory file=memory.limit_in_bytes
	if [ ! -f $base/memory.limit_in_bytes ]; then
		base=/sys/fs/cgroup
		file=memory.max
	fi
	MEMORY_GROUP=$base/$LABGROUP
	if ! mkdir "$MEMORY_GROUP" 2>/dev/null || [ ! -f "$MEMORY_GROUP/$file" ]; then
		skip "no memory control group can be made here"
	fi
	echo "$1" >"$MEMORY_GROUP/$file"
	chown lena "$MEMORY_GROUP" "$MEMORY_GROUP/cgroup.procs"
}

# memory_join PID…: into the group; 1 is the judge, dialtone and whatever is started from now on by them.
memory_join() {
	local pid
	for pid in "$@"; do echo "$pid" >"$MEMORY_GROUP/cgroup.procs"; done
}

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

vscode_settings() {
	local file
	case $1 in
	user) file=$H/.config/Code/User/settings.json ;;
	folder) file=$W/.vscode/settings.json ;;
	machine) file=$H/.vscode-server/data/Machine/settings.json ;;
	*) echo "lab: vscode_settings user|folder|machine" >&2 && return 2 ;;
	esac
	mkdir -p "${file%/*}"
	cat >"$file"
}

# ---- editors whose configuration is a program

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

# ---- workspaces

workspace() { W=$1; }
open_file() { case $1 in /*) declare_ file "$1" ;; *) declare_ file "$W/$1" ;; esac }

module_small() {
	workspace "${1:-$W}"
	mkdir -p "$W/a" "$W/b" "$W/cmd/app"
	printf 'module example.com/small\n\ngo 1.23\n' >"$W/go.mod"
	cat >"$W/a/a.go" <<'END'
// Package a prepares names.
package a

import "strings"

// Title returns the name with a capital letter.
func Title(name string) string {
	return strings.ToUpper(name[:1]) + name[1:]
}
END
	cat >"$W/b/b.go" <<'END'
// Package b greets.
package b

import (
	"fmt"

	"example.com/small/a"
)

// Greet returns the greeting for a name.
func Greet(name string) string {
	return fmt.Sprintf("hello, %s", a.Title(name))
}
END
	cat >"$W/cmd/app/main.go" <<'END'
package main

import (
	"fmt"

	"example.com/small/b"
)

func main() {
	fmt.Println(b.Greet("world"))
}
END
	open_file cmd/app/main.go
}

module_deps() {
	module_small "$@"
	mkdir -p "$W/c"
	cat >"$W/c/c.go" <<'END'
// Package c names the colour of the day.
package c

import "lab.example/colour"

// Today returns its name.
func Today() string { return colour.Name("blue") }
END
	cat >"$W/cmd/app/main.go" <<'END'
package main

import (
	"fmt"

	"lab.example/colour"

	"example.com/small/b"
)

func main() {
	fmt.Println(colour.Name("green"), b.Greet("world"))
}
END
	third_party_require "$W" lab.example/colour v1.2.0
	as_user_go "$W" mod tidy
}

third_party_require() { as_user_go "$1" get "$2@$3"; }

modcache_forget() {
	local dir=$H/go/pkg/mod file
	chmod -R u+w "$dir/$1@$2" 2>/dev/null || true
	rm -rf "${dir:?}/$1@$2"
	for file in "$dir/cache/download/$1/@v/$2".*; do rm -f "$file"; done
	# go keeps the list of versions it knows of; a version that is forgotten is not in it.
	[ ! -f "$dir/cache/download/$1/@v/list" ] || sed -i "/^$2\$/d" "$dir/cache/download/$1/@v/list"
}

# As a download that has come to the zip file: what the version is and needs is here, its files are not.
modcache_forget_zip() {
	local dir=$H/go/pkg/mod
	chmod -R u+w "$dir/$1@$2"
	rm -rf "${dir:?}/$1@$2" "$dir/cache/download/$1/@v/$2".zip "$dir/cache/download/$1/@v/$2".ziphash
}

# ---- go and gopls

gopls_copy() {
	mkdir -p "${1%/*}"
	cp "$LAB/gopls/$GOPLSVER/gopls" "$1"
}

gopls_remove() { rm -f "$H/go/bin/gopls"; }

gopls_other() {
	[ -f "$LAB/gopls/$1/gopls" ] || skip "the lab has no gopls $1"
	mkdir -p "${2%/*}"
	cp "$LAB/gopls/$1/gopls" "$2"
}

# A Go installation of its own, which may be damaged, at DIR.
go_mount_() {
	local layer
	layer=$(mktemp -d "$LAB/layer.XXXXXX")
	mount -t tmpfs -o mode=755 none "$layer"
	mkdir -p "$layer/up" "$layer/work" "$2"
	mount -t overlay -o "lowerdir=$LAB/go/$1,upperdir=$layer/up,workdir=$layer/work" overlay "$2"
}

go_other() {
	[ -d "$LAB/go/$1" ] || skip "the lab has no go $1"
	go_mount_ "$1" "$2"
}

go_other_any() {
	local dir
	for dir in "$LAB"/go/*/; do
		OTHERGO=$(basename "$dir")
		case $OTHERGO in "$GOVER" | 1.20.*) continue ;; esac # 1.20 is there for what no Go of today does
		if [ -x "$dir/bin/go" ]; then
			go_mount_ "$OTHERGO" "$1"
			return
		fi
	done
	skip "the lab has only one go"
}

# The real mise as /usr/local/bin/mise. Its shims lie in $H/.local/share/mise/shims.
mise_install() {
	local found
	found=$(echo "$LAB"/mise/*/mise)
	[ -x "$found" ] || skip "the lab has no mise (tools/toolchains --mise)"
	cp "$found" /usr/local/bin/mise
}

# The other two version managers are only to be had from their own sites; these do what theirs do (asdf 0.14 with
# asdf-golang, goenv 2.2), so far as a shim of go needs it.
asdf_install() {
	mkdir -p $H/.asdf/bin $H/.asdf/shims $H/.asdf/installs/golang
	cat >$H/.asdf/bin/asdf <<'END'
#!/usr/bin/env bash
# asdf exec NAME ARGS…
[ "${1:-}" = exec ] || exit 1
name=$2
shift 2
data=${ASDF_DATA_DIR:-$HOME/.asdf}
version=${ASDF_GOLANG_VERSION:-}
dir=$PWD
while [ -z "$version" ]; do
	if [ -f "$dir/.tool-versions" ]; then version=$(sed -n 's/^golang  *\([^ #]*\).*/\1/p' "$dir/.tool-versions"); fi
	[ "$dir" != / ] || break
	dir=$(dirname "$dir")
done
if [ -z "$version" ] && [ -f "$HOME/.tool-versions" ]; then version=$(sed -n 's/^golang  *\([^ #]*\).*/\1/p' "$HOME/.tool-versions"); fi
if [ -z "$version" ]; then
	printf 'No version is set for command %s\nConsider adding one of the following versions in your config file at %s/.tool-versions\n' "$name" "$PWD" >&2
	ls "$data/installs/golang" | sed 's/^/golang /' >&2
	exit 126
fi
root=$data/installs/golang/$version
if [ ! -d "$root" ]; then
	printf 'No preset version installed for command %s\nPlease install a version by running one of the following:\n\nasdf install golang %s\n' "$name" "$version" >&2
	exit 126
fi
for program in "$root/go/bin/$name" "$root/packages/bin/$name"; do
	if [ -x "$program" ]; then exec env GOROOT="$root/go" "$program" "$@"; fi
done
printf 'unknown command: %s. Perhaps you have to reshim?\n' "$name" >&2
exit 126
END
	chmod 755 $H/.asdf/bin/asdf
	asdf_shim go
	asdf_shim gofmt
}

asdf_shim() {
	printf '#!/usr/bin/env bash\n# asdf-plugin: golang\nexec %s/.asdf/bin/asdf exec "%s" "$@"\n' "$H" "$1" >$H/.asdf/shims/"$1"
	chmod 755 $H/.asdf/shims/"$1"
}

goenv_install() {
	mkdir -p $H/.goenv/bin $H/.goenv/shims $H/.goenv/versions
	cat >$H/.goenv/bin/goenv <<'END'
#!/usr/bin/env bash
[ "${1:-}" = exec ] || exit 1
name=$2
shift 2
root=${GOENV_ROOT:-$HOME/.goenv}
version=${GOENV_VERSION:-}
dir=$PWD
while [ -z "$version" ] && [ "$dir" != / ]; do
	if [ -f "$dir/.go-version" ]; then version=$(head -n 1 "$dir/.go-version"); fi
	dir=$(dirname "$dir")
done
if [ -z "$version" ] && [ -f "$root/version" ]; then version=$(head -n 1 "$root/version"); fi
if [ -z "$version" ] || [ ! -x "$root/versions/$version/bin/$name" ]; then
	printf "goenv: '%s' command not found\n\nThe '%s' command exists in these Go versions:\n" "$name" "$name" >&2
	ls "$root/versions" >&2
	exit 127
fi
exec env GOROOT="$root/versions/$version" "$root/versions/$version/bin/$name" "$@"
END
	chmod 755 $H/.goenv/bin/goenv
	goenv_shim go
	goenv_shim gofmt
}

goenv_shim() {
	# shellcheck disable=SC2016 # the shim expands it
	printf '#!/usr/bin/env bash\nset -e\nprogram="${0##*/}"\nexport GOENV_ROOT="%s/.goenv"\nexec "%s/.goenv/bin/goenv" exec "$program" "$@"\n' \
		"$H" "$H" >$H/.goenv/shims/"$1"
	chmod 755 $H/.goenv/shims/"$1"
}

goroot_move() {
	mkdir -p "$1"
	mount --move /usr/local/go "$1"
	rmdir /usr/local/go
}

# The state database of a product of the VS Code family: vscode_state DIR KEY JSON (DIR: its folder below ~/.config).
vscode_state() {
	local file="$H/.config/$1/User/globalStorage/state.vscdb"
	mkdir -p "${file%/*}"
	python3 - "$file" "$2" "$3" <<-'P'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute("CREATE TABLE IF NOT EXISTS ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
		db.execute("INSERT INTO ItemTable VALUES (?, ?)", sys.argv[2:4])
		db.commit()
	P
}

# vscode_trust PRODUCT FOLDER=true|false...: its list of trusted folders.
vscode_trust() {
	local product=$1 list="" one
	shift
	for one in "$@"; do
		list+="${list:+,}{\"uri\":{\"\$mid\":1,\"path\":\"${one%=*}\",\"scheme\":\"file\"},\"trusted\":${one##*=}}"
	done
	vscode_state "$product" content.trust.model.key "{\"uriTrustInfo\":[$list]}"
}

# vscode_opened PRODUCT FOLDER: it has had this folder open.
vscode_opened() {
	local dir
	dir="$H/.config/$1/User/workspaceStorage/$(printf '%s' "$2" | md5sum | cut -c1-32)"
	mkdir -p "$dir"
	printf '{\n\t"folder": "file://%s"\n}' "$2" >"$dir/workspace.json"
}

# vscode_extension DIR ID VERSION [COMMAND...]: an extension as it lies in DIR (~/.vscode/extensions), and in its list.
vscode_extension() {
	python3 - "$@" <<-'P'
		import json, os, sys
		top, name, version, *commands = sys.argv[1:]
		path = "%s/%s-%s" % (top, name, version)
		os.makedirs(path, exist_ok=True)
		publisher, short = name.split(".")
		with open(path + "/package.json", "w") as f:
		    json.dump({"name": short, "publisher": publisher, "version": version,
		               "contributes": {"commands": [{"command": c, "title": c} for c in commands]}}, f)
		try:
		    with open(top + "/extensions.json") as f:
		        known = json.load(f)
		except OSError:
		    known = []
		known.append({"identifier": {"id": name}, "version": version, "location": {"$mid": 1, "path": path, "scheme": "file"},
		              "relativeLocation": os.path.basename(path), "metadata": {"installedTimestamp": 1760000000000}})
		with open(top + "/extensions.json", "w") as f:
		    json.dump(known, f)
	P
}

# ---- what refuses, and odd file systems

# fanotify_guard exec|open deny|kill NAME PATH…: a daemon of root that is asked first (see lib/fanotify.py). PROCESS is its name.
fanotify_guard() {
	local pipe=$LAB/fanotify.$RANDOM line
	mkfifo "$pipe"
	(exec -a "${PROCESS:-guard}" /usr/bin/python3 "$LAB/src/lib/fanotify.py" "$@") >"$pipe" 2>&1 &
	read -r line <"$pipe"
	[ "$line" = ready ] || skip "no fanotify permission events: $line"
}

# oddfs DIR DELAY_US LOCK BAD: DIR with all that is in it is seen through a FUSE file system (see lib/oddfs.c).
oddfs() {
	local behind=$1.behind
	[ -e /dev/fuse ] || skip "needs /dev/fuse"
	# shellcheck disable=SC2046 # words
	[ -x "$LAB/oddfs" ] || gcc -o "$LAB/oddfs" "$LAB/src/lib/oddfs.c" $(pkg-config --cflags --libs fuse3)
	mv "$1" "$behind"
	mkdir "$1"
	chown lena:lena "$1"
	settle_
	"$LAB/oddfs" "$behind" "$1" "$2" "$3" "$4"
	exempt "$behind" "$1"
	owner_keep "$1"
}

# ---- the rest

exempt() {
	local path
	for path in "$@"; do declare_ exempt "$path"; done
}

tell() { declare_ "tell:$1" "$2"; }

skip() {
	declare_ skip "$*"
	finish_
	trap - EXIT
	exit 0
}

finish_() {
	local name
	settle_
	for name in "${!SHELL_ENV[@]}"; do declare_ shell_env "$name=${SHELL_ENV[$name]}"; done
	declare_ workspace "$W"
	printf '%s\0' "${DECLARED[@]}" >"$LAB/declared"
}

cd /
