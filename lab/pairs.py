# SPDX-License-Identifier: MIT
"""Pairs of Go and gopls, and the warm home that belongs to each."""
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

from assessment import version_key
from machine import LAB, run_world

REPO = os.path.dirname(LAB)


def die(sentence):
    sys.exit("lab: " + sentence)


def say(line):
    print(line, flush=True)


def tools_dir():
    return subprocess.run([os.path.join(REPO, "tools/toolchains"), "--where"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()


def find_tools(where):
    """{"go": {version: GOROOT}, "gopls": {version: directory}, "mise": likewise} of what lies there."""
    found = {"go": {}, "gopls": {}, "mise": {}}
    for kind, program in (("go", "bin/go"), ("gopls", "gopls"), ("mise", "mise")):
        base = os.path.join(where, kind)
        for name in sorted(os.listdir(base), key=version_key) if os.path.isdir(base) else []:
            path = os.path.realpath(os.path.join(base, name))
            if os.access(os.path.join(path, program), os.X_OK):
                found[kind][name.removeprefix("go") if kind == "go" else name] = path
    return found


def pick(kind, tools, wanted):
    """The newest version that starts with what is wanted, e.g. 1.26 or v0.23.0."""
    wanted = wanted.removeprefix("go") if kind == "go" else wanted
    fits = [v for v in tools[kind] if v == wanted or v.startswith(wanted + ".")]
    return max(fits, key=version_key) if fits else None


def build_proxy(target):
    """A module proxy of files, from lab/modules/<path>@<version>/."""
    root = os.path.join(LAB, "modules")
    modules = [os.path.relpath(d, root) for d, _, files in os.walk(root) if "go.mod" in files]
    for name in sorted(modules):
        path, version = name.split("@")
        out = os.path.join(target, path, "@v")
        os.makedirs(out, exist_ok=True)
        with open(os.path.join(out, "list"), "a", encoding="utf-8") as f:
            f.write(version + "\n")
        with open(os.path.join(out, version + ".info"), "w", encoding="utf-8") as f:
            json.dump({"Version": version, "Time": "2025-03-01T12:00:00Z"}, f)
        shutil.copyfile(os.path.join(root, name, "go.mod"), os.path.join(out, version + ".mod"))
        with zipfile.ZipFile(os.path.join(out, version + ".zip"), "w") as z:
            for file in sorted(os.listdir(os.path.join(root, name))):
                info = zipfile.ZipInfo("%s@%s/%s" % (path, version, file), (2025, 3, 1, 12, 0, 0))
                with open(os.path.join(root, name, file), "rb") as f:
                    z.writestr(info, f.read())


def fingerprint(tools, go, gopls):
    digest = hashlib.sha256()
    files = [os.path.join(LAB, "lib/warm"), os.path.join(tools["go"][go], "VERSION")]
    for d, _, names in sorted(os.walk(os.path.join(LAB, "modules"))):
        files += [os.path.join(d, n) for n in sorted(names)]
    for name in files:
        with open(name, "rb") as f:
            digest.update(name[-40:].encode() + f.read())
    st = os.stat(os.path.join(tools["gopls"][gopls], "gopls"))
    digest.update(b"%d %d" % (st.st_size, st.st_mtime_ns))
    return digest.hexdigest()[:12]


class Pair:
    """One Go with one gopls, and the warm home that belongs to them."""

    def __init__(self, tools, go, gopls):
        self.tools, self.go, self.gopls = tools, go, gopls
        self.base = None
        self.recorded = False  # with --record: whether case files of this pair are kept

    def __str__(self):
        return "go%s + gopls %s" % (self.go, self.gopls)

    def job(self, scratch, **more):
        return dict({"scratch": scratch, "lab": LAB, "tools": self.tools, "go": self.go, "gopls": self.gopls, "goroot": self.tools["go"][self.go],
                     "goproxy": self.base + "/goproxy", "home": self.base + "/home"}, **more)

    def prepare(self, where):
        """Builds the warm home once; a second run finds it."""
        self.base = os.path.join(where, "lab-%s-%s-%s" % (self.go, self.gopls, fingerprint(self.tools, self.go, self.gopls)))
        os.makedirs(where, exist_ok=True)
        with open(self.base + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.isdir(self.base):
                return
            say("# warming the caches of %s" % self)
            made = tempfile.mkdtemp(prefix="lab-new-", dir=where)
            try:
                os.chmod(made, 0o755)
                build_proxy(made + "/goproxy")
                self.base, final = made, self.base
                scratch = made + "/out"
                os.mkdir(scratch)
                result = run_world(self.job(scratch, case="warm", home=None, setup_timeout_s=400), 600)
                if result.get("status") == "failed":
                    die("cannot warm %s: %s" % (self, result["why"]))
                os.rename(scratch + "/home", made + "/home")
                os.rename(made, final)
                self.base = final
            finally:
                shutil.rmtree(made, ignore_errors=True)
