#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dialtone settings on real files: every layer is seen, edits keep what is not theirs, the journal takes them back, and
# what must not be written is refused.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
work=${TEST_TMP:?a folder}/settings
rm -rf "$work"
mkdir -p "$work"/{home,w/.vscode}
cd "$work" || exit 1
failures=0
run=(env -i HOME="$work/home" PATH=/usr/bin:/bin "$dialtone")
user=home/.config/Code/User/settings.json
folder=w/.vscode/settings.json
printf 'module example.com/m\n\ngo 1.21\n' >w/go.mod

expect() { # WHAT WANTED GOT
	if [ "$2" != "$3" ]; then
		printf 'FAIL %s: expected <%s> got <%s>\n' "$1" "$2" "$3"
		failures=$((failures + 1))
	fi
}

status() { # WHAT WANTED CMD...: the exit status; output in out, complaints in err
	local what=$1 wanted=$2
	shift 2
	"$@" >out 2>err </dev/null
	expect "$what" "$wanted" $?
}

put() { # FILE TEXT (printf format)
	mkdir -p "$(dirname "$1")"
	# shellcheck disable=SC2059 # the text is a format of ours
	printf "$2" >"$1"
}

# --- every layer is seen
for dir in .config/Code .config/'Code - Insiders' .config/VSCodium .config/Cursor .local/share/code-server; do
	put "home/$dir/User/settings.json" '{"go.goplsPath": "x"}'
done
put home/.config/Code/User/profiles/1a2b/settings.json '{"go.goplsPath": "x"}'
put home/.vscode-server/data/Machine/settings.json '{"go.goplsPath": "x"}'
put w/one.code-workspace '{"folders": [{"path": "."}], "settings": {"go.goplsPath": "x"}}'
put w/.devcontainer/devcontainer.json '{"customizations": {"vscode": {"settings": {"go.goplsPath": "x"}}}}'
put $folder '{"go.goplsPath": "x"}'
status 'all layers' 0 "${run[@]}" settings w --json
expect 'all layers, counted' 10 "$(jq '[.issues[] | select(.id == "never-existed")] | length' out)"
expect 'their names' 'devcontainer folder profile remote user workspace' \
	"$(jq -r '[.layers[].layer] | unique | join(" ")' out)"
status 'warnings count when they are to' 1 "${run[@]}" settings w --fail-on warning
rm -rf home/.config/{Code*,VSCodium,Cursor} home/.local home/.vscode-server w/one.code-workspace w/.devcontainer

# --- places and statuses
put $folder '{\r\n\t"a": 1,\r\n\t"go.lintTool": "x"\r\n}\r\n'
status 'an error' 1 "${run[@]}" settings w
expect 'line and column' 1 "$(grep -c "$work/$folder:3:17: error: .*\[wrong-value\]$" out)"
put $folder '{}'
status 'nothing' 0 "${run[@]}" settings w
status 'no such directory' 2 "${run[@]}" settings nowhere
status 'no such level' 2 "${run[@]}" settings w --fail-on never
status 'set without a value' 2 "${run[@]}" settings set go.lintTool
rm $folder && mkdir $folder
status 'a directory in place of a file' 3 "${run[@]}" settings w
rmdir $folder

# --- SARIF
put $folder '{"go.goplsPath": "x", "go.buildTags": "a", "go.buildTags": "b"}'
status 'sarif' 0 "${run[@]}" settings w --sarif
expect 'sarif is as 2.1.0 wants it' true "$(jq '
	.version == "2.1.0" and (.runs | length) == 1 and .runs[0].columnKind == "unicodeCodePoints"
	and (.runs[0] as $run | $run.tool.driver.name != "" and ($run.results | length) == 2
		and all($run.results[]; . as $r
			| $run.tool.driver.rules[$r.ruleIndex].id == $r.ruleId
			and ($r.level | IN("error", "warning", "note")) and $r.message.text != ""
			and $r.locations[0].physicalLocation.artifactLocation == {"uri": ".vscode/settings.json", "uriBaseId": "%SRCROOT%"}
			and $r.locations[0].physicalLocation.region.startLine >= 1
			and $r.locations[0].physicalLocation.region.startColumn >= 1))' out)"

# --- set, get, unset: only shown without --yes
before='{\r\n\t// mine\r\n\t"go.lintTool": "revive", // why\r\n\t"b": [1, 2,],\r\n}\r\n'
put $user '\xef\xbb\xbf'"$before"
cp $user kept
status 'shown only' 0 "${run[@]}" settings set go.lintTool '"staticcheck"' w
cmp -s $user kept || expect 'a file without --yes' same changed
expect 'the difference' '-+' "$(grep -E '^[-+][^-+]' out | cut -c1 | tr -d '\n')"
status 'written' 0 "${run[@]}" settings set go.lintTool '"staticcheck"' w --yes
put wanted '\xef\xbb\xbf{\r\n\t// mine\r\n\t"go.lintTool": "staticcheck", // why\r\n\t"b": [1, 2,],\r\n}\r\n'
cmp $user wanted || failures=$((failures + 1))
status 'a new member' 0 "${run[@]}" settings set gopls.staticcheck true w --yes
put wanted '\xef\xbb\xbf{\r\n\t// mine\r\n\t"go.lintTool": "staticcheck", // why\r\n\t"b": [1, 2,],\r\n\t"gopls": {\r\n\t\t"ui.diagnostic.staticcheck": true\r\n\t},\r\n}\r\n'
cmp $user wanted || failures=$((failures + 1))
status 'get' 0 "${run[@]}" settings get gopls.ui.diagnostic.staticcheck w --json
expect 'got' 'true user' "$(jq -r '"\(.value) \(.layers[0].layer)"' out)"
status 'default' 0 "${run[@]}" settings get go.testTimeout w --json
expect 'the default' '30s false' "$(jq -r '"\(.value) \(.set)"' out)"
status 'the journal' 0 "${run[@]}" journal --json
expect 'what it holds' '2 done' "$(jq -r '"\(.repairs | length) \(.repairs[0].state)"' out)"
status 'undo' 0 "${run[@]}" undo --last
status 'undo the one before' 0 "${run[@]}" undo --last
cmp $user kept || failures=$((failures + 1))
status 'nothing left to undo' 2 "${run[@]}" undo --last
status 'unset' 0 "${run[@]}" settings unset go.lintTool w --yes
expect 'unset keeps comments' 2 "$(grep -c '//' $user)"

# --- what others wrote meanwhile is theirs
printf '{"mine": 1}' >$user
status 'undo over a change of somebody else' 4 "${run[@]}" undo --last
expect 'their bytes' '{"mine": 1}' "$(cat $user)"
expect 'the difference is shown' 1 "$(grep -c '^+{"mine": 1}$' out)"

# --- links, modes, missing files
mkdir dotfiles && printf '{\n}\n' >dotfiles/settings.json && chmod 640 dotfiles/settings.json
ln -sf "$work/dotfiles/settings.json" $user
status 'through a link' 0 "${run[@]}" settings set go.buildTags '"a"' w --yes --layer user
expect 'the link stays' "$work/dotfiles/settings.json" "$(readlink $user)"
expect 'the mode stays' 640 "$(stat -c %a dotfiles/settings.json)"
expect 'nothing beside it' 1 "$(find dotfiles -type f | wc -l)"
chmod 444 dotfiles/settings.json
cp dotfiles/settings.json kept
status 'a protected file' 4 "${run[@]}" settings set go.buildTags '"b"' w --yes --layer user
cmp dotfiles/settings.json kept || failures=$((failures + 1))
rm -rf $user w/.vscode
status 'a file that is not there' 0 "${run[@]}" settings set go.buildTags '"b"' w --yes --layer folder
expect 'it is made' '{"go.buildTags":"b"}' "$(jq -c . $folder)"
status 'and goes again' 0 "${run[@]}" undo --last
expect 'with its directory' no "$(test -e w/.vscode && echo yes || echo no)"
put w/one.code-workspace '{\n  "folders": [{"path": "."}]\n}\n'
status 'a workspace file' 0 "${run[@]}" settings set go.buildTags '"c"' w --yes --layer workspace
expect 'its settings' c "$(jq -r '.settings["go.buildTags"]' w/one.code-workspace)"

# --- refused
put $folder '{"a": 1 "b": 2}'
status 'a file with a mistake' 3 "${run[@]}" settings set go.buildTags '"x"' w --yes --layer folder
status 'a key that never was' 2 "${run[@]}" settings set go.goplsPath '"x"' w --yes
status 'a wrong type' 2 "${run[@]}" settings set gopls.staticcheck '"true"' w --yes
status 'no JSON' 2 "${run[@]}" settings set go.buildTags x w --yes
expect 'and says how' 1 "$(grep -c "'\"x\"'" err)"
status 'a wrong place' 2 "${run[@]}" settings set http.proxy '"http://p:1"' w --yes --layer folder

# --- of several products the one used last counts
put home/.config/VSCodium/User/settings.json '{"go.buildTags": "codium"}'
touch -d '2001-01-01' $user "$work/dotfiles/settings.json"
status 'two products' 0 "${run[@]}" settings get go.buildTags w --json
expect 'the one used last' 'home/.config/VSCodium/User/settings.json' \
	"$(jq -r '.layers[] | select(.layer == "user").file' out | sed "s|^$work/||")"
rm -rf home/.config/VSCodium

# --- what the workspace brings along is not run; a pipe in place of a file is not waited for
mkdir -p evil/bin evil/.vscode
printf '#!/bin/sh\ntouch "%s/mark"\n' "$work" >evil/bin/gopls && chmod +x evil/bin/gopls
# shellcheck disable=SC2016 # a placeholder of the editor
put evil/.vscode/settings.json '{"go.alternateTools": {"gopls": "${workspaceFolder}/bin/gopls"}}'
status 'a gopls of the workspace' 0 "${run[@]}" settings evil --json
expect 'its schema' built-in "$(jq -r .schemas.gopls_from out)"
expect 'it did not run' no "$(test -e mark && echo yes || echo no)"
mkfifo evil/.vscode/launch.json
status 'a pipe' 3 "${run[@]}" settings evil

# --- without SQLite nothing is written, and check and lint work
mkdir broken && printf 'no library' >broken/libsqlite3.so.0
put $user '{}'
status 'no journal, no change' 4 env -i HOME="$work/home" PATH=/usr/bin:/bin LD_LIBRARY_PATH="$work/broken" \
	"$dialtone" settings set go.buildTags '"x"' w --yes --layer user
expect 'it names the library' 1 "$(grep -c 'libsqlite3' err)"
expect 'the file' '{}' "$(cat $user)"
rm -f $folder
status 'lint without it' 0 env -i HOME="$work/home" PATH=/usr/bin:/bin LD_LIBRARY_PATH="$work/broken" "$dialtone" settings w
exit $((failures > 0))
