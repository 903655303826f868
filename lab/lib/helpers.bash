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

profile_line() { printf '%s\n' "$*" >>"$H/.profile"; }

go_env_write() {
	mkdir -p "$H/.config/go"
	printf '%s\n' "$@" >>"$H/.config/go/env"
}

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

for part in "${BASH_SOURCE[0]%/*}"/helpers/*.bash; do
	# shellcheck source=/dev/null
	. "$part"
done

cd /
