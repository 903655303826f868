#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The completions in the shells themselves: bash's function called as bash does, fish asked, zsh typed to in a terminal.
# DIALTONE: the program; TEST_TMP: a folder of ours.
set -uo pipefail
dialtone=$(readlink -f "${DIALTONE:?the program}")
work=${TEST_TMP:?a folder}/completion
mkdir -p "$work/home/some-directory"
cd "$work/home" || exit 1
export HOME=$work/home
touch some-file
failures=0
for shell in bash zsh fish; do
	"$dialtone" completion $shell >"../$shell" || failures=$((failures + 1))
done

# in_bash WORD...: the candidates for the last word, one a line.
in_bash() {
	bash --norc -c 'source ../bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dialtone; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}
in_fish() {
	local line=$*
	fish --no-config -c "source ../fish; complete -C '$line'" | cut -f1
}
# in_zsh LINE WANTED: types LINE and a tab into an interactive zsh, and has it print what became of the line.
in_zsh() {
	python3 - "$@" <<'END'
import os, pty, select, sys, time
line, wanted = sys.argv[1].encode(), sys.argv[2].encode()
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(PS1="READY> ", TERM="dumb")
    os.execvp("zsh", ["zsh", "-f", "-i"])
def read_until(mark, seconds=20):
    seen, end = b"", time.monotonic() + seconds
    while mark not in seen and time.monotonic() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                seen += os.read(fd, 65536)
            except OSError:
                break
    return mark in seen
read_until(b"READY> ")
os.write(fd, b"autoload -U compinit; compinit -D -u; source ../zsh; LISTMAX=500; print DO''NE\n")
read_until(b"DONE")
os.write(fd, line + b"\t\x01print -r -- GOT \x05\n")
print(wanted.decode() if read_until(b"\nGOT " + wanted) else "nothing like it")
os.close(fd)
END
}

expect() { # WHAT WANTED GOT: one of the lines
	if ! grep -qxF -- "$2" <<<"$3"; then
		printf 'FAIL %s: expected <%s> among <%s>\n' "$1" "$2" "$3"
		failures=$((failures + 1))
	fi
}

expect 'bash: a command' explain "$(in_bash dialtone expl)"
expect 'bash: a directory instead of a command' some-directory "$(in_bash dialtone some-d)"
expect 'bash: an option' --environment "$(in_bash dialtone check --env)"
expect 'bash: the value of an option' vscode "$(in_bash dialtone --editor vs)"
expect 'bash: the value of a short option' vscode "$(in_bash dialtone check -e vs)"
expect 'bash: a file for an option' some-file "$(in_bash dialtone check --file some-f)"
expect 'bash: a cause' env-goroot-wrong "$(in_bash dialtone explain env-goroot-w)"
if in_bash dialtone explain --e | grep -q -- --editor; then
	echo 'FAIL bash: an option of another command'
	failures=$((failures + 1))
fi
expect 'fish: a command' explain "$(in_fish dialtone expl)"
expect 'fish: an option' --environment "$(in_fish dialtone check --env)"
expect 'fish: the value of an option' vscode "$(in_fish dialtone --editor vs)"
expect 'fish: a cause' env-goroot-wrong "$(in_fish dialtone explain env-goroot-w)"
expect 'zsh: a command' 'dialtone explain' "$(in_zsh 'dialtone expl' 'dialtone explain')"
expect 'zsh: an option' 'dialtone check --environment' "$(in_zsh 'dialtone check --envir' 'dialtone check --environment')"
expect 'zsh: a cause' 'dialtone explain env-goroot-wrong' "$(in_zsh 'dialtone explain env-goroot-w' 'dialtone explain env-goroot-wrong')"
exit $((failures > 0))
