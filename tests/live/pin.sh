#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone pin: ready programs without any go, built ones from a proxy that is a folder, what is refused, links and
# settings switched and taken back, and the old version still working wherever it is killed.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings pin
real_tools
tools=${DIALTONE_TOOLS:?}
mkdir -p home w/.vscode bin
export HOME=$work/home XDG_CACHE_HOME=$work/cache GOTOOLCHAIN=local
unset XDG_DATA_HOME XDG_STATE_HOME GOPROXY GOSUMDB
bare=/usr/bin:/bin
if PATH=$bare command -v go >/dev/null; then
	# Without go means without this one, too.
	mkdir -p nogo
	for p in /usr/bin/* /bin/*; do
		case ${p##*/} in go | gofmt) ;; *) ln -sf "$p" nogo/ ;; esac
	done
	bare=$work/nogo
fi
data=$HOME/.local/share/dialtone
gopls=$data/bin/gopls

version() { # what the shim runs
	"$gopls" version 2>/dev/null | sed -n 's/^ *golang.org\/x\/tools\/gopls \(v[^ ]*\).*/\1/p;s/^gopls \(v.*\)/\1/p' | head -n 1
}

# --- a ready program, with no go anywhere
export PATH=$bare
run 'nothing yet' 0 pin
find home w | sort >before
run 'shown' 0 pin gopls@v0.20.0 --from "$tools/gopls/v0.20.0"
find home w | sort | cmp -s before - || fail 'showing changed something'
run 'done' 0 pin gopls@v0.20.0 --from "$tools/gopls/v0.20.0" --yes
expect 'the program' v0.20.0 "$(version)"
cmp -s "$gopls" "$tools/gopls/v0.20.0/gopls" || fail 'other bytes'
run 'so already' 0 pin gopls@v0.20.0 --yes
grep -q 'is pinned' out || fail 'so already: no word'
run 'another version than it says' 4 pin gopls@v0.16.2 --from "$tools/gopls/v0.20.0" --yes
expect 'the old one' v0.20.0 "$(version)"
expect 'nothing is left of it' '' "$(ls "$data/tmp")"
run 'nothing can build it' 4 pin gopls@v0.21.1 --yes
run 'the next one' 0 pin gopls@v0.23.0 --from "$tools/gopls/v0.23.0/gopls" --yes --json
expect 'as JSON' 'dialtone.pin/1 true gopls v0.23.0 v0.20.0 installed' \
	"$(jq -r '"\(.schema) \(.done) \(.items[0] | "\(.tool) \(.version) \(.before) \(.state)")"' out)"
expect 'it counts' v0.23.0 "$(version)"
run 'before' 0 pin --previous --yes
expect 'the one before' v0.20.0 "$(version)"
cmp -s "$gopls" "$tools/gopls/v0.20.0/gopls" || fail 'before: other bytes'
run 'and back' 0 pin --previous gopls --yes
expect 'by turns' v0.23.0 "$(version)"
run 'undo' 0 undo --last
expect 'undone' v0.20.0 "$(version)"
run 'usage: no version' 2 pin gopls@latest
run 'usage: no tool' 2 pin staticcheck@v1.0.0
run 'usage: a language version' 2 pin go@1.26
run 'usage: a way out of the folder' 2 pin gopls@v1.0.0-../../x
run 'a list' 0 pin --list --json
expect 'the list' 'dialtone.pins/1 v0.20.0 v0.23.0,v0.20.0 null' \
	"$(jq -r '"\(.schema) \(.tools[0] | "\(.pinned) \([.versions[].version] | join(",")) \(.versions[0].damage)")"' out)"

# --- the folder of a version is a bundle
cp -r "$data/versions/gopls/v0.23.0" bundle
run 'unpinned' 0 pin gopls@none --yes
if [ -e "$gopls" ] || [ -L "$gopls" ]; then fail 'there is still a shim'; fi
rm -rf "$data"
run 'from the bundle' 0 pin gopls@v0.23.0 --from bundle --yes
grep -q 'build info, go.sum and SHA256SUMS' out || fail "from the bundle: $(cat out)"
sed -i 's/^golang.org\/x\/tools\/gopls \(v[^ ]*\) h1:./golang.org\/x\/tools\/gopls \1 h1:_/' bundle/go.sum
rm -rf "$data/versions"
run 'a module with another hash' 4 pin gopls@v0.23.0 --from bundle --yes
rm bundle/go.sum && sed -i 's/^[0-9a-f]\{8\}/00000000/' bundle/SHA256SUMS
run 'other bytes' 4 pin gopls@v0.23.0 --from bundle --yes
expect 'none of them came' '' "$(ls "$data/versions/gopls" 2>/dev/null)"

# --- bytes that changed are not switched to
rm -rf "$data" home/.local/state
run 'first' 0 pin gopls@v0.20.0 --from "$tools/gopls/v0.20.0" --yes
run 'second' 0 pin gopls@v0.23.0 --from "$tools/gopls/v0.23.0" --yes
printf x | dd of="$data/versions/gopls/v0.20.0/gopls" bs=1 seek=1000 conv=notrunc status=none
run 'damaged' 4 pin --previous --yes
expect 'damaged: the old one' v0.23.0 "$(version)"
run 'said' 0 pin --list
grep -q 'v0.20.0.*DAMAGED' out || fail "the damage is not said: $(cat out)"
run 'installed anew' 0 pin gopls@v0.20.0 --from "$tools/gopls/v0.20.0" --yes
cmp -s "$gopls" "$tools/gopls/v0.20.0/gopls" || fail 'installed anew: other bytes'

# --- a workspace: comments stay, undo gives the bytes back
printf '{\n\t// mine\n\t"go.alternateTools": {"dlv": "/x"}, // theirs\n}\n' >w/.vscode/settings.json
cp w/.vscode/settings.json settings.before
run 'a workspace' 0 pin gopls@v0.23.0 w --workspace --yes
expect 'its setting' "$data/versions/gopls/v0.23.0/gopls" \
	"$(sed 's|//.*||' w/.vscode/settings.json | tr -d '\n' | sed 's/.*"gopls": "//;s/".*//')"
expect 'its comments' 2 "$(grep -c '// mine\|// theirs' w/.vscode/settings.json)"
expect 'the user keeps' v0.20.0 "$(version)"
run 'undone' 0 undo --last
cmp -s w/.vscode/settings.json settings.before || fail 'the settings are not what they were'
run 'user settings' 0 pin gopls@v0.23.0 --user-settings --yes
grep -q "\"gopls\": \"$gopls\"" home/.config/Code/User/settings.json || fail 'the user settings do not name the shim'

# --- go itself, from a folder
mkdir -p goroot/bin goroot/pkg/tool
cp "$tools/go/1.24.12/VERSION" goroot/ && cp "$tools/go/1.24.12/bin/"* goroot/bin/
run 'a go' 0 pin go@1.24.12 --from goroot --yes
expect 'its version' 'go version go1.24.12' "$("$data/bin/go" version | cut -d' ' -f1-3)"
expect 'its root' "$data/versions/go/1.24.12" "$("$data/bin/go" env GOROOT)"
run 'another go than it says' 4 pin go@1.24.11 --from goroot --yes
run 'a go for a workspace' 0 pin go@1.24.12 w -w --yes
grep -q '"GOTOOLCHAIN": "go1.24.12"' w/.vscode/settings.json || fail 'GOTOOLCHAIN is not set'
run 'undone' 0 undo --last

# --- built by go from a proxy that is a folder
export PATH=$work/bin:$go_dir:$bare
for version in v0.99.1 v0.99.2; do
	printf 'package main\n\nfunc main() { print("gopls %s\\n") }\n' $version >main.go
	"$here/publish.py" proxy $version main.go || fail 'no proxy'
done
rm main.go
version() { "$gopls" 2>&1 | cut -d' ' -f2; }
run 'built' 0 pin gopls@v0.99.1 --from proxy --yes
expect 'built: the program' v0.99.1 "$(version 2>&1)"
grep -q 'proxy/go.sum (1 modules)' out || fail "built: $(cat out)"
mkdir -p wrong && cp -r proxy/golang.org wrong/
sed 's/\(v0.99.2 h1:\)..../\1AAAA/' proxy/go.sum >wrong/go.sum
run 'another hash' 4 pin gopls@v0.99.2 --from "file://$work/wrong" --yes
rm wrong/go.sum
GOSUMDB=off run 'nothing to verify it' 4 pin gopls@v0.99.2 --from wrong --yes
GOPROXY=off run 'no proxy' 4 pin gopls@v0.99.2 --yes
expect 'the old one works' v0.99.1 "$(version)"
# What is left over in the user's environment does not count.
GOFLAGS=-mod=vendor GOOS=plan9 GOBIN=/nowhere GOCACHE=/nowhere run 'leftovers' 0 pin gopls@v0.99.2 --from proxy --yes
expect 'leftovers: the program' v0.99.2 "$(version)"
run 'back' 0 pin --previous --yes

# --- killed wherever a name comes to be: the old version works, and the next run ends it
cp -r "$data/versions/gopls/v0.99.2" ready
if command -v strace >/dev/null; then
	for at in 1 2 3 4 5 6; do
		rm -rf "$data/versions/gopls/v0.99.2"
		strace -f -o trace -e trace=rename,renameat,renameat2 -e "inject=rename,renameat,renameat2:signal=KILL:when=$at" \
			"$dialtone" pin gopls@v0.99.2 --from ready --yes >out 2>err </dev/null
		case $(version) in
		v0.99.1) ;;
		v0.99.2) cmp -s "$gopls" "$data/versions/gopls/v0.99.2/gopls" || fail "killed at $at: half a switch" ;;
		*) fail "killed at $at: <$(version)>" ;;
		esac
		run "killed at $at: settled" 0 fix --resume
		run "killed at $at: again" 0 pin gopls@v0.99.2 --from ready --yes
		expect "killed at $at: the new one" v0.99.2 "$(version)"
		expect "killed at $at: nothing left" '' "$(ls "$data/tmp")"
		run "killed at $at: back" 0 pin gopls@v0.99.1 --yes
	done
else
	echo '# skipped killed at each name: there is no strace'
fi

# --- killed, stopped or out of time while go works: no go is left, the old version works
# shellcheck disable=SC2016 # the script's own
printf '#!/bin/sh\ncase $1 in install) : >"%s/began"; exec sleep 3600.%s ;; *) exec "%s/go" "$@" ;; esac\n' "$work" $$ "$go_dir" >bin/go
chmod +x bin/go
rm -rf "$data/versions/gopls/v0.99.2"
strike() { # SIGNAL STATUS
	local pid status
	rm -f began
	env --default-signal=INT "$dialtone" pin gopls@v0.99.2 --from proxy --yes >out 2>err </dev/null &
	pid=$!
	for ((tries = 0; tries < 1500; tries++)); do
		if [ -e began ]; then break; fi
		sleep 0.02
	done
	kill "-$1" $pid
	wait $pid 2>/dev/null
	status=$?
	expect "$1: status" "$2" $status
	none_left "$1" "^sleep 3600.$$\$"
	expect "$1: the old one" v0.99.1 "$(version)"
}
strike INT 130
expect 'INT: nothing left' '' "$(ls "$data/tmp")"
strike KILL 137
run 'out of time' 4 pin gopls@v0.99.2 --from proxy --yes --timeout 1
none_left 'out of time' "^sleep 3600.$$\$"
expect 'what the killed one left is gone' '' "$(ls "$data/tmp")"
expect 'out of time: the old one' v0.99.1 "$(version)"
rm bin/go

# --- without SQLite nothing is changed; a full disk leaves nothing behind
mkdir -p broken && printf 'no library' >broken/libsqlite3.so.0
LD_LIBRARY_PATH=$work/broken run 'no journal, no change' 4 pin gopls@v0.23.0 --from "$tools/gopls/v0.23.0" --yes
expect 'no journal: the old one' v0.99.1 "$(version)"
if unshare -rm true 2>/dev/null; then
	mkdir -p small
	# shellcheck disable=SC2016 # the inner shell's
	unshare -rm sh -c 'mount -t tmpfs -o size=20m none small && XDG_DATA_HOME=$PWD/small "$0" pin gopls@v0.23.0 --from "$1" --yes >out 2>err
		echo "$? $(find small -type f | wc -l)" >told' "$dialtone" "$tools/gopls/v0.23.0"
	expect 'a full disk' '4 0' "$(cat told)"
else
	echo '# skipped a full disk: no namespaces for this user'
fi

# --- back to what all worked with
rm -rf "$data" home/.local/state
project good
good() { # GOPLS: all works with it, and that is kept
	PATH=$tools/gopls/$1:$go_dir:$bare run "good with $1" 0 changed good --remember --editor none --environment self --timeout 60
}
previous() { # GOPLS-ON-PATH: what --previous would pin
	PATH=$tools/gopls/$1:$go_dir:$bare run "previous to $1" 0 pin --previous good --json
	jq -r '.items[0] | "\(.version) \(.source)"' out
}
export PATH=$go_dir:$bare
run 'nothing good is known' 4 pin --previous good
good v0.20.0
expect 'what worked' "v0.20.0 $tools/gopls/v0.20.0/gopls, as it lies there" "$(previous v0.23.0)"
PATH=$tools/gopls/v0.20.0:$PATH run 'it is what works' 4 pin --previous good
good v0.23.0
expect 'both worked' "v0.20.0 $tools/gopls/v0.20.0/gopls, as it lies there" "$(previous v0.23.0)"
expect 'the one that worked last' "v0.23.0 $tools/gopls/v0.23.0/gopls, as it lies there" "$(previous v0.16.2)"
run 'another folder' 4 pin --previous w
run 'pinned' 0 pin --previous good --yes
grep -q 'all worked with gopls v0.23.0' out || fail "it is not said why: $(cat out)"
version() { "$gopls" version 2>/dev/null | sed -n 's/^ *golang.org\/x\/tools\/gopls \(v[^ ]*\).*/\1/p' | head -n 1; }
expect 'it counts' v0.23.0 "$(version)"

# --- which gopls suits
compatible() { # GO GO-LINE
	printf 'module example.com/m\n\ngo %s\n' "$2" >w/go.mod
	PATH=$tools/go/$1/bin:$bare timeout 60 "$dialtone" pin --compatible w --from proxy --json 2>err | jq -r '.items[0].version'
}
compatible_without() { # GO GO-LINE: the status
	printf 'module example.com/m\n\ngo %s\n' "$2" >w/go.mod
	PATH=$tools/go/$1/bin:$bare timeout 60 "$dialtone" pin --compatible w >out 2>err
	echo $?
}
expect 'Go 1.26' v0.23.0 "$(compatible 1.26.8 1.21)"
expect 'Go 1.24' v0.20.0 "$(compatible 1.24.12 1.24.0)"
expect 'Go 1.27' v0.24.0 "$(compatible 1.27.3 1.27.0)"
expect 'Go 1.24 in front of newer code' 1 "$(compatible_without 1.24.12 1.27.0)"
# The table holds for what was really built here.
for built in "$tools"/gopls/*/gopls; do
	release=$(basename "$(dirname "$built")")
	release=${release%-go*}
	by=$("$go_dir/go" version "$built" | sed 's/.*: go//;s/[^0-9.].*//')
	root=$(cd "$(dirname "$self")/../.." && pwd)
	needs=$(awk -F '\t' -v r="$release" '$1 == r { print $4, $5 }' "$root/data/gopls-releases.tsv")
	minor=${by#1.}
	if [ "$(printf '%s\n' "${needs% *}" "$by" | sort -V | head -n 1)" != "${needs% *}" ] ||
		{ [ "${needs#* }" != 0 ] && [ "${minor%%.*}" -gt "${needs#* }" ]; }; then
		fail "$release was built by Go $by, and the table says ${needs:-nothing}"
	fi
done
finish
