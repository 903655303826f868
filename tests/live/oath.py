#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""oath.py TRACE [ALLOWED]...: did a run of dialtone do more than look?

TRACE is of strace -f -o TRACE, with every system call. Programs that it starts (go, gopls) do what they do; they and what is
below them are left out. Forbidden are tracing and signalling of what it did not start, and everything that changes a file
outside the ALLOWED directories. Prints what was forbidden, and how much was looked at; status 1 when there was any."""
import os
import re
import sys

CALL = re.compile(r"^(\d+)\s+(?:<\.\.\. )?([a-z_0-9]+)(?: resumed>|\()(.*)$")
NEVER = {"ptrace", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "process_vm_writev", "process_madvise", "kexec_load", "reboot",
         "swapon", "init_module", "sethostname", "settimeofday", "clock_settime", "mount", "umount2", "pivot_root", "flock", "quotactl", "move_pages", "migrate_pages",
         "sched_setscheduler", "setpriority"}
CHANGES = {"creat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2",
           "chown", "fchown", "lchown", "fchownat", "symlink", "symlinkat", "link", "linkat", "truncate", "ftruncate", "setxattr", "lsetxattr", "fsetxattr",
           "removexattr", "lremovexattr", "fremovexattr", "utime", "utimes", "utimensat", "futimesat", "fallocate", "copy_file_range"}
CLONES = {"clone", "clone3", "fork", "vfork"}


def main():
    allowed = [os.path.realpath(a) + "/" for a in sys.argv[2:]]
    own, foreign, pidfds, cwd_of, bad = set(), set(), {}, {}, []
    calls = 0

    def is_allowed(text):
        paths = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
        absolute = [p for p in paths if p.startswith("/")]
        return bool(absolute) and all((os.path.realpath(os.path.dirname(p)) + "/" + os.path.basename(p)).startswith(tuple(allowed)) for p in absolute) if allowed else False

    open_calls = {}
    for line in open(sys.argv[1], errors="replace"):
        m = CALL.match(line.rstrip("\n"))
        if not m:
            continue
        pid, name, rest = int(m[1]), m[2], m[3]
        if not own:
            own.add(pid)
        if "<unfinished ...>" in rest:
            open_calls[pid, name] = rest.replace("<unfinished ...>", "")
            if name not in CLONES and name != "execve":
                pass  # what it asks for is judged now, whatever comes of it
            else:
                continue
        elif " resumed>" in line:
            rest = open_calls.pop((pid, name), "") + rest
            if name not in CLONES and name not in ("execve", "pidfd_open"):
                continue
        result = re.search(r"= (-?\d+)(?: |$)", rest)
        value = int(result[1]) if result else -1
        if name in CLONES and value > 0:
            (foreign if pid in foreign else own).add(value)
            continue
        if pid in foreign:
            continue
        own.add(pid)
        calls += 1
        if name == "execve" and value == 0 and calls > 1:
            path = re.search(r'"([^"]*)"', rest)
            if os.path.basename(path[1]) != "dialtone":
                foreign.add(pid)
        elif name in NEVER:
            bad.append(line)
        elif name in ("kill", "tgkill"):
            target = int(re.match(r"-?\d+", rest)[0])
            if abs(target) not in own | foreign and target != 0:
                bad.append(line)
        elif name == "pidfd_open" and value >= 0:
            pidfds[pid, value] = int(re.match(r"\d+", rest)[0])
        elif name == "pidfd_send_signal":
            fd = int(re.match(r"\d+", rest)[0])
            target = [p for (_, f), p in pidfds.items() if f == fd]
            if not target or any(p not in own | foreign for p in target):
                bad.append(line)
        elif name in ("open", "openat", "openat2"):
            if re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)", rest) and value != -1 and not re.search(r'"/(dev/(null|tty)|proc/self/oom_score_adj)"', rest) and not is_allowed(rest):
                bad.append(line)
        elif name in CHANGES:
            if not is_allowed(rest) and not (name in ("ftruncate", "fchmod", "fchown", "fallocate") and allowed):
                bad.append(line)
        elif name == "fcntl" and re.search(r", F_(OFD_)?SETLKW?[,)]", rest):
            bad.append(line)
        elif name == "prlimit64" and re.match(r"(\d+), ", rest) and int(re.match(r"\d+", rest)[0]) not in own | foreign | {0} and not re.search(r", NULL, ", rest):
            bad.append(line)
        elif name == "sched_setaffinity" and int(re.match(r"\d+", rest)[0]) not in own | {0}:
            bad.append(line)
    for line in bad[:20]:
        print("forbidden:", line.rstrip()[:300])
    print("%d calls of %d processes of its own looked at, %d left to programs it started, %d forbidden" % (calls, len(own), len(foreign), len(bad)))
    sys.exit(1 if bad or calls < 50 else 0)


main()
