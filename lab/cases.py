# SPDX-License-Identifier: MIT
"""Faults and healthy set-ups: what lies in their folders, and what their `expect` says."""
import os
import re
import shutil

from assessment import version_key
from machine import LAB


def read_lines(path):
    with open(path, encoding="utf-8") as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]


def statements(lines):
    """{word: [rest, ...]} of the lines of an `expect`."""
    out = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        out.setdefault(word, []).append(rest.strip())
    unknown = set(out) - {"cause", "root", "also", "names", "note", "silent", "verdict", "judge", "args", "needs", "alone", "left", "long"}
    if unknown:
        raise ValueError("unknown word in expect: %s" % ", ".join(sorted(unknown)))
    return out


class Case:
    def __init__(self, kind, name):
        self.kind, self.name = kind, name
        self.path = "%s/%s" % (kind, name)
        self.lines = read_lines(os.path.join(LAB, self.path, "expect"))
        self.expect = statements(self.lines)
        if not {"cause", "root", "silent"} & self.expect.keys():
            raise ValueError("expect needs `cause ID`, `root ID` or `silent`")
        for file in ("why", "setup"):
            if not os.path.isfile(os.path.join(LAB, self.path, file)):
                raise ValueError("no file %s" % file)

    def verdicts(self):
        said = " ".join(self.expect.get("verdict", [])).split()
        return said or (["healthy"] if "silent" in self.expect else ["broken", "degraded"])

    def judged(self):
        return self.expect.get("judge", ["healthy" if self.verdicts() == ["healthy"] else "broken"])[0]

    def cause_and_variant(self):
        cause = self.expect.get("cause", ["-"])[0]
        return (cause, self.name[len(cause):].lstrip("-") or "-") if self.name.startswith(cause) else (cause, self.name)

    def has_fix(self):
        roots = [self.cause_and_variant()[0]] + self.expect.get("root", [])
        return any(os.path.isfile(os.path.join(os.path.dirname(LAB), "src/fixes", r.replace("-", "_") + ".c")) for r in roots)

    def long_s(self):
        """How much longer than another one it takes: what shows only after minutes runs when it is named."""
        return int(self.expect.get("long", ["0"])[0])

    def fixes(self):
        """Causes to name for `dialtone fix`: several at once are mended unnamed, as they come."""
        return [] if self.expect.get("root") or len(self.expect.get("cause", [])) > 1 else self.expect.get("cause", [])[:1]

    def unmet(self, pair):
        """Why this case cannot be had here, or None."""
        for need in self.expect.get("needs", []):
            m = re.fullmatch(r"(go|gopls)\s*(>=|<)\s*v?([0-9.]+)", need)
            if m:
                have, want = version_key(getattr(pair, m.group(1))), version_key(m.group(3))
                if (have < want) if m.group(2) == ">=" else (have >= want):
                    return "needs " + need
            elif need == "fuse":
                if not os.path.exists("/dev/fuse"):
                    return "needs /dev/fuse"
            elif not shutil.which(need):
                return "needs %s, which is not installed" % need
        return None


def find_cases(names):
    cases, bad = [], []
    for kind in ("faults", "healthy"):
        base = os.path.join(LAB, kind)
        for name in sorted(os.listdir(base)) if os.path.isdir(base) else []:
            full = "%s/%s" % (kind, name)
            if names and not any(name.startswith(n.rstrip("/")) or full.startswith(n.rstrip("/")) for n in names):
                continue
            try:
                cases.append(Case(kind, name))
            except (OSError, ValueError) as e:
                bad.append((name, str(e)))
    return cases, bad
