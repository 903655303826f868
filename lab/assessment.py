# SPDX-License-Identifier: MIT
"""docs/lab.md: what dialtone said of each real fault, and how far its words can be trusted."""
import os
import re


def version_key(text):
    return [int(x) for x in re.findall(r"[0-9]+", text)]


def wanted(case):
    """The ids that may stand first: the one demanded, or any of the roots of several faults at once."""
    return case.expect.get("cause", [])[:1] or case.expect.get("root", []) + case.expect.get("also", [])


def allowed(case):
    return {i for key in ("cause", "root", "also") for i in case.expect.get(key, [])}


def share(good, of):
    return "-" if of == 0 else "%d/%d" % (good, of) if good < of else "%d" % of


class Score:
    """Of one cause (or of all of them) with one pair of go and gopls."""

    def __init__(self):
        self.there = self.named = self.said = self.right = 0

    def add(self, there, named, said, right):
        self.there += there
        self.named += there and named
        self.said += said
        self.right += said and right


def tally(outcomes):
    """{(cause, pair): Score}, with None for all causes and for all pairs."""
    scores = {}

    def score(cause, pair):
        return scores.setdefault((cause, pair), Score())

    for o in outcomes:
        if o.status == "skipped" or o.cured:
            continue
        first = o.found[0] if o.found else None
        for pair in (o.pair, None):
            roots = o.case.expect.get("root", [])
            if wanted(o.case):
                hit = first in wanted(o.case) and all(r in o.found for r in roots)
                score(None, pair).add(True, hit, False, False)
            for cause in o.case.expect.get("cause", [])[:1]:
                score(cause, pair).add(True, first == cause, False, False)
            for cause in roots:
                score(cause, pair).add(True, cause in o.found, False, False)
            for found in o.found:
                right = found in allowed(o.case)
                score(found, pair).add(False, False, True, right)
                score(None, pair).add(False, False, True, right)
    return scores


def pairs_of(outcomes):
    return sorted({o.pair for o in outcomes}, key=lambda p: version_key(p.go))


def write_assessment(f, outcomes):
    scores, pairs = tally(outcomes), pairs_of(outcomes)
    f.write("\n## How often it is right\n\n*Recall*: of the set-ups with this fault, those in which it is the first cause named (with several faults at once: in which\n"
            "it is named; in the last line: in which one of them comes first and all are named). *Precision*: of the times this cause was named at all, healthy set-ups included, those where it is there. A bare number is all of them.\n\n"
            "| cause | " + " | ".join("go %s, gopls %s" % (p.go, p.gopls) for p in pairs) + " | recall | precision |\n|---|" + "---|" * (len(pairs) + 2) + "\n")
    for cause in sorted({c for c, _ in scores if c}) + [None]:
        cells = []
        for pair in pairs + [None]:
            s = scores.get((cause, pair), Score())
            cells.append(share(s.named, s.there))
        s = scores.get((cause, None), Score())
        f.write("| %s | %s | %s |\n" % (cause or "**all**", " | ".join(cells), share(s.right, s.said)))


def cell(o):
    if o is None or o.status == "skipped":
        return "-"
    return ("%d" % o.ms if o.ms is not None else "?") + ("" if o.status == "ok" else " **failed**")


def write_cases(f, outcomes, kind, title):
    rows = {}
    for o in outcomes:
        if o.case.kind == kind:
            rows.setdefault(o.case.name, {})[o.pair] = o
    pairs = pairs_of(outcomes)
    f.write("\n## %s\n\nMilliseconds until the verdict; - where it was not run with this pair, or cannot be had with it.\n\n| set-up | verdict | " % title)
    f.write(" | ".join(p.go for p in pairs) + " |\n|---|---|" + "---|" * len(pairs) + "\n")
    for name in sorted(rows):
        verdicts = sorted({o.verdict for o in rows[name].values() if o.status != "skipped"})
        f.write("| %s | %s | %s |\n" % (name, " ".join(verdicts) or "-", " | ".join(cell(rows[name].get(p)) for p in pairs)))


def write(outcomes, path):
    outcomes = [o for o in outcomes if not o.cured]
    with open(path, "w", encoding="utf-8") as f:
        f.write("# The lab's last full run\n\nWritten by `lab/run --turns --report`: every set-up with one pair of Go and gopls, and by turns with one of the others. What the folders mean: [lab/README.md](../lab/README.md). The times are those of `dialtone check`, on a machine\n"
                "with %d processors that ran %d cases side by side.\n" % (os.cpu_count(), min(os.cpu_count() or 1, 2)))
        write_assessment(f, outcomes)
        write_cases(f, outcomes, "faults", "Faults")
        write_cases(f, outcomes, "healthy", "Healthy set-ups that look odd")
        counts = {s: sum(o.status == s for o in outcomes) for s in ("ok", "failed", "skipped")}
        times = sorted(o.ms for o in outcomes if o.ms is not None and o.case.kind == "faults")
        f.write("\n%d passed, %d failed, %d skipped." % (counts["ok"], counts["failed"], counts["skipped"]))
        if times:
            f.write(" Median over the faults: %d ms, slowest %d ms." % (times[len(times) // 2], times[-1]))
        f.write("\n")
