#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""compare.py OURS DUMP [--running]: two lists of goroutines, one by one. Prints "N of M equal" and what differs; status 1 when less
than 99.9 % of the parked ones are equal. Left out: those that moved (running or runnable in either list, or with a state
that says so), those that the signal moved, and the runtime's two that tidy up by the clock. DUMP may be one of SIGQUIT:
fp, sp and pc behind each line do not count. --running: instead those that both say are running and have a stack of."""
import re
import sys

ARGUMENTS = re.compile(r"\([^()]*\)$")
LEVEL2 = re.compile(r" (gp|mp)=0x[0-9a-f]+| m=(nil|\d+)| (fp|sp|pc)=0x[0-9a-f]+")
REGISTER = re.compile(r"^[a-z][a-z0-9]* +0x[0-9a-f]+$")  # follow the last one without a blank line
HEADER = re.compile(r"^goroutine (\d+) \[([^]]*)\](.*)$")
MOVED = ("os/signal.signal_recv", "os/signal.loop", "runtime/pprof.", "runtime.bgscavenge", "runtime.bgsweep")


def goroutines(path):
    """id -> (status, lines)"""
    found = {}
    with open(path, encoding="utf-8") as f:
        lines = LEVEL2.sub("", f.read()).split("\n")
    current = None
    for line in lines:
        header = HEADER.match(line)
        if header:
            current = found[int(header.group(1))] = (header.group(2), [line])
        elif not line or REGISTER.match(line):
            current = None
        elif current is not None:
            current[1].append(line if line.startswith(("\t", "created by", "...")) else ARGUMENTS.sub("(...)", line))
    return found


def is_still(entry):
    status = entry[0].split(",")[0].split(" (scan)")[0]
    return status not in ("running", "runnable", "idle") and ", torn" not in entry[0] and \
        not any(line.startswith(MOVED) for line in entry[1])


def runs(entry):
    return entry[0].startswith("running") and not any("stack unavailable" in line for line in entry[1])


def main():
    ours, theirs = (goroutines(path) for path in sys.argv[1:3])
    if "--running" in sys.argv:
        both = [i for i in sorted(set(ours) & set(theirs)) if i != 0 and runs(ours[i]) and runs(theirs[i])]
        different = [i for i in both if ours[i] != theirs[i]]
        for i in different:
            print("--- ours\n%s\n--- theirs\n%s" % ("\n".join(ours[i][1]), "\n".join(theirs[i][1])))
        print("%d of %d running equal" % (len(both) - len(different), len(both)))
        return 1 if different else 0
    ours.pop(0, None)
    theirs.pop(0, None)  # g0, which is not in the list of goroutines
    both = set(ours) & set(theirs)
    still = [i for i in sorted(both) if is_still(ours[i]) and is_still(theirs[i])]
    different = [i for i in still if ours[i] != theirs[i]]
    lone = sorted(i for i in set(ours) ^ set(theirs) if is_still(ours.get(i) or theirs[i]))
    for i in different[:5]:
        print("--- ours\n%s\n--- theirs\n%s" % ("\n".join(ours[i][1]), "\n".join(theirs[i][1])))
    for i in lone[:5]:
        print("--- only %s\n%s" % ("ours" if i in ours else "theirs", "\n".join((ours.get(i) or theirs[i])[1])))
    bad = len(different) + len(lone)
    print("%d of %d equal, %d left out" % (len(still) - len(different), len(still) + len(lone), len(both) - len(still)))
    return 0 if still and bad * 1000 <= len(still) + len(lone) else 1


if __name__ == "__main__":
    sys.exit(main())
