#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A workspace too big to be walked to its end: the causes that the rest could hold are named in cannot_tell.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
work=${TEST_TMP:?a folder}/big
files=25000 # more than src/world/looks.h lets one walk see
mkdir -p "$work/project"
cd "$work" || exit 1
export HOME=$work
printf 'module example.com/m\n\ngo 1.21\n' >project/go.mod
printf 'package m\n' >project/m.go
failures=0

# doubts ARGUMENT...: the ids below cannot_tell, one a line, sorted, when the walk is the reason.
doubts() {
	"$dialtone" check project --no-server --environment self --json "$@" >report.json
	python3 -c '
import json
for doubt in json.load(open("report.json"))["cannot_tell"]:
    if "the walk below" in doubt["because"]: print(doubt["id"])' | sort
}

expect() { # WHAT WANTED GOT
	if [ "$2" != "$3" ]; then
		printf 'FAIL %s: expected <%s> got <%s>\n' "$1" "$2" "$3"
		failures=$((failures + 1))
	fi
}

expect 'a small workspace' '' "$(doubts)"
for ((d = 0; d < files / 500; d++)); do
	mkdir -p "project/d$d"
	(cd "project/d$d" && seq -f 'f%g.txt' 500 | xargs touch)
done
nested=mod-nested-not-in-workspace # its go.mod may be in what was not seen
expect 'a big workspace' $nested "$(doubts | grep -x $nested)"
expect 'a big workspace whose open file is named' '' "$(doubts --file m.go)"
exit $((failures > 0))
