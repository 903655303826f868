# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Other Gos, other gopls, version managers.
# shellcheck disable=SC2034,SC2154,SC2086 # the setups and ../helpers.bash use and set these; $H has no blank

gopls_copy() {
	mkdir -p "${1%/*}"
	cp "$LAB/gopls/$GOPLSVER/gopls" "$1"
}

gopls_remove() { rm -f "$H/go/bin/gopls"; }

gopls_other() {
	[ -f "$LAB/gopls/$1/gopls" ] || skip "the lab has no gopls $1"
	mkdir -p "${2%/*}"
	cp "$LAB/gopls/$1/gopls" "$2"
}

# A Go installation of its own, which may be damaged, at DIR.
go_mount_() {
	local layer
	layer=$(mktemp -d "$LAB/layer.XXXXXX")
	mount -t tmpfs -o mode=755 none "$layer"
	mkdir -p "$layer/up" "$layer/work" "$2"
	mount -t overlay -o "lowerdir=$LAB/go/$1,upperdir=$layer/up,workdir=$layer/work" overlay "$2"
}

go_other() {
	[ -d "$LAB/go/$1" ] || skip "the lab has no go $1"
	go_mount_ "$1" "$2"
}

go_other_any() {
	local dir
	for dir in "$LAB"/go/*/; do
		OTHERGO=$(basename "$dir")
		case $OTHERGO in "$GOVER" | 1.20.*) continue ;; esac # 1.20 is there for what no Go of today does
		if [ -x "$dir/bin/go" ]; then
			go_mount_ "$OTHERGO" "$1"
			return
		fi
	done
	skip "the lab has only one go"
}

# The real mise as /usr/local/bin/mise. Its shims lie in $H/.local/share/mise/shims.
mise_install() {
	local found
	found=$(echo "$LAB"/mise/*/mise)
	[ -x "$found" ] || skip "the lab has no mise (tools/toolchains --mise)"
	cp "$found" /usr/local/bin/mise
}

# The other two version managers are only to be had from their own sites; these do what theirs do (asdf 0.14 with
# asdf-golang, goenv 2.2), so far as a shim of go needs it.
asdf_install() {
	mkdir -p $H/.asdf/bin $H/.asdf/shims $H/.asdf/installs/golang
	cat >$H/.asdf/bin/asdf <<'END'
#!/usr/bin/env bash
# asdf exec NAME ARGS…
[ "${1:-}" = exec ] || exit 1
name=$2
shift 2
data=${ASDF_DATA_DIR:-$HOME/.asdf}
version=${ASDF_GOLANG_VERSION:-}
dir=$PWD
while [ -z "$version" ]; do
	if [ -f "$dir/.tool-versions" ]; then version=$(sed -n 's/^golang  *\([^ #]*\).*/\1/p' "$dir/.tool-versions"); fi
	[ "$dir" != / ] || break
	dir=$(dirname "$dir")
done
if [ -z "$version" ] && [ -f "$HOME/.tool-versions" ]; then version=$(sed -n 's/^golang  *\([^ #]*\).*/\1/p' "$HOME/.tool-versions"); fi
if [ -z "$version" ]; then
	printf 'No version is set for command %s\nConsider adding one of the following versions in your config file at %s/.tool-versions\n' "$name" "$PWD" >&2
	ls "$data/installs/golang" | sed 's/^/golang /' >&2
	exit 126
fi
root=$data/installs/golang/$version
if [ ! -d "$root" ]; then
	printf 'No preset version installed for command %s\nPlease install a version by running one of the following:\n\nasdf install golang %s\n' "$name" "$version" >&2
	exit 126
fi
for program in "$root/go/bin/$name" "$root/packages/bin/$name"; do
	if [ -x "$program" ]; then exec env GOROOT="$root/go" "$program" "$@"; fi
done
printf 'unknown command: %s. Perhaps you have to reshim?\n' "$name" >&2
exit 126
END
	chmod 755 $H/.asdf/bin/asdf
	asdf_shim go
	asdf_shim gofmt
}

asdf_shim() {
	printf '#!/usr/bin/env bash\n# asdf-plugin: golang\nexec %s/.asdf/bin/asdf exec "%s" "$@"\n' "$H" "$1" >$H/.asdf/shims/"$1"
	chmod 755 $H/.asdf/shims/"$1"
}

goenv_install() {
	mkdir -p $H/.goenv/bin $H/.goenv/shims $H/.goenv/versions
	cat >$H/.goenv/bin/goenv <<'END'
#!/usr/bin/env bash
[ "${1:-}" = exec ] || exit 1
name=$2
shift 2
root=${GOENV_ROOT:-$HOME/.goenv}
version=${GOENV_VERSION:-}
dir=$PWD
while [ -z "$version" ] && [ "$dir" != / ]; do
	if [ -f "$dir/.go-version" ]; then version=$(head -n 1 "$dir/.go-version"); fi
	dir=$(dirname "$dir")
done
if [ -z "$version" ] && [ -f "$root/version" ]; then version=$(head -n 1 "$root/version"); fi
if [ -z "$version" ] || [ ! -x "$root/versions/$version/bin/$name" ]; then
	printf "goenv: '%s' command not found\n\nThe '%s' command exists in these Go versions:\n" "$name" "$name" >&2
	ls "$root/versions" >&2
	exit 127
fi
exec env GOROOT="$root/versions/$version" "$root/versions/$version/bin/$name" "$@"
END
	chmod 755 $H/.goenv/bin/goenv
	goenv_shim go
	goenv_shim gofmt
}

goenv_shim() {
	# shellcheck disable=SC2016 # the shim expands it
	printf '#!/usr/bin/env bash\nset -e\nprogram="${0##*/}"\nexport GOENV_ROOT="%s/.goenv"\nexec "%s/.goenv/bin/goenv" exec "$program" "$@"\n' \
		"$H" "$H" >$H/.goenv/shims/"$1"
	chmod 755 $H/.goenv/shims/"$1"
}

goroot_move() {
	mkdir -p "$1"
	mount --move /usr/local/go "$1"
	rmdir /usr/local/go
}

# A proxy of files in DIR with a release of gopls that anybody can compile at once: a few lines that become the real one.
gopls_source() {
	local ver=$1 dir=$2/golang.org/x/tools/gopls/@v
	mkdir -p "$dir"
	cp "$H/go/bin/gopls" /usr/local/lib/gopls-itself
	printf '%s\n' "$ver" >>"$dir/list"
	printf '{"Version":"%s","Time":"2026-03-01T12:00:00Z"}' "$ver" >"$dir/$ver.info"
	printf 'module golang.org/x/tools/gopls\n\ngo 1.21\n' >"$dir/$ver.mod"
	python3 - "$dir/$ver" "golang.org/x/tools/gopls@$ver" <<-'P'
		import sys, zipfile
		main = """package main

		import (
			"os"
			"syscall"
		)

		func main() {
			panic(syscall.Exec("/usr/local/lib/gopls-itself", os.Args, os.Environ()))
		}
		"""
		with zipfile.ZipFile(sys.argv[1] + ".zip", "w") as z:
		    z.write(sys.argv[1] + ".mod", sys.argv[2] + "/go.mod")
		    z.writestr(sys.argv[2] + "/main.go", main)
	P
}
