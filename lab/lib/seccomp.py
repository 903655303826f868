#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""seccomp.py EPERM:NUMBER,NUMBER… CMD…: these system calls (of amd64) fail with that errno, or KILL the process."""
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
err, nrs = sys.argv[1].split(":")
ret = {"EPERM": 0x50000|1, "EACCES": 0x50000|13, "ENOSYS": 0x50000|38, "KILL": 0x80000000}[err]
f = [(0x20,0,0,0)]
for n in map(int, nrs.split(",")):
    f += [(0x15,0,1,n),(0x06,0,0,ret)]
f += [(0x06,0,0,0x7fff0000)]
buf = b"".join(struct.pack("HBBI",*x) for x in f)
b = ctypes.create_string_buffer(buf)
prog = ctypes.create_string_buffer(struct.pack("HHIQ", len(f),0,0,ctypes.addressof(b)))
libc.prctl(38,1,0,0,0)
if libc.prctl(22,2,ctypes.c_void_p(ctypes.addressof(prog)), 0, 0):
    raise OSError(ctypes.get_errno(),"seccomp")
os.execv(sys.argv[2], sys.argv[2:])
