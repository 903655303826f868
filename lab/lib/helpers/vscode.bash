# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What VS Code keeps: settings, state, extensions.
# shellcheck disable=SC2034,SC2154,SC2086 # the setups and ../helpers.bash use and set these; $H has no blank

vscode_settings() {
	local file
	case $1 in
	user) file=$H/.config/Code/User/settings.json ;;
	folder) file=$W/.vscode/settings.json ;;
	machine) file=$H/.vscode-server/data/Machine/settings.json ;;
	*) echo "lab: vscode_settings user|folder|machine" >&2 && return 2 ;;
	esac
	mkdir -p "${file%/*}"
	cat >"$file"
}

# The state database of a product of the VS Code family: vscode_state DIR KEY JSON (DIR: its folder below ~/.config).
vscode_state() {
	local file="$H/.config/$1/User/globalStorage/state.vscdb"
	mkdir -p "${file%/*}"
	python3 - "$file" "$2" "$3" <<-'P'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute("CREATE TABLE IF NOT EXISTS ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
		db.execute("INSERT INTO ItemTable VALUES (?, ?)", sys.argv[2:4])
		db.commit()
	P
}

# vscode_trust PRODUCT FOLDER=true|false...: its list of trusted folders.
vscode_trust() {
	local product=$1 list="" one
	shift
	for one in "$@"; do
		list+="${list:+,}{\"uri\":{\"\$mid\":1,\"path\":\"${one%=*}\",\"scheme\":\"file\"},\"trusted\":${one##*=}}"
	done
	vscode_state "$product" content.trust.model.key "{\"uriTrustInfo\":[$list]}"
}

# vscode_opened PRODUCT FOLDER: it has had this folder open.
vscode_opened() {
	local dir
	dir="$H/.config/$1/User/workspaceStorage/$(printf '%s' "$2" | md5sum | cut -c1-32)"
	mkdir -p "$dir"
	printf '{\n\t"folder": "file://%s"\n}' "$2" >"$dir/workspace.json"
}

# vscode_extension DIR ID VERSION [COMMAND...]: an extension as it lies in DIR (~/.vscode/extensions), and in its list.
vscode_extension() {
	python3 - "$@" <<-'P'
		import json, os, sys
		top, name, version, *commands = sys.argv[1:]
		path = "%s/%s-%s" % (top, name, version)
		os.makedirs(path, exist_ok=True)
		publisher, short = name.split(".")
		with open(path + "/package.json", "w") as f:
		    json.dump({"name": short, "publisher": publisher, "version": version,
		               "contributes": {"commands": [{"command": c, "title": c} for c in commands]}}, f)
		try:
		    with open(top + "/extensions.json") as f:
		        known = json.load(f)
		except OSError:
		    known = []
		known.append({"identifier": {"id": name}, "version": version, "location": {"$mid": 1, "path": path, "scheme": "file"},
		              "relativeLocation": os.path.basename(path), "metadata": {"installedTimestamp": 1760000000000}})
		with open(top + "/extensions.json", "w") as f:
		    json.dump(known, f)
	P
}
