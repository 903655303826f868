# SPDX-License-Identifier: MIT
"""What was expected of a case beside what dialtone and the judge said."""
import json

from cases import statements

EXIT_STATUS = {"healthy": 0, "degraded": 1, "broken": 1, "unknown": 3}


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from strings_in(v)
    elif isinstance(value, list):
        for v in value:
            yield from strings_in(v)


def nameable(cause):
    """What counts as named: everything but pasted excerpts."""
    parts = [cause.get("subject"), cause.get("title"), cause.get("fixes")] + [e.get("source") for e in cause.get("evidence", [])]
    return "\n".join(strings_in(parts))


def compare_report(case, expect, report):
    wrong = []
    ids = [c.get("id") for c in report.get("causes", [])]
    notes = [c.get("id") for c in report.get("notes", [])]
    if report.get("verdict") not in case.verdicts():
        wrong.append("expected verdict %s got %s" % ("|".join(case.verdicts()), report.get("verdict")))
    wanted, roots = expect.get("cause", []), expect.get("cause", [])[1:] + expect.get("root", [])
    allowed = set(wanted + roots + expect.get("also", []))
    if wanted and ids[:1] != wanted[:1]:
        wrong.append("expected %s got %s" % (wanted[0], ", ".join(map(str, ids)) or "no cause"))
    wrong += ["expected %s among %s" % (w, ", ".join(map(str, ids)) or "no cause") for w in roots if w not in ids]
    extra = [i for i in ids if i not in allowed]
    if extra and not (wanted and ids[:1] != wanted[:1]):
        wrong.append("expected silence got %s" % ", ".join(map(str, extra)))
    wrong += ["expected note %s got %s" % (n, ", ".join(map(str, notes)) or "none") for n in expect.get("note", []) if n not in notes]
    text = "\n".join(nameable(c) for c in report.get("causes", []) + [n for n in report.get("notes", []) if n.get("id") in expect.get("note", [])])
    wrong += ["not named: %s" % n for n in expect.get("names", []) if n not in text]
    return wrong


def compare_run(case, result):
    run, wrong = result["run"], []
    if run["late"]:
        return ["no answer within the deadline"]
    try:
        report = json.loads(run["stdout"])
    except ValueError:
        return ["status %s and no report: %s" % (run["status"], (run["stderr"] or run["stdout"]).strip()[-300:])]
    result["report"] = report
    wrong += compare_report(case, statements(result["expect"]), report)
    if run["status"] != EXIT_STATUS.get(report.get("verdict")):
        wrong.append("verdict %s with exit status %s" % (report.get("verdict"), run["status"]))
    if result["changes"]:
        wrong.append("%d changes: %s" % (len(result["changes"]), "; ".join(result["changes"][:4])))
    if result["left_over"]:
        wrong.append("left running: %s" % ", ".join(result["left_over"]))
    return wrong


def compare(case, result, judge_only, cured):
    """[] when all is as it should be."""
    judge, wrong = result["judge"], []
    expected = "healthy" if cured else case.judged()
    if expected not in ("any", judge["verdict"]):
        wrong.append("the judge finds it %s: %s" % (judge["verdict"], "; ".join(judge["reasons"]) or "everything works"))
    if "nvim" in result and result["nvim"]["verdict"] != judge["verdict"]:
        wrong.append("neovim finds it %s: %s" % (result["nvim"]["verdict"], result["nvim"]["output"]))
    return wrong if judge_only else wrong + compare_run(case, result)
