#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `dialtone env --bisect` and `dialtone settings --bisect` with a real server: they name what makes the difference and nothing
# else, verify both ends first, change nothing, run nothing of the workspace, and leave nothing when they are stopped.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings bisect
real_tools
project project
mkdir -p home wrap fake
export HOME=$work/home PATH=$gopls_dir:$go_dir:/usr/bin:/bin
unset "${!GIT_@}"
"$dialtone" check project --editor none --environment self >/dev/null # warm caches

if ! "$dialtone" check project --editor none --environment self --json --timeout 60 | jq -e '.verdict == "healthy"' >/dev/null; then
	skip 'no healthy server here to begin with'
fi

# dump FILE NAME=VALUE...: an environment with forty harmless variables and these.
dump() {
	local file=$1 i
	shift
	{
		printf '%s\0' "HOME=$HOME" "PATH=$PATH" USER=lena
		for ((i = 0; i < 40; i++)); do printf 'APP_%d=%s\0' "$i" "$file"; done
		printf '%s\0' "$@"
	} >"$file"
}

# bisect NAME STATUS ARGUMENT...: leaves `out`.
bisect() {
	local name=$1 want=$2
	shift 2
	local longer=(--timeout 300)
	if [ "$1" = settings ]; then longer=(); fi
	"$dialtone" "$@" --bisect --json "${longer[@]}" >out 2>err
	status=$?
	if [ "$status" != "$want" ]; then fail "$name: status $status instead of $want: $(head -c 300 err) $(jq -c '.answer' out)"; fi
	if grep -q 'Sanitizer\|runtime error' err; then fail "$name: a sanitizer spoke: $(head -n 5 err)"; fi
}

between() { # NAME STATUS: the two dumps
	bisect "$1" "$2" env project --good file:good --bad file:bad --editor none
}

# holds NAME JQ-EXPRESSION: true of `out`.
holds() {
	if ! jq -e "$2" out >/dev/null 2>&1; then
		fail "$1: not so: $2"
		jq -c '{answer, result, sets, trials: (.trials | length)}' out 2>/dev/null | sed 's/^/    /'
	fi
}

# guilty NAME JSON: these and nothing else, set by set.
guilty() {
	holds "$1" '.schema == "dialtone.bisect/1" and .result == "found" and .cured and all(.sets[]; .minimal)'
	holds "$1" "[.sets[] as \$s | [\$s.differences[] as \$i | .differences[\$i].name]] == $2"
	holds "$1" "([.sets[].differences[]] | sort) == ([.differences | to_entries[] | select(.value.guilty) | .key])"
}

dump good GOPRIVATE=example.com EDITOR=vi
dump bad GOPRIVATE=example.org GOFLAGS=-mod=bogus GOGC=200
manifest project home >before
between 'one' 1
guilty 'one' '[["GOFLAGS"]]'
if ! manifest project home | cmp -s before -; then fail "changed: $(manifest project home | diff before - | head -3)"; fi
holds 'one' '(.trials | length) <= 25 and .good.state == "healthy" and .bad.state == "broken"'
"$dialtone" env project --bisect --good file:good --bad file:bad --editor none -v >out 2>err
# shellcheck disable=SC2016
if ! head -n 1 out | grep -q '^`GOFLAGS` alone; without it all .* features answer\.$'; then fail "the first line is no answer: $(head -n 1 out)"; fi
if [ "$(grep -c '^  trial [1-9]' out)" -lt 4 ]; then fail "-v tells of no trials: $(cat out)"; fi

dump bad GOFLAGS=-mod=bogus "GOROOT=$work/nowhere" EDITOR=vi
between 'two, each alone' 1
guilty 'two, each alone' '[["GOFLAGS"], ["GOROOT"]]'

# What only hurts together; nobody would suspect these.
cat >wrap/gopls <<END
#!/bin/sh
if [ "\$ALPHA" = 1 ] && [ -z "\$EDITOR" ]; then exit 3; fi
exec $gopls_dir/gopls "\$@"
END
chmod 755 wrap/gopls
PATH=$work/wrap:$PATH dump good EDITOR=vi
PATH=$work/wrap:$PATH dump bad ALPHA=1
between 'together' 1
holds 'together' '.result == "found" and .cured and (.sets | length) == 1'
holds 'together' '[.differences[] | select(.guilty) | .name] | sort == ["ALPHA", "EDITOR"]'
holds 'together' '[.differences[] | select(.name == "EDITOR")][0] | .good == "vi" and .bad == null'

# PATH, entry by entry.
dump good
PATH=/usr/games:$gopls_dir:/usr/bin:/bin:/sbin dump bad
between 'PATH' 1
guilty 'PATH' "[[\"$go_dir\"]]"
holds 'PATH' '[.differences[] | select(.guilty)][0] | .kind == "path_entry" and .bad == null'

# A process: its limits count.
cp /bin/sleep fake/nvim
(ulimit -n 12; cd project && exec env -i "HOME=$HOME" "PATH=$PATH" "$work/fake/nvim" 600) &
started+=($!)
until [ "$(cat "/proc/$!/comm" 2>/dev/null)" = nvim ]; do :; done
bisect 'a limit' 1 env project --good self --bad editor
guilty 'a limit' '[["open_files"]]'
holds 'a limit' ".bad.environment == \"pid:$!\" and ([.differences[] | select(.guilty)][0] | .kind == \"limit\" and .bad == \"12\")"
bisect 'by its name' 1 env project --good self --bad neovim
kill $!
wait $! 2>/dev/null

# --- settings: which key
mkdir -p home/.config/Code/User project/.vscode
printf '{\n\t// mine\n\t"editor.fontSize": 12,\n\t"go.lintTool": "revive",\n\t"go.toolsEnvVars": {"GOPRIVATE": "x", "GOFLAGS": "-mod=bogus"},\n}\n' \
	>home/.config/Code/User/settings.json
printf '{"go.buildTags": "x", "gopls": {"ui.semanticTokens": true}}\n' >project/.vscode/settings.json
manifest project home >before
bisect 'a key' 1 settings project
guilty 'a key' '[["go.toolsEnvVars.GOFLAGS"]]'
holds 'a key' '.what == "settings" and (.differences | length) == 5'
holds 'a key' '[.differences[] | select(.guilty)][0] | .kind == "setting" and (.origin | endswith("settings.json line 5"))'
if ! manifest project home | cmp -s before -; then fail "changed: $(manifest project home | diff before - | head -3)"; fi
printf '{"go.toolsEnvVars": {"GOFLAGS": "-mod=mod"}}\n' >home/.config/Code/User/settings.json
bisect 'no key' 0 settings project
holds 'no key' '.result == "both_well"'
rm -r home/.config/Code project/.vscode

# --- both ends are looked at first
dump good
dump bad LESS=-R
between 'nothing is wrong' 0
holds 'nothing is wrong' '.result == "both_well" and (.sets | length) == 0 and (.trials | length) == 2'
dump good GOFLAGS=-mod=bogus
between 'good is not good' 3
holds 'good is not good' '.result == "good_hurts" and (.trials | length) == 2'
dump good
bisect 'no editor' 2 env project --good file:good
bisect 'no such process' 2 env project --good file:good --bad pid:999999999
bisect 'no such word' 2 env project --good banana
for words in '--good self' '-v' '--bisect --against shell' '--bisect --all'; do
	# shellcheck disable=SC2086
	"$dialtone" env project $words >out 2>err
	if [ $? != 2 ] || [ "$(grep -c . err)" != 1 ]; then fail "$words: no usage error: $(cat err)"; fi
done

# --- nothing of the workspace is run
printf '#!/bin/sh\ntouch %s/ran\nexec "$@"\n' "$work" >project/tool
chmod 755 project/tool
dump bad "GOFLAGS=-toolexec=$work/project/tool"
between 'a tool of the workspace' 3
holds 'a tool of the workspace' '.result == "no_trial"'
if [ -e ran ]; then fail 'a program of the workspace was run'; fi
rm project/tool

# --- stopped in the middle
dump bad GOFLAGS=-mod=bogus "GOROOT=$work/nowhere"
printf '#!/bin/sh\nexec %s/gopls "$@"\n' "$gopls_dir" >wrap/gopls
mkdir -p own
cp "$gopls_dir/gopls" own/gopls
PATH=$work/own:$PATH dump good
PATH=$work/own:$PATH dump bad GOFLAGS=-mod=bogus
mkdir tmp
manifest project home >before
for signal in INT TERM KILL; do
	env --default-signal=INT "TMPDIR=$work/tmp" "$dialtone" env project --bisect --good file:good --bad file:bad --editor none >out 2>err </dev/null &
	pid=$!
	for ((tries = 0; tries < 1500; tries++)); do
		if pgrep -f -- "^$work/own/gopls" >/dev/null; then break; fi
		sleep 0.02
	done
	kill "-$signal" $pid
	wait $pid 2>/dev/null
	status=$?
	if [ $status != $((128 + $(kill -l $signal))) ] && [ $status != 1 ]; then fail "$signal: status $status: $(head -c 300 err)"; fi
	none_left "$signal" "^$work/own/gopls"
	if ! manifest project home | cmp -s before -; then fail "$signal: changed: $(manifest project home | diff before - | head -3)"; fi
	left=$(find tmp -mindepth 1 -print -quit)
	if [ -n "$left" ]; then fail "$signal: left in TMPDIR: $left"; fi
done
finish
