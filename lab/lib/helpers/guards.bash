# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What refuses, and odd file systems.
# shellcheck disable=SC2034,SC2154,SC2086 # the setups and ../helpers.bash use and set these; $H has no blank

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

# dialtone_inside WORD…: dialtone, when it is asked, runs inside of these words, as the server of an agent does.
dialtone_inside() {
	[ -e /usr/local/bin/dialtone ] || return 0 # nobody will ask it
	mv /usr/local/bin/dialtone /usr/local/bin/dialtone.real
	printf '#!/bin/sh\nexec %s /usr/local/bin/dialtone.real "$@"\n' "$*" >/usr/local/bin/dialtone
	chmod 755 /usr/local/bin/dialtone
}
