# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Workspaces, modules and the module cache.
# shellcheck disable=SC2034,SC2154,SC2086 # the setups and ../helpers.bash use and set these; $H has no blank

workspace() { W=$1; }

open_file() { case $1 in /*) declare_ file "$1" ;; *) declare_ file "$W/$1" ;; esac }

module_small() {
	workspace "${1:-$W}"
	mkdir -p "$W/a" "$W/b" "$W/cmd/app"
	printf 'module example.com/small\n\ngo 1.23\n' >"$W/go.mod"
	cat >"$W/a/a.go" <<'END'
// Package a prepares names.
package a

import "strings"

// Title returns the name with a capital letter.
func Title(name string) string {
	return strings.ToUpper(name[:1]) + name[1:]
}
END
	cat >"$W/b/b.go" <<'END'
// Package b greets.
package b

import (
	"fmt"

	"example.com/small/a"
)

// Greet returns the greeting for a name.
func Greet(name string) string {
	return fmt.Sprintf("hello, %s", a.Title(name))
}
END
	cat >"$W/cmd/app/main.go" <<'END'
package main

import (
	"fmt"

	"example.com/small/b"
)

func main() {
	fmt.Println(b.Greet("world"))
}
END
	open_file cmd/app/main.go
}

module_deps() {
	module_small "$@"
	mkdir -p "$W/c"
	cat >"$W/c/c.go" <<'END'
// Package c names the colour of the day.
package c

import "lab.example/colour"

// Today returns its name.
func Today() string { return colour.Name("blue") }
END
	cat >"$W/cmd/app/main.go" <<'END'
package main

import (
	"fmt"

	"lab.example/colour"

	"example.com/small/b"
)

func main() {
	fmt.Println(colour.Name("green"), b.Greet("world"))
}
END
	third_party_require "$W" lab.example/colour v1.2.0
	as_user_go "$W" mod tidy
}

third_party_require() { as_user_go "$1" get "$2@$3"; }

modcache_forget() {
	local dir=$H/go/pkg/mod file
	chmod -R u+w "$dir/$1@$2" 2>/dev/null || true
	rm -rf "${dir:?}/$1@$2"
	for file in "$dir/cache/download/$1/@v/$2".*; do rm -f "$file"; done
	# go keeps the list of versions it knows of; a version that is forgotten is not in it.
	[ ! -f "$dir/cache/download/$1/@v/list" ] || sed -i "/^$2\$/d" "$dir/cache/download/$1/@v/list"
}

# As a download that has come to the zip file: what the version is and needs is here, its files are not.
modcache_forget_zip() {
	local dir=$H/go/pkg/mod
	chmod -R u+w "$dir/$1@$2"
	rm -rf "${dir:?}/$1@$2" "$dir/cache/download/$1/@v/$2".zip "$dir/cache/download/$1/@v/$2".ziphash
}
