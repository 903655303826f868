#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone fix on a real broken set-up: shown only, done and examined again, taken back byte for byte, taken back by itself
# when it does not help, refused where it does not fit, left for a script, finished after a kill.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings fix
real_tools
mkdir -p home/.config/go tmp
project w
export HOME=$work/home PATH=$gopls_dir:$go_dir:/usr/bin:/bin GOPROXY=off TMPDIR=$work/tmp
env_file=home/.config/go/env
unset XDG_STATE_HOME

# All that is ours to keep: not go's own caches, counters and what dialtone keeps of itself.
picture() {
	find home w \( -name .cache -o -name telemetry -o -name state -o -path home/go \) -prune -o \
		-printf '%p %y %m %U %G %T@ %l\n' | grep -v -e '^home d' -e '^home/.local' -e '^home/.config/go d' | sort
	cat "$env_file"
}

break_it() {
	printf '# mine\nGOPRIVATE=corp.example\nGOROOT=/opt/nothing\n' >"$env_file"
	chmod 640 "$env_file"
	touch -d '2020-02-02 02:02:02.020202' "$env_file"
}

# --- shown only
break_it
run 'first, for the caches' 1 check w
picture >before
run 'shown' 1 fix w
expect 'the difference' '-GOROOT=/opt/nothing' "$(grep '^-[^-]' out)"
run 'shown as JSON' 1 fix w --json
expect 'its members' 'proposed true false false 1' \
	"$(jq -r '.fixes[0] | "\(.outcome) \(.reversible) \(.needs_root) \(.disruptive) \(.steps | length)"' out)"
expect 'its rehearsal' passed "$(jq -r '.fixes[0].rehearsed' out)"
picture | cmp -s before - || fail 'showing changed something'
run 'check names it' 1 check w --json
expect 'as the first fix' "dialtone fix env-goenv-file-leftover $work/w 1 true" \
	"$(jq -r '.causes[0].fixes[0] | "\(.command) \(.steps) \(.reversible)"' out)"

# --- done, and back
run 'done' 0 fix w --yes
expect 'the line' '# mine GOPRIVATE=corp.example' "$(tr '\n' ' ' <"$env_file" | sed 's/ $//')"
expect 'nothing beside it' "$env_file" "$(find home/.config/go -type f -not -path '*/telemetry/*')"
expect 'that all works is kept' 1 "$(find home/.local/state/dialtone/good -name '*.states' | wc -l)"
run 'the journal' 0 journal --json
expect 'what it says' 'env-goenv-file-leftover done write' \
	"$(jq -r '.repairs[0] | "\(.cause) \(.state) \(.changes[0].kind)"' out)"
run 'undo' 0 undo --last
picture | diff before - >difference || fail "undo: $(head -c 500 difference)"
run 'undo again' 2 undo --last

# --- somebody else's change stays
run 'done again' 0 fix w --yes
printf 'theirs\n' >"$env_file"
run 'undo over it' 4 undo --last
expect 'theirs' theirs "$(cat "$env_file")"
expect 'both differences' 2 "$(grep -c '^--- ' out)"

# --- links: the user's own stays a link; another user's or one out of the workspace is not followed
break_it
mkdir -p dotfiles
mv "$env_file" dotfiles/goenv
ln -s "$work/dotfiles/goenv" "$env_file"
run 'through a link' 0 fix w --yes
expect 'the link' "$work/dotfiles/goenv" "$(readlink "$env_file")"
expect 'the file' 640 "$(stat -c %a dotfiles/goenv)"
run 'back through it' 0 undo --last
expect 'its line' 1 "$(grep -c '^GOROOT=' dotfiles/goenv)"
if [ "$(id -u)" = 0 ]; then
	chown -h nobody "$env_file"
	run 'over a link of somebody else' 4 fix w --yes
	expect 'its line is there' 1 "$(grep -c '^GOROOT=' dotfiles/goenv)"
fi
rm -f "$env_file"

# --- it does not help: a start-up file of the login shell writes the line there again
break_it
cp "$env_file" "$env_file.old"
# shellcheck disable=SC2016 # expanded when it runs
printf 'export PATH=%q\ngrep -q ^GOROOT= "$HOME/.config/go/env" || cat "$HOME/.config/go/env.old" >"$HOME/.config/go/env"\n' \
	"$PATH" >home/.profile
run 'no help, rehearsed' 1 fix env-goenv-file-leftover w --environment shell --json
expect 'its rehearsal' failed "$(jq -r '.fixes[0].rehearsed' out)"
run 'no help' 4 fix env-goenv-file-leftover w --environment shell --yes --json
expect 'its outcome' no_help "$(jq -r '.fixes[0].outcome' out)"
expect 'as before' 1 "$(grep -c '^GOROOT=' "$env_file")"
run 'its state' 0 journal --json
expect 'taken back' undone "$(jq -r '.repairs[0].state' out)"
rm -f "$env_file.old" home/.profile

# --- write-protected by its owner: opened for the time it takes
break_it
chmod 444 "$env_file"
cp -p "$env_file" protected
run 'a protected file' 0 fix w --yes
expect 'is cured' 0 "$(grep -c '^GOROOT=' "$env_file")"
expect 'protected again' 444 "$(stat -c %a "$env_file")"
run 'and back' 0 undo --last
cmp -s "$env_file" protected || fail 'undone: other bytes'
expect 'undone: protected' 444 "$(stat -c %a "$env_file")"
expect 'undone: its time' "$(stat -c %Y protected)" "$(stat -c %Y "$env_file")"

# --- what nobody may write is left, and said
break_it
if chattr +i "$env_file" 2>/dev/null; then
	run 'an immutable file' 4 fix w --yes
	expect 'is left' 1 "$(grep -c '^GOROOT=' "$env_file")"
	chattr -i "$env_file"
fi

# --- asked
printf 'n\n' | "$dialtone" fix w --interactive >out 2>err
expect 'no' 4 $?
expect 'is left' 1 "$(grep -c '^GOROOT=' "$env_file")"
printf 'y\n' | "$dialtone" fix w --interactive >out 2>err
expect 'yes' 0 $?
run 'back' 0 undo --last

# --- usage
run 'a misspelt cause' 2 fix env-goenv-file-leftovr w
expect 'what was meant' 1 "$(grep -c "'env-goenv-file-leftover'" err)"
run 'two wishes' 2 fix w --yes --script
run 'nothing was interrupted' 0 fix w --resume
run 'nothing for a script' 0 fix w --script
sh -n out || fail 'the script is none'

# --- killed in the middle: the next one refuses until it is finished
if command -v strace >/dev/null; then
	break_it
	strace -f -o /dev/null -e trace=renameat,renameat2 -e inject=renameat,renameat2:signal=KILL "$dialtone" fix w --yes >out 2>err </dev/null
	expect 'killed: the old file' 1 "$(grep -c '^GOROOT=' "$env_file")"
	run 'the next one' 4 fix w --yes
	run 'resumed' 0 fix --resume
	expect 'finished' 0 "$(grep -c '^GOROOT=' "$env_file")"
	expect 'no temporary file' "$env_file" "$(find home/.config/go -type f -not -path '*/telemetry/*')"
	run 'and back' 0 undo --last
	expect 'as it was' 1 "$(grep -c '^GOROOT=' "$env_file")"
else
	echo '# skipped killed in the middle: there is no strace'
fi

# --- a window of several folders: the plan is about the folder that the cause names
rm -f "$env_file"
mkdir -p both/{new,old} old-gopath
cp -r w/. both/new
cp -r w/. both/old
mkdir -p both/old/.vscode
printf '{\n\t"go.gopath": "%s/old-gopath" // from before modules\n}\n' "$work" >both/old/.vscode/settings.json
cp both/old/.vscode/settings.json settings.old
echo '{ "folders": [ { "path": "new" }, { "path": "old" } ] }' >both/both.code-workspace
run 'a window' 1 fix both/both.code-workspace --json
expect 'its plan' "cfg-multiroot-gopath proposed $work/both/old/.vscode/settings.json passed $work/both/both.code-workspace" \
	"$(jq -r '"\(.fixes[0] | "\(.cause) \(.outcome) \(.changes[0].path) \(.rehearsed)") \(.workspace)"' out)"
run 'a window, done' 0 fix both/both.code-workspace --yes
expect 'its setting' 0 "$(grep -c gopath both/old/.vscode/settings.json)"
run 'a window, back' 0 undo --last
cmp -s settings.old both/old/.vscode/settings.json || fail 'the settings of the window are not as they were'

# --- what is held to be here and is not: the rehearsal tells, before anything is touched
rm -f "$env_file"
downloads=home/go/pkg/mod/cache/download/golang.org/x/tools/gopls/@v
mkdir -p "$downloads"
echo none >"$downloads/v0.20.0.zip"
PATH=$go_dir:/usr/bin:/bin GOPROXY='' run 'a source that is none' 1 fix w --json
expect 'needs the network' 'bin-gopls-missing shown true not_run' \
	"$(jq -r '.fixes[0] | "\(.cause) \(.outcome) \(.needs_network) \(.rehearsed)"' out)"
expect 'no gopls' '' "$(ls home/go/bin 2>/dev/null)"
rm -r "$downloads"

# --- without SQLite nothing is changed
break_it
mkdir -p broken && printf 'no library' >broken/libsqlite3.so.0
LD_LIBRARY_PATH=$work/broken run 'no journal, no change' 4 fix w --yes
expect 'the file' 1 "$(grep -c '^GOROOT=' "$env_file")"
finish
