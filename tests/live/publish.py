#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""publish.py PROXY VERSION FILE [VERSION FILE]...: releases of gopls for a proxy that is a folder.

Each release is a module of one main.go, the FILE's text; PROXY/go.sum vouches for all of them. What there is stays.
The layout is that of the GOPROXY protocol (go.dev/ref/mod#goproxy-protocol), the sums are those of golang.org/x/mod/sumdb/dirhash.
"""
import base64
import hashlib
import os
import sys
import zipfile

MODULE = "golang.org/x/tools/gopls"
MOD = b"module " + MODULE.encode() + b"\n\ngo 1.21\n"


def h1(files):
    lines = ["%s  %s\n" % (hashlib.sha256(data).hexdigest(), name) for name, data in sorted(files.items())]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def publish(proxy, version, main):
    at = os.path.join(proxy, MODULE, "@v")
    os.makedirs(at, exist_ok=True)
    root = "%s@%s/" % (MODULE, version)
    files = {root + "go.mod": MOD, root + "main.go": main}
    with zipfile.ZipFile(os.path.join(at, version + ".zip"), "w") as z:
        for name, data in files.items():
            z.writestr(name, data)
    with open(os.path.join(at, version + ".mod"), "wb") as f:
        f.write(MOD)
    with open(os.path.join(at, version + ".info"), "w") as f:
        f.write('{"Version": "%s", "Time": "2026-01-01T00:00:00Z"}' % version)
    with open(os.path.join(at, "list"), "a") as f:
        f.write(version + "\n")
    with open(os.path.join(proxy, "go.sum"), "a") as f:
        f.write("%s %s %s\n%s %s/go.mod %s\n" % (MODULE, version, h1(files), MODULE, version, h1({"go.mod": MOD})))


for version, path in zip(sys.argv[2::2], sys.argv[3::2]):
    with open(path, "rb") as source:
        publish(sys.argv[1], version, source.read())
