#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""why.py JSON EXPECTED: what `dialtone stacks --why --json` says of the program in why/, against what the program says of
itself. Everything expected has to be there, and nothing more may be claimed as proven or likely of what is named; circles
of goroutines have to be exactly those that are. Prints a count, and what differs; status 1 when anything does."""
import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        told = json.load(f)
    with open(sys.argv[2], encoding="utf-8") as f:
        lines = [line.split() for line in f if not line.startswith("ready")]
    wrong = []
    objects = {(o["kind"], int(o["address"], 16)): o for o in told["objects"]}
    for line in lines:
        if line[0] not in ("hold", "none"):
            continue
        o = objects.get((line[1], int(line[2], 16)))
        if o is None:
            wrong.append("not told of: %s" % " ".join(line))
            continue
        expected, proof = {}, None
        for word in line[3:]:
            if word.isdigit():
                expected[int(word)] = proof
            else:
                proof = word
        claimed = {h["goroutine"]: h["proof"] for h in o["holders"] if h["proof"] != "possible"}
        if claimed != expected:
            wrong.append("%s: claimed %s" % (" ".join(line), claimed))
    rings = {(c["proof"], frozenset(x["goroutine"] for x in c["links"])) for c in told["deadlocks"]}
    real = {(line[1], frozenset(map(int, line[2:]))) for line in lines if line[0] == "dead"}
    wrong += ["deadlock not told of: %s %s" % (p, sorted(r)) for p, r in real - rings]
    wrong += ["no deadlock: %s %s" % (p, sorted(r)) for p, r in rings - real]
    for text in wrong:
        print(text)
    print("%d of %d as expected, %d deadlocks" % (len(lines) - len(wrong), len(lines), len(real)))
    return 1 if wrong or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
