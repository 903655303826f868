#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""landlock.py R:PATH|W:PATH… -- CMD…: only below R paths may be read and run, below W paths written as well."""
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
READ = 1 << 0 | 1 << 2 | 1 << 3
WRITE = 1 << 1 | sum(1 << b for b in range(4, 13)) | 1 << 13 | 1 << 14
at = sys.argv.index("--")
attr = struct.pack("Q", READ | WRITE)
fd = libc.syscall(444, attr, ctypes.c_size_t(len(attr)), 0)
if fd < 0:
    raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
for rule in sys.argv[1:at]:
    kind, path = rule.split(":", 1)
    if not os.path.exists(path):
        continue
    p = os.open(path, os.O_PATH)
    acc = READ | (WRITE if kind == "W" else 0)
    if not os.path.isdir(path):
        acc &= 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14
    if libc.syscall(445, fd, 1, struct.pack("=Qi", acc, p), 0):
        raise OSError(ctypes.get_errno(), "add_rule " + path)
libc.prctl(38, 1, 0, 0, 0)
if libc.syscall(446, fd, 0):
    raise OSError(ctypes.get_errno(), "restrict_self")
os.execv(sys.argv[at + 1], sys.argv[at + 1:])
