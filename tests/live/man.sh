#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The manual pages: scdoc and groff take them without a word, and every option of every command is in its page.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
work=${TEST_TMP:?a folder}/man
failures=0
fail() {
	printf 'FAIL %s\n' "$*"
	failures=$((failures + 1))
}
tools/man "$dialtone" "$work" || fail "tools/man: status $?"
pages=("$work"/dialtone-*.1)
if [ ${#pages[@]} -lt 5 ]; then fail "only ${#pages[@]} pages of commands"; fi
for page in "${pages[@]}"; do
	command=${page##*/dialtone-}
	command=${command%.1}
	text=$(groff -man -Tascii -P-cbou -ww "$page" 2>"$work/err") || fail "$command: groff"
	if [ -s "$work/err" ]; then fail "$command: $(head -n 3 "$work/err")"; fi
	while read -r option; do
		if ! grep -qF -- "$option" <<<"$text"; then fail "$command: $option is not in its page"; fi
	done < <("$dialtone" help "$command" | grep -oE -- '--[a-z][a-z-]+' | sort -u)
done
if ! groff -man -Tascii -P-cbou "$work/dialtone.1" 2>"$work/err" | grep -q 'EXIT STATUS'; then fail 'dialtone(1)'; fi
exit $((failures > 0))
