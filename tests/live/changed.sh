#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone changed with real programs: nothing is kept unasked; gopls of two versions swapped, a setting, a variable and
# go.mod changed are told, with their times; what is damaged, foreign or full is said and harms nothing.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings changed
real_tools
old_gopls=$DIALTONE_TOOLS/gopls/v0.20.0/gopls
if [ ! -x "$old_gopls" ]; then skip "no gopls v0.20.0 below DIALTONE_TOOLS"; fi
mkdir -p home bin tmp
project w
export HOME=$work/home PATH=$work/bin:$go_dir:/usr/bin:/bin GOPROXY=off TMPDIR=$work/tmp
unset XDG_STATE_HOME DIALTONE_NO_REMEMBER
state=home/.local/state/dialtone
target=(--editor none --environment self --timeout 60)

run() { # WHAT WANTED-STATUS ARGUMENT...
	local what=$1 wanted=$2
	shift 2
	timeout 120 "$dialtone" "$@" "${target[@]}" >out 2>err </dev/null
	expect "$what: status" "$wanted" $?
}
told() { # WHAT JQ-FILTER WANTED: of what `changed --json` says
	timeout 120 "$dialtone" changed w --json "${target[@]}" >out 2>err </dev/null
	expect "$1" "$3" "$(jq -r "$2" out)"
}
states() {
	grep -hc ^until= "$state"/good/*.states
}
# put VERSION: that gopls is the one on PATH from now on.
put() {
	cp "$1" bin/.new
	mv bin/.new bin/gopls
}
put "$old_gopls"

# --- nothing is kept, and no directory made, before somebody said so
run 'a first check' 0 check w
if [ -e home/.local ]; then fail "a plain check made $(find home/.local | tr '\n' ' ')"; fi
run 'nothing to compare with' 3 changed w
if [ -e home/.local ]; then fail 'asking made something'; fi
run 'told to keep' 0 changed --remember w
expect 'kept' 1 "$(states)"
expect 'its mode' 600 "$(stat -c %a "$state"/good/*.states)"
run 'nothing changed' 0 changed w

# --- the same again only moves the time; option and variable keep it from that
before=$(stat -c %i "$state"/good/*.states)
until_before=$(grep ^until= "$state"/good/*.states)
run 'kept from it' 0 check w --no-remember
DIALTONE_NO_REMEMBER=1 run 'kept from it by a variable' 0 check w
expect 'the time' "$until_before" "$(grep ^until= "$state"/good/*.states)"
run 'a second check' 0 check w
expect 'one state' 1 "$(states)"
expect 'the same file' "$before" "$(stat -c %i "$state"/good/*.states)"
if [ "$until_before" = "$(grep ^until= "$state"/good/*.states)" ]; then fail 'the time was not moved'; fi

# --- another gopls
put "$gopls_dir/gopls"
run 'another gopls' 1 changed w
told 'from and to' '.changes[] | "\(.what) \(.name) \(.how) \(.old) \(.new) \(.time_of)"' 'tool gopls changed v0.20.0 v0.23.0 written'
told 'its time lies between' '.changes[0].at_ms >= .last_good.until_ms' true
told 'its path' '.changes[0].path' "$work/bin/gopls"

# --- what is wrong and what changed belong together
printf 'module example.com/m\n\ngo 1.21\n\nnonsense\n' >w/go.mod
run 'broken' 1 check w --json
expect 'not kept' 1 "$(states)"
expect 'the first change is about the first cause' "$(jq -r '.causes[0].id' out) file" \
	"$(jq -r '.changes[0] | "\(.explains) \(.what)"' out)"
run 'in words' 1 check w
expect 'the line' 2 "$(grep -c '^changed:' out)"
run 'nothing is kept of what is broken' 1 changed --remember w
project w
GOFLAGS=-modcacherw FOO=hunter2 run 'variables' 1 changed w
if ! grep -q 'GOFLAGS is new: -modcacherw' out || ! grep -q 'not known to ask for: FOO' out; then fail "variables: $(cat out)"; fi
FOO=hunter2 run 'healthy with it' 0 check w
if grep -q hunter2 "$state"/good/*.states; then fail 'a value of a foreign variable is kept'; fi
expect 'a second state' 2 "$(states)"

# --- since when: the gopls that worked meanwhile is told as such
timeout 120 "$dialtone" changed w --json --since 1m "${target[@]}" >out 2>err
expect 'older than all' true "$(jq -r '.last_good.older_than_asked' out)"
expect 'worked meanwhile' true "$(jq -r '.changes[] | select(.name == "gopls") | .worked_at_ms > 0' out)"
run 'a time nobody can read' 2 changed w --since tomorrow

# --- a replay, a rehearsal and `check` without a server keep nothing
run 'recorded' 0 check w --save case.dtc
kept=$(cat "$state"/good/*.states | cksum)
timeout 120 "$dialtone" check --from case.dtc >out 2>err
expect 'replayed' 0 $?
run 'without a server' 3 check w --no-server
expect 'as it was' "$kept" "$(cat "$state"/good/*.states | cksum)"

# --- files that are no such files
file=$(echo "$state"/good/*.states)
cp "$file" whole
for damage in 'truncate -s 700' 'sed -i s/gopls/gopsl/' "sed -i 1s/.*/dialtone.states/" 'truncate -s 0'; do
	cp whole "$file"
	$damage "$file"
	run "$damage" 3 changed w
	if ! grep -q "cannot be used: it is " out; then fail "$damage: $(cat out)"; fi
done
run 'a damaged one is replaced' 0 check w
run 'by a whole one' 0 changed w
sed '1s/.*/dialtone.states\/2/' whole >"$file"
run 'a newer one' 3 changed w
if ! grep -q 'another version' out; then fail "a newer one: $(cat out)"; fi
run 'is left alone' 0 check w
expect 'by check' 'dialtone.states/2' "$(head -n 1 "$file")"
rm "$file"
ln -s "$work/elsewhere" "$file"
run 'over a link' 0 check w
if [ -e elsewhere ]; then fail 'a link was followed'; fi
rm -f "$file"
mkdir "$file"
run 'over a directory' 0 check w
expect 'silent' '' "$(cat err)"
rmdir "$file"

# --- where nothing can be kept
if [ "$(id -u)" = 0 ]; then
	chown nobody home
	run 'in the home of somebody else' 0 check w
	if [ -e "$file" ]; then fail 'something was kept in the home of somebody else'; fi
	run 'nor when asked to' 3 changed --remember w
	if ! grep -q 'not kept: HOME is not a directory of this user' out; then fail "nor when asked to: $(cat out)"; fi
	chown 0 home
	if unshare -m true 2>/dev/null; then
		# shellcheck disable=SC2016 # expanded inside
		unshare -m bash -c 'mount -t tmpfs -o size=4k,nr_inodes=3 none "$1/good" && exec "$2" check w --editor none --environment self --timeout 60' - \
			"$state" "$dialtone" >out 2>err </dev/null
		expect 'on a full disk' '0 ' "$? $(cat err)"
	fi
fi
env -u HOME GOCACHE="$work/tmp/c" GOPATH="$work/tmp/p" "$dialtone" changed --remember w "${target[@]}" >out 2>err </dev/null
if ! grep -q 'not kept: ' out; then fail "without HOME: $(cat out err)"; fi

# --- whose file it is: a package manager's log and lists of a machine of our own
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	run 'kept again' 0 check w
	put "$old_gopls"
	mkdir -p var/log/apt var/lib/dpkg/info
	stamp=$(date '+%F %T')
	printf '%s upgrade golang-gopls:amd64 1:0.23.0-1 1:0.20.0-1\n' "$stamp" >var/log/dpkg.log
	printf 'Start-Date: %s\nCommandline: apt-get upgrade -y\nUpgrade: golang-gopls:amd64 (1:0.23.0-1, 1:0.20.0-1)\nEnd-Date: %s\n' \
		"${stamp/ /  }" "${stamp/ /  }" >var/log/apt/history.log
	printf '/.\n%s\n' "$work/bin/gopls" >var/lib/dpkg/info/golang-gopls.list
	# shellcheck disable=SC2016 # expanded inside
	unshare -m bash -c 'mount --bind var/log /var/log && mount --bind var/lib/dpkg /var/lib/dpkg && exec "$1" changed w --json --editor none --environment self' - \
		"$dialtone" >out 2>err </dev/null
	expect 'the package' 'gopls package apt golang-gopls:amd64 apt-get upgrade -y' \
		"$(jq -r '.changes[] | select(.name == "gopls") | "\(.name) \(.time_of) \(.by) \(.package) \(.command)"' out)"
fi
finish
