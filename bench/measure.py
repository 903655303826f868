# SPDX-License-Identifier: MIT
"""What the benchmarks share: a warm project with its own HOME, paired runs, medians, the table."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DIALTONE = os.environ.get("DIALTONE", os.path.join(REPO, "build/dialtone"))
PROGRAMS = os.environ.get("BENCH_PROGRAMS", os.path.dirname(DIALTONE))
GO, GOPLS = "1.26.8", "v0.23.0"  # as the lab's default pair

MAIN = """package main

import (
	"fmt"

	"example.com/small/greet"
)

func own() string {
	return greet.Hello("world")
}

func main() {
	fmt.Println(own())
}
"""
OWN, STD = "13:13", "13:6"  # of own() and of fmt.Println in MAIN, as bare_client wants them
GREET = """// Package greet says hello.
package greet

// Hello greets somebody.
func Hello(name string) string {
	return "hello, " + name
}
"""


def program(name):
    return os.path.join(PROGRAMS, "bench-" + name)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


class Project:
    """A small module with a HOME of its own and warm caches; everything goes when it is closed."""

    def __init__(self):
        tools = os.environ.get("DIALTONE_TOOLS") or subprocess.run(
            [os.path.join(REPO, "tools/toolchains"), "--where"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
        self.scratch = tempfile.mkdtemp(prefix="dialtone-bench-")
        self.gopls = os.path.join(tools, "gopls", GOPLS, "gopls")
        goroot = os.path.join(tools, "go", GO)
        self.home = os.path.join(self.scratch, "home")
        self.dir = self.module("small")
        self.env = {"HOME": self.home, "USER": "bench", "LANG": "C.UTF-8", "GOTOOLCHAIN": "local", "GOPROXY": "off",
                    "PATH": "%s/bin:%s:/usr/bin:/bin" % (goroot, os.path.dirname(self.gopls))}
        os.makedirs(self.home)
        for _ in range(3):
            self.run(self.bare(self.dir))
            self.run(self.check(self.dir))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def module(self, name):
        path = os.path.join(self.scratch, name)
        write(path + "/go.mod", "module example.com/small\n\ngo 1.24\n")
        write(path + "/main.go", MAIN)
        write(path + "/greet/greet.go", GREET)
        return path

    def check(self, path, *more):
        return [DIALTONE, "check", path, "--environment", "self", *more]

    def bare(self, path):
        return [program("bare-client"), self.gopls, path, path + "/main.go", OWN, STD]

    def run(self, argv):
        """Wall time in ms and standard output; ends the benchmark when it fails."""
        start = time.perf_counter()
        done = subprocess.run(argv, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ms = (time.perf_counter() - start) * 1000
        if done.returncode != 0:
            sys.exit("%s: status %d\n%s%s" % (" ".join(argv), done.returncode, done.stdout, done.stderr))
        return ms, done.stdout


def paired(rounds, one, other):
    """Runs both by turns, each first as often as second: what disturbs one disturbs the other."""
    results = [], []
    for i in range(rounds):
        for which in (0, 1) if i % 2 == 0 else (1, 0):
            results[which].append((one, other)[which]())
    return results


def start_ms(argv, env):
    """One start of a program, from spawning it until it has been reaped."""
    actions = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    status = os.waitpid(pid, 0)[1]
    ms = (time.perf_counter() - start) * 1000
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit("%s: status %d" % (" ".join(argv), os.waitstatus_to_exitcode(status)))
    return ms


def median(values):
    return statistics.median(values)


def spread(values, unit):
    """Median and the middle four fifths."""
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 10], ordered[len(ordered) - 1 - len(ordered) // 10]
    return "%s %s (%s-%s)" % (number(median(values)), unit, number(low), number(high))


def number(value):
    return "%.2f" % value if abs(value) < 10 else "%.1f" % value if abs(value) < 100 else "%.0f" % value


def row(figure, ours, peer, limit, measured, allowed, unit):
    """One line of the table. ours and peer are texts; measured and allowed decide, None when there is no limit."""
    met = "-" if allowed is None else "met" if measured <= allowed else "NOT MET"
    return {"figure": figure, "dialtone": ours, "peer": peer, "limit": limit, "met": met,
            "measured": "%s %s" % (number(measured), unit) if unit and measured is not None else None}


def table(rows):
    heads = ["figure", "dialtone", "peer", "measured", "limit", "met"]
    cells = [heads] + [[r[h] or "-" for h in heads] for r in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in cells)


def main(figures):
    """The end of each script: prints its table, or its rows as JSON for bench/check."""
    rows = figures()
    print(json.dumps(rows) if "--json" in sys.argv[1:] else table(rows))
    sys.exit(1 if any(r["met"] == "NOT MET" for r in rows) else 0)
