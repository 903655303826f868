#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `dialtone env` with real shells, real processes and dumps of real environments.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings environments
real_tools
other_go=$(find "$DIALTONE_TOOLS/go" -mindepth 1 -maxdepth 1 -name '1.24*' | head -n 1)/bin
if [ ! -x "$other_go/go" ]; then skip "no second go below DIALTONE_TOOLS"; fi
project project
mkdir -p home fake
export HOME=$work/home SHELL=/bin/bash PATH=$go_dir:/usr/bin:/bin
unset CI GITHUB_ACTIONS DIRENV_DIR VSCODE_IPC_HOOK SSL_CERT_FILE SSL_CERT_DIR ENV BASH_ENV ZDOTDIR "${!GIT_@}"
cp /bin/sleep fake/nvim
cp /bin/sleep fake/gopls

# env_of WHAT STATUS ARGUMENT...: dialtone env --json; leaves `out`.
env_of() {
	local name=$1 want=$2
	shift 2
	"$dialtone" env project --json "$@" >out 2>err
	status=$?
	if [ "$status" != "$want" ]; then fail "$name: status $status instead of $want: $(head -c 300 err)"; fi
	if grep -q 'Sanitizer\|runtime error' err; then fail "$name: a sanitizer spoke: $(head -n 5 err)"; fi
}

# holds NAME JQ-EXPRESSION: true of `out`.
holds() {
	if ! jq -e "$2" out >/dev/null 2>&1; then
		fail "$1: not so: $2"
		jq -c '{verdict, answer, cannot_tell, d: [.differences[] | select(.matters) | .name]}' out 2>/dev/null | sed 's/^/    /'
	fi
}

# run_as NAME VARIABLE...: such a process in the project; its pid in $pid.
run_as() {
	local program=$1
	shift
	(cd project && exec env -i "HOME=$HOME" "$@" "$work/fake/$program" 600) &
	pid=$!
	started+=("$pid")
	until [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$program" ]; do :; done
}

stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

shell_files() { # FILE TEXT: the only start-up file there is
	rm -f home/.[a-z]*
	printf '%s\n' "$2" >"home/$1"
}

# --- nothing differs
# shellcheck disable=SC2016
with_path="export PATH='$PATH'"
shell_files .bash_profile "$with_path"
env_of 'same' 0 --against shell
holds 'same' '.schema == "dialtone.env/1" and .verdict == "same" and (.environments | length) == 2'

# --- an editor and its server with another go
run_as nvim "PATH=$other_go:/usr/bin:/bin" GOFLAGS=-mod=mod LESS=-R
editor=$pid
run_as gopls "PATH=$other_go:/usr/bin:/bin"
server=$pid
env_of 'editor' 1 --no-shell
holds 'editor' ".differences[0] | .name == \"go\" and .matters and (.values[1].value == \"$other_go/go\") and (.values[1].detail | test(\"go1.24\"))"
holds 'editor' ".differences[0].because | contains(\"$go_dir\")"
holds 'editor' "[.environments[].id] == [\"self\", \"pid:$editor\", \"pid:$server\"]"
holds 'editor' '[.environments[].kind] == ["self", "editor", "server"]'
holds 'editor' '[.differences[] | select(.matters) | .name] | index("GOFLAGS") > 0 and index("LESS") == null'
holds 'editor' ".environments[2].tools.gopls | .via == \"running\" and (.path | endswith(\"/fake/gopls\"))"
"$dialtone" env project --no-shell >out 2>err
if ! head -n 1 out | grep -q "^differs: another go for nvim $editor"; then fail "the first line is no answer: $(head -n 2 out)"; fi
if [ "$(awk '{ if (length > 80 && $0 !~ /\//) print }' out)" != '' ]; then fail "a line is too long: $(cat out)"; fi
stop "$server"
env_of 'by pid' 1 --against "pid:$editor"
holds 'by pid' '(.environments | length) == 2 and .environments[1].kind == "editor"'
stop "$editor"
env_of 'gone' 2 --against "pid:$editor"

# --- an editor whose own PATH is not the one it was started with: its gopls tells
mkdir -p runs lacks
cp /bin/bash runs/nvim
ln -sf "$gopls_dir/gopls" lacks/gopls
# shellcheck disable=SC2016
(cd project && exec env -i "HOME=$HOME" "PATH=$PATH" "$work/runs/nvim" -c '"$1" 600 & wait' - "$work/fake/gopls") &
editor=$!
started+=("$editor")
until server=$(pgrep -xP "$editor" gopls); do :; done
started+=("$server")
PATH=$work/lacks:$PATH env_of 'its gopls' 1 --against "pid:$editor"
holds 'its gopls' ".environments[1].tools.gopls | .via == \"running\" and .path == \"$work/fake/gopls\""
stop "$server"
stop "$editor"

# --- an extension host of VS Code finds tools as its Go extension does, with what settings say
mkdir -p home/.config/Code/User home/go/bin
cp "$gopls_dir/gopls" home/go/bin/gopls
cp /bin/sleep fake/node
printf '{\n\t"go.toolsEnvVars": {"GOFLAGS": "-tags=settings"}\n}\n' >home/.config/Code/User/settings.json
run_as node "PATH=$PATH" VSCODE_PID=1 "VSCODE_CWD=$work/project" SSL_CERT_DIR=/etc/mine
env_of 'vscode' 1 --no-shell
holds 'vscode' '.environments[1] | .kind == "editor" and .what == "vscode"'
holds 'vscode' ".environments[1].tools.gopls | .path == \"$HOME/go/bin/gopls\" and .via == \"gopath\" and (.version | startswith(\"v0.\"))"
holds 'vscode' "[.differences[] | select(.matters) | .name] == [\"GOFLAGS\", \"SSL_CERT_DIR\"]"
holds 'vscode' ".differences[0].values[1] | .value == \"-tags=settings\" and .file == \"$HOME/.config/Code/User/settings.json\" and .line == 2"
holds 'vscode' '.differences[1].values[1].origin | test("^set in ")'
stop "$pid"
rm -rf home/.config home/go

# --- limits and umask of a process
(umask 0777; ulimit -v 4000000; cd project && exec env -i "HOME=$HOME" "PATH=$PATH" "$work/fake/nvim" 600) &
started+=($!)
until [ "$(cat "/proc/$!/comm" 2>/dev/null)" = nvim ]; do :; done
env_of 'limits' 1 --against "pid:$!"
holds 'limits' '[.differences[] | select(.matters) | .name] == ["umask", "as"]'
stop $!

# --- login shells with a banner; the line that sets it
for shell in bash zsh dash; do
	case $shell in
	bash) file=.bash_profile ;;
	zsh) file=.zprofile ;;
	dash) file=.profile ;;
	esac
	path=$(command -v "$shell") || { echo "no $shell"; continue; }
	# shellcheck disable=SC2016
	shell_files "$file" 'echo "Welcome, A=1"
printf() { echo "not this one"; }
alias env=false
export GOFLAGS=-tags=fromshell GOMULTI="a
b"
trap "echo bye" EXIT'
	SHELL=$path env_of "$shell" 1 --against shell
	holds "$shell" '[.differences[] | select(.name == "GOFLAGS")][0].values[1].value == "-tags=fromshell"'
	holds "$shell" '.environments[1].known and .environments[1].remark == null'
	SHELL=$path env_of "$shell, all" 1 --against shell --all
	holds "$shell, all" '[.differences[] | select(.name == "GOMULTI")][0].values[1].value == "a\nb"'
done
if [ "$(id -u)" = 0 ] && shell_files .profile 'export GOFLAGS=-tags=x' &&
	printf 'root:x:0:0:root:%s:/bin/bash\n' "$HOME" >passwd &&
	unshare -m sh -c 'mount --bind passwd /etc/passwd && exec "$@"' - \
		"$dialtone" env project --json --against shell >out 2>err; [ $? = 1 ]; then
	holds 'origin' "[.differences[] | select(.name == \"GOFLAGS\")][0].values[1] | .file == \"$HOME/.profile\" and .line == 1"
else
	echo '# the line a value comes from: needs a mount namespace'
fi

# --- a server that a unit of systemd started
unit=dialtone-test-$$.service
group=
for root in /sys/fs/cgroup/systemd /sys/fs/cgroup; do
	if [ -z "$group" ] && [ "$(id -u)" = 0 ] && [ -e $root/cgroup.procs ] && mkdir $root/$unit 2>/dev/null; then group=$root/$unit; fi
done
if [ -n "$group" ]; then
	mkdir -p "home/.config/systemd/user/$unit.d"
	printf '[Service]\nEnvironment=GOFLAGS=-mod=mod\n' >"home/.config/systemd/user/$unit"
	printf '[Service]\nEnvironment=A=1 "CGO_CFLAGS=-O2 -g"\n' >"home/.config/systemd/user/$unit.d/more.conf"
	run_as gopls "PATH=$PATH" GOFLAGS=-mod=mod 'CGO_CFLAGS=-O2 -g'
	echo "$pid" >"$group/cgroup.procs"
	unshare -m sh -c 'mount --bind passwd /etc/passwd && exec "$@"' - "$dialtone" env project --json --against "pid:$pid" >out 2>err
	if [ $? != 1 ]; then fail "unit: $(cat err)"; fi
	holds 'unit' ".environments[1].unit == \"$HOME/.config/systemd/user/$unit\""
	holds 'unit' '.differences[0].values[1] | (.file | endswith(".service")) and .line == 2'
	holds 'unit' '.differences[1].values[1] | (.file | endswith(".d/more.conf")) and .line == 2'
	stop "$pid"
	rmdir "$group"
	rm -rf home/.config
else
	echo '# a unit of systemd: no cgroup to be had'
fi

# --- shells that are slow, that end early, that end badly; no terminal is touched
shell_files .bash_profile 'sleep 300'
env_of 'slow' 3 --against shell --timeout 2
holds 'slow' '.cannot_tell[0].environment == "shell" and (.environments[1].known | not)'
none_left 'slow' '^sleep 300'
shell_files .bash_profile 'sleep 301'
# A shell starts what runs in the background with SIGINT ignored.
env --default-signal=INT "$dialtone" env project --against shell >out 2>err &
pid=$!
started+=("$pid")
until pgrep -f '^sleep 301' >/dev/null; do :; done
kill -INT "$pid"
wait "$pid" 2>/dev/null
status=$?
if [ $status != 130 ] || [ -s out ]; then fail "Ctrl-C: status $status: $(cat out err)"; fi
none_left 'Ctrl-C' '^sleep 301'
shell_files .bash_profile 'echo "the disk is full" >&2; exit 7'
env_of 'exits' 3 --against shell
holds 'exits' '.cannot_tell[0].because | test("status 7") and test("the disk is full")'
shell_files .bash_profile "$with_path; trap 'exit 3' EXIT"
env_of 'bad end' 0 --against shell
holds 'bad end' '.environments[1].remark | test("status 3")'
shell_files .bash_profile 'read -r line; read -r line </dev/tty; export GOFLAGS=-v'
printf 'timeout 60 "%s" env project --json --against shell >out 2>err; echo $? >code\n' "$dialtone" >in_terminal
script -qec 'sh in_terminal' /dev/null >/dev/null </dev/null
if [ "$(cat code)" != 1 ]; then fail "in a terminal: status $(cat code)"; fi
rm -f home/.[a-z]*

# --- the desktop session and the user's service manager; what a shell is started with
cp /bin/sleep fake/gnome-shell
cp /bin/sleep fake/dbus-daemon
cat >fake/systemd <<'END'
#!/bin/sh
FROM_ENVIRONMENT_D=1 "$(dirname "$0")/dbus-daemon" 600 &
wait
END
chmod 755 fake/systemd
env -i "HOME=$HOME" "PATH=$PATH" GOFLAGS=-tags=clicked SHELL=/bin/bash "$work/fake/gnome-shell" 600 &
desktop=$!
env -i "HOME=$HOME" "PATH=$PATH" CGO_ENABLED=0 "$work/fake/systemd" --user &
manager=$!
started+=("$desktop" "$manager")
until bus=$(pgrep -xP "$manager" dbus-daemon) && [ "$(cat /proc/$desktop/comm)" = gnome-shell ]; do :; done
started+=("$bus")
env_of 'sessions' 1 --all
holds 'sessions' '[.environments[].id] == ["self", "shell", "desktop", "systemd"]'
holds 'sessions' '[.differences[] | select(.name == "GOFLAGS")][0].values | map(.value) == [null, "-tags=clicked", "-tags=clicked", null]'
holds 'sessions' '[.differences[] | select(.name == "CGO_ENABLED")][0].values | map(.value) == ["1", "1", "1", "0"]'
holds 'sessions' '[.differences[] | select(.name == "FROM_ENVIRONMENT_D")][0].values[3].value == "1"'
env_of 'desktop' 1 --against desktop
holds 'desktop' '[.differences[] | select(.matters) | .name] == ["GOFLAGS"]'
holds 'sessions' '[.differences[] | select(.matters) | .name] == ["GOFLAGS"]'
env_of 'systemd' 1 --against systemd
holds 'systemd' '[.differences[] | select(.matters) | .name] == ["CGO_ENABLED"]'
stop "$bus"
stop "$manager"
stop "$desktop"
env_of 'no desktop' 2 --against desktop

# --- a process that sees other files
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016
	(cd project && HOME=$HOME PATH=$PATH exec unshare -m sh -c 'mount -t tmpfs none "$HOME" && mount --bind "$1" "$2" && exec "$3" 600' \
		- "$other_go" "$go_dir" "$work/fake/nvim") &
	started+=($!)
	until [ "$(cat "/proc/$!/comm" 2>/dev/null)" = nvim ]; do :; done
	env_of 'other mounts' 1 --against "pid:$!"
	holds 'other mounts' '.differences[0] | .name == "go" and .values[1].value == .values[0].value and (.values[1].detail | test("go1.24"))'
	holds 'other mounts' "[.differences[] | select(.what == \"mount\" and .matters) | .name] | index(\"$HOME\") != null"
	stop $!
else
	echo '# another mount namespace: not possible here'
fi

# --- whose environment cannot be read
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$work"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$dialtone" env project --json --against pid:$$ >out 2>err
	status=$?
	if [ $status != 3 ]; then fail "denied: status $status: $(cat err)"; fi
	holds 'denied' '.environments[1].known == false and (.cannot_tell | length) == 1'
fi

# --- files, in every form; no secret gets out
export NPM_TOKEN=hunter-one GOPROXY=https://me:hunter-two@proxy.invalid,direct
env -0 >self.env
env >plain.env
bash -c 'export -p' >bash.env
dash -c 'export -p' >dash.env
for form in self plain bash dash; do
	env_of "$form" 0 --against "file:$form.env" --all
	holds "$form" '.environments[1].foreign == false'
	if grep -q hunter out err; then fail "$form: a secret got out"; fi
	sed -i 's/hunter-one/hunter-other/; s/hunter-two/hunter-more/' "$form.env"
	env_of "$form, changed" 1 --against "file:$form.env" --all
	holds "$form, changed" '[.differences[] | select(.matters) | .name] == ["GOPROXY"]'
	holds "$form, changed" '[.differences[] | select(.name == "NPM_TOKEN")][0] | .values[0].value != .values[1].value'
	if grep -q hunter out err; then fail "$form: a secret got out"; fi
	"$dialtone" env project --against "file:$form.env" --all >out 2>err
	if grep -q hunter out err; then fail "$form: a secret got out in the text"; fi
done
unset NPM_TOKEN GOPROXY
stamp=2026-05-01T12:00:00.1234567Z
printf '%s\n' "$stamp ##[group]Run env" "$stamp ##[endgroup]" "$stamp GITHUB_ACTIONS=true" "$stamp HOME=/home/runner" \
	"$stamp GOROOT=/opt/hostedtoolcache/go/1.22.5/x64" "$stamp GOFLAGS=-race" "$stamp GOPROXY=***" "$stamp LESS=x" >ci.log
env_of 'ci' 1 --against file:ci.log
holds 'ci' '.environments[1].foreign and .environments[1].what == "log"'
holds 'ci' '[.differences[] | select(.matters) | .name] == ["go", "GOFLAGS"]'
holds 'ci' '.differences[0] | .values[1].value == "go1.22.5" and .because == null'
echo 'no environment' >empty.env
env_of 'no environment' 2 --against file:empty.env
env_of 'no file' 2 --against file:nowhere.env

# --- a case file gives the same answer elsewhere, and holds no secret
run_as nvim "PATH=$other_go:/usr/bin:/bin" GOFLAGS=-mod=mod "NPM_TOKEN=hunter with blanks"
for raw in --raw ''; do
	rm -f case.dtc
	env_of 'save' 1 --save case.dtc ${raw:+"$raw"}
	mv out saved
	"$dialtone" env --from case.dtc --json >out 2>err
	if [ $? != 1 ]; then fail "from${raw:+ raw}: $(cat err)"; fi
	if [ -n "$raw" ]; then
		if ! diff <(jq -S 'del(.timing_ms)' saved) <(jq -S 'del(.timing_ms)' out); then fail 'another answer from the case file'; fi
	elif ! diff <(jq -S '[.differences[] | select(.matters) | .name]' saved) <(jq -S '[.differences[] | select(.matters) | .name]' out); then
		fail 'another answer from the redacted case file'
	elif zstd -dcq case.dtc 2>/dev/null | grep -q hunter; then
		fail 'a secret is in the case file'
	fi
done
stop "$pid"
"$dialtone" env project --from case.dtc >out 2>err
if [ $? != 2 ]; then fail "--from with DIR: $(cat err)"; fi

# --- what the workspace brings along is not run
printf 'touch %q\nexport GOFLAGS=-tags=direnv\n' "$work/mark" >project/.envrc
printf '#!/bin/sh\ntouch %q\n' "$work/mark" >project/shell
chmod 755 project/shell
SHELL=$work/project/shell env_of 'hostile' 3
holds 'hostile' '[.cannot_tell[].environment] | index("direnv") != null and index("shell") != null'
if [ -e mark ]; then fail 'a program of the workspace was run'; fi
if command -v direnv >/dev/null; then
	env_of 'direnv, not allowed' 3 --no-shell --trust
	holds 'direnv, not allowed' '[.cannot_tell[] | select(.environment == "direnv")][0].needs | test("direnv allow")'
	if [ -e mark ]; then fail 'an .envrc that is not allowed was run'; fi
	direnv allow project/.envrc
	env_of 'direnv' 1 --no-shell --trust
	holds 'direnv' '[.differences[] | select(.name == "GOFLAGS")][0].values[-1] | .environment == "direnv" and .value == "-tags=direnv"'
	if [ ! -e mark ]; then fail 'the allowed .envrc was not evaluated'; fi
else
	echo '# direnv is not installed'
fi

# --- usage
env_of 'usage' 2 --against nobody
"$dialtone" env nowhere >out 2>err
if [ $? != 2 ]; then fail "no directory: $(cat err)"; fi
none_left 'helpers of dialtone' "^$dialtone env"
finish
