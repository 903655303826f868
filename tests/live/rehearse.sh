#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `check --prove` rehearses a repair in a view of the machine of which nothing is left: as root and as an ordinary user, with
# homes, caches and workspaces in odd places, when it is killed in the middle, and where there are no namespaces.
# DIALTONE: the program; DIALTONE_TOOLS: Go and gopls; TEST_TMP: a folder of ours.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings rehearse
real_tools
export GOTOOLCHAIN=local GOPROXY=off PATH=$gopls_dir:$go_dir:/usr/bin:/bin
patience=60

# scene DIR: a home whose `go env -w` spoils every build, and a project beside it and one inside it.
scene() {
	mkdir -p "$1/home/.config/go/telemetry" "$1/tmp"
	echo 'GOOS=plan10' >"$1/home/.config/go/env"
	project "$1/project"
	project "$1/home/project"
}

# everything DIR: the whole tree with contents, but for what go and gopls themselves keep when they are only looked at, and
# leave in TMPDIR when they are ended.
everything() {
	manifest "$1" | grep -v -e /telemetry -e /tmp/ -e "$1/build/"
	find "$1" \( -path '*/.cache' -o -path '*/telemetry' -o -path '*/tmp' -o -path '*/build' \) -prune -o -type f -exec sha256sum {} + | sort
}

mounts() { cat /proc/mounts; }

# proof NAME RESULT CONFIDENCE: what the report in `out` says of its first cause.
proof() {
	local said
	if ! said=$(python3 - "$2" "$3" 2>&1 <<'END'
import json, sys
with open("out", encoding="utf-8") as f:
    report = json.load(f)
cause = report["causes"][0]
proof = cause["proof"]
assert cause["id"] == "env-goenv-file-leftover", cause["id"]
assert proof["result"] == sys.argv[1], proof
assert cause["confidence"] == sys.argv[2], cause["confidence"]
if proof["result"] == "cured":
    assert proof["rehearsed"] == "passed" and proof["verdict"] == "healthy", proof
    assert proof["handshake_ms"] > 0, proof
else:
    assert proof["rehearsed"] == "not_run" and proof["because"], proof
END
	); then fail "$1: $(tail -n 1 <<<"$said") $(head -c 300 out)"; fi
}

# proves NAME SCENE PROJECT RESULT CONFIDENCE COMMAND...: runs it, and nothing outside is changed.
proves() {
	local name=$1 scene=$2 project=$3 result=$4 confidence=$5
	shift 5
	everything "$scene" >before
	mounts >mounts.before
	ask "$name" "$patience" "$@" check "$project" --prove --editor none --environment self
	proof "$name" "$result" "$confidence"
	if ! everything "$scene" | cmp -s before -; then fail "$name: changed outside: $(everything "$scene" | diff before - | head -5)"; fi
	if ! mounts | cmp -s mounts.before -; then fail "$name: mounts are left: $(mounts | diff mounts.before - | head -3)"; fi
	none_left "$name" "check --json .*-- $work/"
	echo "ok $name"
}

# builds SCENE: how much go has compiled there.
builds() { find "$1" -path '*go-build/*-d' | wc -l; }

scene plain
env "HOME=$work/plain/home" "$dialtone" check plain/project --editor none --environment self >/dev/null
before=$(builds plain)
proves 'as it is' plain plain/project cured certain env "HOME=$work/plain/home" @
# In the rehearsal the standard library was compiled; in a cache outside that would be hundreds of files. Some sixty are what
# an examination itself compiles, when the first was over before go had done so.
if [ $(($(builds plain) - before)) -gt 100 ]; then fail "the cache has grown: $before, $(builds plain)"; fi
proves 'below HOME, TMPDIR elsewhere' plain plain/home/project cured certain env "HOME=$work/plain/home" "TMPDIR=$work/plain/tmp" @

scene far
mkdir -p far/build far/modules
mv far/home far/real
ln -s real far/home
mv far/real/.config far/config
ln -s ../config far/real/.config
proves 'links, and caches elsewhere' far far/home/project cured certain env "HOME=$work/far/home" "GOCACHE=$work/far/build" "GOMODCACHE=$work/far/modules" @

# Killed in the middle: all of it ends, nothing of it is left.
scene killed
everything killed >before
mounts >mounts.before
HOME=$work/killed/home "$dialtone" check killed/project --prove --editor none --environment self >out 2>err &
pid=$!
inside=
while kill -0 "$pid" 2>/dev/null; do
	inside=$(pgrep -f -- "^dialtone check --json .*-- $work/killed/project" | head -n 1)
	if [ -n "$inside" ]; then break; fi
	sleep 0.01
done
if [ -z "$inside" ]; then fail 'killed: there was no rehearsal'; fi
kill -KILL "$pid"
wait "$pid" 2>/dev/null
for ((i = 0; i < 200; i++)); do
	if ! pgrep -f -- "$work/killed/" >/dev/null; then break; fi
	sleep 0.05
done
none_left 'killed' "$work/killed/"
if ! everything killed | cmp -s before -; then fail "killed: changed outside: $(everything killed | diff before - | head -5)"; fi
if ! mounts | cmp -s mounts.before -; then fail 'killed: mounts are left'; fi
echo 'ok killed in the middle'

# What the workspace supplies is as untrusted inside, unless it was trusted outside.
traced() { # ARGUMENT...
	HOME=$work/plain/home ASAN_OPTIONS=detect_leaks=0 strace -f -s 400 -e trace=execve -o trace "$dialtone" check plain/project --prove --editor none --environment self --timeout 60 "$@" >out 2>err
	if [ "$(grep -c 'execve("/proc/self/exe", \["dialtone", "check", "--json"' trace)" -lt 2 ]; then fail "traced: no rehearsal: $(head -c 300 out)"; fi
}
if command -v strace >/dev/null; then
	traced
	if grep 'execve("/proc/self/exe"' trace | grep -q -e '"--trust"'; then fail 'it trusts inside what it did not trust outside'; fi
	traced --trust
	if grep 'execve("/proc/self/exe"' trace | grep -vq -e '"--trust"'; then fail 'it does not trust inside what it trusted outside'; fi
	echo 'ok untrusted inside'
else
	echo '# skipped untrusted inside: strace is not here'
fi

# Where nobody may make namespaces there is a sentence, and the finding is as it was.
if unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces' 2>/dev/null && command -v setpriv >/dev/null; then
	scene alone
	cat >alone/run <<'END'
#!/bin/sh
echo 0 >/proc/sys/user/max_user_namespaces
exec setpriv --bounding-set=-all "$@"
END
	chmod 755 alone/run
	proves 'without namespaces' alone alone/project not_run certain env "HOME=$work/alone/home" unshare -Ur "$work/alone/run" @
else
	echo '# skipped without namespaces: no user namespace to take them away in'
fi

# As an ordinary user, who sees go and gopls below /mnt.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$TEST_TMP" "$work"
	scene user
	mkdir -p user/bin
	cp "$dialtone" user/bin/
	chmod -R a+rX user
	chown -R 12001:12001 user/home user/project user/tmp
	dialtone=$work/user/bin/dialtone
	cat >become <<'END'
#!/bin/sh
# become GO GOPLS COMMAND...: as a user, with the tools below /mnt
mount -t tmpfs tools /mnt && mkdir /mnt/go /mnt/gopls && mount --bind "$1" /mnt/go && mount --bind "$2" /mnt/gopls || exit 9
shift 2
exec setpriv --reuid=12001 --regid=12001 --clear-groups "$@"
END
	chmod 755 become
	as_user=(unshare -m "$work/become" "$go_dir/.." "$gopls_dir" env "HOME=$work/user/home" PATH=/mnt/gopls:/mnt/go/bin:/usr/bin:/bin)
	proves 'as an ordinary user' user user/project cured certain "${as_user[@]}" @
	proves 'and below his HOME' user user/home/project cured certain "${as_user[@]}" "TMPDIR=$work/user/tmp" @
else
	echo '# skipped an ordinary user: needs root and setpriv'
fi
finish
