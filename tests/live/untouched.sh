#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# With -mod=mod go itself adds to go.mod what it lacks, and so does every server that is only tried out: not here.
# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
surroundings untouched
real_tools
mkdir -p home neighbour project tmp
printf 'module example.com/neighbour\n\ngo 1.21\n' >neighbour/go.mod
printf 'package neighbour\n\nfunc One() int { return 1 }\n' >neighbour/n.go
printf 'module example.com/m\n\ngo 1.21\n\nreplace example.com/neighbour => ../neighbour\n' >project/go.mod
printf 'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/neighbour"\n)\n\nfunc main() {\n\tfmt.Println(neighbour.One())\n}\n' >project/main.go
export HOME=$work/home PATH=$gopls_dir:$go_dir:/usr/bin:/bin GOPROXY=off TMPDIR=$work/tmp
check=(@ check "$work/project" --editor none --environment self)

same() { # NAME
	if ! manifest project | cmp -s before -; then fail "$1: the project is not what it was: $(manifest project | diff before - | head -5)"; fi
	if [ -n "$(find tmp -mindepth 1 -name 'dialtone-*')" ]; then fail "$1: something is left in TMPDIR"; fi
}

manifest project >before
ask 'a requirement is missing' 20 "${check[@]}"
if [ "$status" != 1 ]; then fail "a requirement is missing: status $status"; fi
same 'a requirement is missing'
ask 'with -mod=mod' 20 env GOFLAGS=-mod=mod "${check[@]}"
if [ "$status" != 0 ]; then fail "with -mod=mod: status $status: $(head -c 600 out)"; fi
same 'with -mod=mod'
# The test can fail: go writes it.
(cd project && GOFLAGS=-mod=mod go list -deps ./... >/dev/null 2>&1)
if manifest project | cmp -s before -; then fail 'go itself wrote nothing, so nothing is shown here'; fi
finish
