# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Processes of the patient and of the machine: what runs, holds, listens and is held back.
# shellcheck disable=SC2034,SC2154,SC2086 # the setups and ../helpers.bash use and set these; $H has no blank

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
