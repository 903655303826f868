#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Builds the patient's machine, breaks it, has it judged, has it diagnosed. One process, one case.

It is started by lab/run as the first process of new mount, pid, net, ipc and uts namespaces, with the
name of a job file (JSON), and writes result.json beside it. Everything it makes dies with it.
"""
import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

import repair

HOME, UID, GID = "/home/lena", 1000, 1000
LAB = "/run/lab"
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}[os.uname().machine]
# Top directories a machine has anyway; everything else of the host is hidden from the patient.
SYSTEM_DIRS = "bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp usr var".split()
SYSTEM_USERS_BELOW = 1000
libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The case cannot be had on this machine, or its setup failed."""


def check(rc, what):
    if rc != 0:
        e = ctypes.get_errno()
        raise OSError(e, "%s: %s" % (what, os.strerror(e)))


def mount(source, target, fstype=None, flags=0, data=None):
    enc = lambda s: s.encode() if s is not None else None
    check(libc.mount(enc(source), enc(target), enc(fstype), ctypes.c_ulong(flags), enc(data)), "mount %s on %s" % (source, target))


def tmpfs(target, mode, size="2g"):
    os.makedirs(target, exist_ok=True)
    mount("tmpfs", target, "tmpfs", MS_NODEV, "mode=%s,size=%s" % (mode, size))


def bind(source, target):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    mount(source, target, None, MS_BIND | MS_REC)


def opaque(path, mode=0o755):
    """A directory of the upper layer that hides what the host has there."""
    os.makedirs(path)
    os.chmod(path, mode)
    os.setxattr(path, "trusted.overlay.opaque", b"y")


def whiteout(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.mknod(path, stat.S_IFCHR, 0)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def system_lines(path):
    """The host's system users or groups: those below the first ordinary id, and nobody."""
    with open(path, encoding="utf-8", errors="replace") as f:
        fields = [line.rstrip("\n").split(":") for line in f if line.count(":") >= 3]
    return "".join(":".join(x) + "\n" for x in fields if x[2].isdigit() and (int(x[2]) < SYSTEM_USERS_BELOW or int(x[2]) == 65534))


def copy_tree(source, target):
    """Owner and mode are kept, times are not: a cache that looks old would be trimmed by go."""
    subprocess.run(["cp", "-dR", "--preserve=mode,ownership", source + "/.", target], check=True)


# ---- the machine ------------------------------------------------------------------------------------


def lay_upper(up):
    for name in os.listdir("/"):
        if name not in SYSTEM_DIRS:
            whiteout(os.path.join(up, name))
    for name in ("opt", "mnt", "media", "srv", "home", "usr/local"):
        opaque(os.path.join(up, name))
    opaque(os.path.join(up, "root"), 0o700)
    opaque(os.path.join(up, "etc/profile.d"))
    for name in ("go", "gofmt", "gopls", "dlv", "goimports"):
        for where in ("usr/bin/", "usr/sbin/"):
            if os.path.lexists("/" + where + name):
                whiteout(os.path.join(up, where, name))
    for name in ("bin", "lib", "share", "sbin", "games"):
        os.mkdir(os.path.join(up, "usr/local", name))


def write_etc(root):
    passwd = system_lines("/etc/passwd")
    group = system_lines("/etc/group")
    for name, uid, full in (("lena", 1000, "Lena Brandt"), ("bert", 1001, "Bert Maas")):
        passwd += "%s:x:%d:%d:%s,,,:/home/%s:/bin/bash\n" % (name, uid, uid, full, name)
        group += "%s:x:%d:\n" % (name, uid)
    write(root + "/etc/passwd", passwd)
    write(root + "/etc/group", group)
    write(root + "/etc/hostname", "bench\n")
    write(root + "/etc/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\tbench\n::1\tlocalhost ip6-localhost\n")
    write(root + "/etc/environment", "")
    if os.path.lexists(root + "/etc/resolv.conf"):
        os.unlink(root + "/etc/resolv.conf")
    write(root + "/etc/resolv.conf", "nameserver 192.0.2.53\n")


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(s, 0x8913, request))[1]
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))


def build_world(job):
    check(libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None), "private mounts")
    scratch = job["scratch"] + "/mnt"
    tmpfs(scratch, "755", "8g")
    up, work, root = (scratch + d for d in ("/up", "/work", "/root"))
    for d in (up, work, root, scratch + "/goup", scratch + "/gowork"):
        os.mkdir(d)
    lay_upper(up)
    mount("overlay", root, "overlay", 0, "lowerdir=/,upperdir=%s,workdir=%s" % (up, work))
    write_etc(root)
    mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("/dev", root + "/dev", None, MS_BIND | MS_REC)
    mount("/sys", root + "/sys", None, MS_BIND | MS_REC)
    for name, mode in (("home", "755"), ("tmp", "1777"), ("var/tmp", "1777"), ("dev/shm", "1777"), ("run", "755")):
        tmpfs(os.path.join(root, name), mode)
    os.makedirs(root + "/run/user/1000", 0o700)
    os.chown(root + "/run/user/1000", UID, GID)
    os.makedirs(root + "/usr/local/go")
    mount("overlay", root + "/usr/local/go", "overlay", 0,
          "lowerdir=%s,upperdir=%s,workdir=%s" % (os.path.realpath(job["goroot"]), scratch + "/goup", scratch + "/gowork"))
    for name, uid in (("lena", 1000), ("bert", 1001)):
        os.mkdir(root + "/home/" + name, 0o755)
        os.chown(root + "/home/" + name, uid, uid)
    # Everything of the lab is out of the patient's sight.
    os.mkdir(root + LAB, 0o700)
    bind(job["lab"], root + LAB + "/src")
    # Not recursive: the new root itself is mounted below the scratch directory.
    os.mkdir(root + LAB + "/out")
    mount(job["scratch"], root + LAB + "/out", None, MS_BIND)
    for kind in ("go", "gopls", "mise"):
        for version, path in job["tools"][kind].items():
            bind(os.path.realpath(path), "%s%s/%s/%s" % (root, LAB, kind, version))
    os.makedirs(root + "/srv/goproxy")
    mount(job["goproxy"], root + "/srv/goproxy", None, MS_BIND)
    mount(None, root + "/srv/goproxy", None, MS_BIND | MS_REMOUNT | MS_RDONLY)
    if job.get("home"):
        copy_tree(job["home"], root + HOME)
    else:
        write_home(root + HOME)
    os.makedirs(root + HOME + "/go/bin", exist_ok=True)
    shutil.copyfile(os.path.join(job["tools"]["gopls"][job["gopls"]], "gopls"), root + HOME + "/go/bin/gopls")
    os.chmod(root + HOME + "/go/bin/gopls", 0o755)
    for path in (HOME + "/go", HOME + "/go/bin", HOME + "/go/bin/gopls"):
        os.chown(root + path, UID, GID)
    if job.get("dialtone"):
        shutil.copy(job["dialtone"], root + "/usr/local/bin/dialtone")
        os.chmod(root + "/usr/local/bin/dialtone", 0o755)
    for name in ("nvim.lua", "client.lua", "client.el"):
        shutil.copy(job["lab"] + "/lib/" + name, root + "/run/" + name)
    os.chdir(root)
    check(libc.syscall(SYS_PIVOT_ROOT, b".", b"."), "pivot_root")
    check(libc.umount2(b".", MNT_DETACH), "umount the old root")
    os.chdir("/")
    os.umask(0o022)
    loopback_up()
    socket.sethostname("bench")


def write_home(home):
    write(home + "/.profile", "# ~/.profile: executed by the command interpreter for login shells.\n"
          "if [ -n \"$BASH_VERSION\" ] && [ -f \"$HOME/.bashrc\" ]; then\n\t. \"$HOME/.bashrc\"\nfi\n"
          "export PATH=\"$PATH:/usr/local/go/bin:$HOME/go/bin\"\n")
    write(home + "/.bashrc", "# ~/.bashrc: executed by bash(1) for non-login shells.\ncase $- in *i*) ;; *) return ;; esac\nHISTSIZE=1000\nalias ll='ls -l'\n")
    for name in (".profile", ".bashrc"):
        os.chown(home + "/" + name, UID, GID)


# ---- setup ------------------------------------------------------------------------------------------


def run_setup(job, scripts):
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
           "GOVER": job["go"], "GOPLSVER": job["gopls"], "LABGROUP": job["group"]}
    code = 'set -eu -o pipefail; . "$1/lib/helpers.bash"; trap finish_ EXIT; shift; for part in "$@"; do . "$part"; done'
    done = subprocess.run(["/bin/bash", "-c", code, "setup", LAB + "/src"] + scripts, env=env, stdin=subprocess.DEVNULL,
                          stdout=open(LAB + "/setup.log", "wb"), stderr=subprocess.STDOUT, timeout=job.get("setup_timeout_s", 60))
    with open(LAB + "/setup.log", encoding="utf-8", errors="replace") as f:
        log = f.read()
    if done.returncode != 0:
        raise Refused("setup failed with status %d: %s" % (done.returncode, log[-600:].strip()))
    return log


def read_declared():
    with open(LAB + "/declared", "rb") as f:
        words = f.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    d = {"shell_env": {}, "editor_env": None, "server_changes": [], "argv": [], "exempt": [], "tell": {}}
    for name, value in zip(words[::2], words[1::2]):
        if name in ("server_env", "server_unset"):
            d["server_changes"].append((name, value))
        elif name in ("shell_env", "editor_env"):
            key, _, val = value.partition("=")
            d[name] = d[name] or {}
            d[name][key] = val
        elif name == "argv_clear":
            d["argv"] = []
        elif name == "editor_clear":
            d["editor_env"] = None
        elif name in ("argv", "exempt"):
            d[name].append(value)
        elif name.startswith("tell:"):
            d["tell"][name[5:]] = value
        else:
            d[name] = value
    return d


# ---- before and after -------------------------------------------------------------------------------


def mounts_that_may_hang():
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        rows = [line.split() for line in f]
    return {r[4].encode().decode("unicode_escape") for r in rows if r[r.index("-") + 1].startswith("fuse")}


def attributes(path):
    """Extended attributes, access control lists among them."""
    try:
        return [(n, os.getxattr(path, n, follow_symlinks=False).hex()) for n in sorted(os.listxattr(path, follow_symlinks=False))]
    except OSError as e:
        return [e.errno]


def describe(path, st):
    what = [stat.S_IFMT(st.st_mode), oct(stat.S_IMODE(st.st_mode)), st.st_uid, st.st_gid, attributes(path)]
    if stat.S_ISLNK(st.st_mode):
        return what + [os.readlink(path)]
    what.append(st.st_mtime_ns)
    if stat.S_ISREG(st.st_mode):
        digest = hashlib.sha256()
        with open(path, "rb") as f:
            while chunk := f.read(1 << 20):
                digest.update(chunk)
        what += [st.st_size, digest.hexdigest()]
    return what


def manifest(roots, exempt):
    """{path: description} of everything below the roots; parents of exempt paths may change their times."""
    seen, avoid = {}, mounts_that_may_hang()
    todo = [r for r in roots if os.path.lexists(r)]
    while todo:
        path = todo.pop()
        if path in exempt or path in avoid or path in seen:
            continue
        try:
            st = os.lstat(path)
            entry = describe(path, st)
            if stat.S_ISDIR(st.st_mode):
                todo += [os.path.join(path, n) for n in os.listdir(path)]
                if any(e.startswith(path + "/") for e in exempt):
                    entry = ["parent"]
        except OSError as e:
            entry = ["error", e.errno]
        seen[path] = entry
    return seen


def changes(before, after):
    out = []
    for path in sorted(before.keys() | after.keys()):
        a, b = before.get(path), after.get(path)
        if a != b and not (a is None and b == ["parent"]):
            out.append("%s %s" % ("appeared" if a is None else "vanished" if b is None else "changed", path))
    return out


def exempt_paths(declared, envs):
    paths = {HOME + p for p in ("/.config/go/telemetry", "/.cache/goimports", "/.config/gopls")}
    paths |= set(declared["exempt"])
    for env in envs:
        cache = env.get("XDG_CACHE_HOME") or HOME + "/.cache"
        gopath = (env.get("GOPATH") or HOME + "/go").split(":")[0]
        paths |= {env.get("GOCACHE") or cache + "/go-build", cache + "/gopls", cache + "/goimports",
                  env.get("GOMODCACHE") or gopath + "/pkg/mod", gopath + "/pkg/sumdb"}
        if env.get("XDG_CONFIG_HOME"):
            paths |= {env["XDG_CONFIG_HOME"] + "/go/telemetry", env["XDG_CONFIG_HOME"] + "/gopls"}
        if env.get("GOPLSCACHE"):
            paths.add(env["GOPLSCACHE"])
    return {os.path.normpath(p) for p in paths if p.startswith("/")}


def processes():
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as f:
                head, _, tail = f.read().rpartition(")")
            fields = tail.split()
            if fields[0] != "Z":
                found.add((int(pid), fields[19], head.partition("(")[2]))
        except OSError:
            continue
    return found


def wait_for_quiet(before, seconds):
    """The telemetry child of gopls needs a moment to see that its parent is gone."""
    end = time.monotonic() + seconds
    while True:
        left = processes() - before
        if not left or time.monotonic() > end:
            return sorted("%d %s" % (p, name) for p, _, name in left)
        time.sleep(0.01)


# ---- judge, dialtone --------------------------------------------------------------------------------


def server_spec(declared, job):
    """How the editor in force would start the server."""
    env = dict(declared["editor_env"] if declared["editor_env"] is not None else declared["shell_env"])
    for kind, value in declared["server_changes"]:
        name, _, val = value.partition("=")
        if kind == "server_unset":
            env.pop(name, None)
        else:
            env[name] = val
    root = declared["workspace"]
    if root.endswith(".code-workspace"):
        root = repair.folders_of(root)[0]
    return {"argv": declared["argv"] or ["gopls"], "env": env, "cwd": declared.get("server_cwd", root), "root": root,
            "file": declared.get("file", root + "/cmd/app/main.go"), "init": json.loads(declared.get("init", "{}")),
            "uid": UID, "gid": GID, "none": declared.get("none"), "timeout_s": job.get("judge_timeout_s", 10)}


def judge(spec):
    with open(LAB + "/judge.json", "w", encoding="utf-8") as f:
        json.dump(spec, f)
    done = subprocess.run(["/usr/bin/python3", LAB + "/src/judge.py", LAB + "/judge.json"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode != 0:
        raise Refused("the judge failed: " + done.stderr.decode("utf-8", "replace")[-600:])
    return json.loads(done.stdout)


def judge_nvim(spec, server):
    """The second opinion: Neovim's own client. It answers with the steps that worked."""
    sys.path.insert(0, LAB + "/src")
    import judge as own
    with open(spec["file"], encoding="utf-8") as f:
        asked = [q for q in own.questions_of(f.read()) if q]
    lines = [server, spec["root"], spec["file"]] + ["%d %d %s" % (q["at"]["line"], q["at"]["character"], q["symbol"]) for q in asked]
    write("/tmp/nvim.in", "\n".join(lines) + "\n")
    argv = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", "luafile /run/nvim.lua", "-c", "cquit 3"]
    done = subprocess.run(argv, env=dict(spec["env"], LAB_NVIM_IN="/tmp/nvim.in"), cwd=spec["root"], user=UID, group=GID, extra_groups=[],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    os.unlink("/tmp/nvim.in")
    return {"verdict": "healthy" if done.returncode == 0 else "broken", "output": done.stdout.decode("utf-8", "replace")[-400:]}


def judge_client(spec, client):
    """The editor itself, as the patient has configured it, is the judge: one server and all answers, or it is broken."""
    sys.path.insert(0, LAB + "/src")
    import judge as own
    with open(spec["file"], encoding="utf-8") as f:
        asked = [q for q in own.questions_of(f.read()) if q]
    write("/tmp/client.in", "".join("%d %d %s\n" % (q["at"]["line"], q["at"]["character"], q["symbol"]) for q in asked))
    argv = {"nvim": ["nvim", "--headless", "-n", "-i", "NONE", spec["file"], "-c", "luafile /run/client.lua", "-c", "cquit 3"],
            "emacs": ["emacs", "--batch", "-l", "/run/client.el"]}[client]
    # The editor that runs is asked in the environment it has, from where it was started.
    done = subprocess.run(argv, env=dict(spec["env"], LAB_CLIENT_IN="/tmp/client.in", LAB_CLIENT_FILE=spec["file"]), cwd=spec["cwd"], user=UID, group=GID,
                          extra_groups=[], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90)
    os.unlink("/tmp/client.in")
    said = done.stdout.decode("utf-8", "replace")[-500:]
    return {"verdict": "healthy" if done.returncode == 0 else "broken", "reasons": [] if done.returncode == 0 else [said], "server": None, "steps": {}, "messages": []}


def diagnose(declared, args, timeout_s):
    argv = ["/usr/local/bin/dialtone", "check", "--json"] + args + [declared["workspace"]]
    start = time.monotonic()
    child = subprocess.Popen(argv, env=declared["shell_env"], cwd=HOME if os.path.isdir(HOME) else "/", user=UID, group=GID, extra_groups=[],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    late = False
    try:
        out, err = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        late = True
        child.send_signal(signal.SIGKILL)
        out, err = child.communicate()
    return {"argv": argv, "ms": round((time.monotonic() - start) * 1000), "status": child.returncode, "late": late,
            "stdout": out.decode("utf-8", "replace"), "stderr": err.decode("utf-8", "replace")}


def diagnose_recording(declared, spec, timeout_s):
    """The lab's own client with its server under `dialtone trace`, then what `check` says of that recording alone. The client is the
    editor: it has the editor's environment, so what it gives the server besides is what its settings say."""
    recording = LAB + "/judge.trace"
    spec = dict(spec, timeout_s=spec["timeout_s"] * 3)
    with open(LAB + "/judge.json", "w", encoding="utf-8") as f:
        json.dump(spec, f)
    done = subprocess.run(["/usr/local/bin/dialtone", "trace", "-o", recording, "--backend", "ptrace", "--data", "65536", "--",
                           "/usr/bin/python3", LAB + "/src/judge.py", LAB + "/judge.json"], stdin=subprocess.DEVNULL,
                          env=declared["shell_env"] if declared["editor_env"] is None else declared["editor_env"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    if not os.path.exists(recording):
        raise Refused("nothing was recorded: " + done.stderr.decode("utf-8", "replace")[-600:])
    start = time.monotonic()
    check = subprocess.run(["/usr/local/bin/dialtone", "check", "--json", "--from-trace", recording], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout_s)
    shutil.copyfile(recording, LAB + "/out/judge.trace")
    return {"argv": check.args, "ms": round((time.monotonic() - start) * 1000), "status": check.returncode, "late": False,
            "stdout": check.stdout.decode("utf-8", "replace"), "stderr": check.stderr.decode("utf-8", "replace")}


def substituted(args, declared):
    for name, value in [("@EDITOR@", declared.get("editor_pid", "")), ("@HOME@", HOME), ("@WORKSPACE@", declared["workspace"])] + \
            [("@NAME:%s@" % k, v) for k, v in declared["tell"].items()]:
        args = [a.replace(name, value) for a in args]
    return args


def record(declared, args, name):
    """One case file, copied out of the patient's machine, and the run that wrote it; None when it wrote none."""
    case = "/tmp/lab-record.case"
    run = diagnose(declared, ["--save", case, "--raw"] + args, 60)
    if not os.path.exists(case):
        return None
    shutil.copyfile(case, "%s/out/%s.case" % (LAB, name))
    os.unlink(case)
    return run


def warm(job):
    """Fills the caches and hands lena's home over; lab/run keeps it as the base of all later runs."""
    run_setup(job, [LAB + "/src/lib/warm"])
    declared = read_declared()
    seen = []
    with open(LAB + "/warm", encoding="utf-8") as f:
        visits = [line.rstrip("\n").split("\t") for line in f]
    for root, file in visits:
        spec = server_spec(declared, job)
        spec.update(root=root, cwd=root, file=os.path.join(root, file), linger_s=2, timeout_s=120)
        seen.append(judge(spec))
    bad = [s for s in seen if s["verdict"] != "healthy"]
    if bad:
        raise Refused("the healthy base is not healthy: %s" % json.dumps(bad)[:1500])
    for path in (HOME + "/src", HOME + "/go/bin"):
        shutil.rmtree(path)
    os.mkdir(LAB + "/out/home")
    subprocess.run(["cp", "-a", HOME + "/.", LAB + "/out/home"], check=True)


def visit(job, result):
    """The case proper; fills the result as it goes, so that a failure shows what came before it."""
    clock = time.monotonic()

    def lap(name):
        nonlocal clock
        result["phases_ms"][name] = round((time.monotonic() - clock) * 1000)
        clock = time.monotonic()

    parts = ["setup", "cure"] if job.get("cure") else ["setup"]
    result["setup_log"] = run_setup(job, ["%s/src/%s/%s" % (LAB, job["case"], part) for part in parts])
    declared = read_declared()
    if "skip" in declared:
        result.update(status="skipped", why=declared["skip"])
        return
    lap("setup")
    if job.get("shell"):
        subprocess.run(["/bin/bash", "--norc", "-i"], env=dict(declared["shell_env"], PS1="lena@bench:\\w\\$ "), cwd=declared["workspace"], user=UID, group=GID,
                       extra_groups=[])
        return
    before_all = processes()
    spec = server_spec(declared, job)
    result["spec"] = spec
    if job.get("fix") is not None:
        mend(job, result, declared, spec)
        return
    result["judge"] = judge_client(spec, declared["client"]) if "client" in declared else judge(spec)
    lap("judge")
    if job.get("nvim") and result["judge"]["server"]:
        result["nvim"] = judge_nvim(spec, result["judge"]["server"])
        lap("nvim")
    wait_for_quiet(before_all, 3)
    if not job.get("dialtone"):
        return
    args = substituted(job["args"], declared)
    result["expect"] = substituted(job["expect_lines"], declared)
    exempt = exempt_paths(declared, [declared["shell_env"], spec["env"]])
    roots = [HOME, declared["workspace"]]
    before = manifest(roots, exempt)
    before_run = processes()
    lap("before")
    result["run"] = (diagnose_recording(declared, spec, job["dialtone_timeout_s"]) if job.get("trace") else
                     diagnose(declared, args, job["dialtone_timeout_s"]))
    lap("dialtone")
    if job.get("trace"):
        result.update(left_over=[], changes=[])
        return
    result["left_over"] = wait_for_quiet(before_run, 2)
    result["changes"] = changes(before, manifest(roots, exempt))
    lap("after")
    if job.get("record") and not result["run"]["late"]:
        result["recorded"] = record(declared, args, job["record"])


def fixed_spec(spec, declared, job, before, after):
    """How the editor starts the server after a repair (repair.py says from what)."""
    base = dict(declared["editor_env"] if declared["editor_env"] is not None else declared["shell_env"])
    spec = json.loads(json.dumps(spec))
    if spec["none"]:
        spec["none"] = repair.no_server(HOME, declared["workspace"], after[2])
    for env in (base, spec["env"]):
        repair.apply_env(env, before[0], after[0])
        repair.apply_env(env, before[1], after[1])
    repair.apply_settings(spec, before[2], after[2], HOME, base)
    script = "%s/src/%s/fixed" % (LAB, job["case"])
    if os.path.isfile(script):
        run_setup(job, [LAB + "/src/lib/same", script])
        said = read_declared()
        told = server_spec(said, job)
        for name in (value for kind, value in said["server_changes"] if kind == "server_unset"):
            spec["env"].pop(name, None)
        spec["argv"], spec["init"], spec["none"] = told["argv"], told["init"], told["none"]
    return spec


def used_meanwhile(change, first, last, exempt):
    """A cache whose modes were mended is filled by the servers that were tried since: of what was there the type, mode, owner and attributes count."""
    word, path = change.split(" ", 1)
    if word == "vanished" or not any(path.startswith(e + "/") for e in exempt):
        return False
    return word == "appeared" or first[path][:5] == last[path][:5]


def mend(job, result, declared, spec):
    """Repairs as the patient, judges, takes back; everything that changed beside what was announced is wrong."""
    user = {"user": UID, "group": GID, "extra_groups": []}
    args = substituted(job["args"], declared)
    patient = repair.Patient(HOME, user, declared["shell_env"], declared["workspace"], args, job["dialtone_timeout_s"] * 4, spec["env"].get("SHELL"))
    before = patient.outlook()
    dry = patient.fix(job["fix"], "--disruptive")
    result["dry"], not_proposed = dry, repair.why_not_proposed(dry, job["fix"])
    if not_proposed:
        result.update(status=not_proposed[0], why=not_proposed[1])
        return
    announced = repair.announced_by(dry["report"])
    # Where a repair takes GOCACHE or GOMODCACHE away go uses the usual caches from then on, and so does the trial of the repair.
    exempt = exempt_paths(declared, [declared["shell_env"], spec["env"], {}])
    named = {p.rstrip("/") for p in announced}
    roots = [HOME, declared["workspace"]] + sorted(named)
    look = lambda: dict(manifest(roots, exempt | {patient.state_dir()}), **manifest(sorted(named), set()))
    first = look()
    done = result["done"] = patient.fix(job["fix"], "--yes", "--disruptive")
    result["left_over"] = []
    if not done["report"] or not any(f["outcome"] == "done" for f in done["report"]["fixes"]):
        fixes = (done["report"] or {"fixes": []})["fixes"]
        result.update(status="failed", why="not done: " + ("; ".join("%s: %s" % (f["outcome"], f["because"]) for f in fixes) or repair.words_of(done)))
        return
    announced |= repair.announced_by(done["report"])
    second = look()
    wrong = repair.unannounced(changes(first, second), announced, patient.state_dir())
    if wrong:
        result.update(status="failed", why="changed and not announced: " + "; ".join(wrong[:4]))
        return
    after = patient.outlook()
    spec = result["spec"] = fixed_spec(spec, declared, job, before, after)
    result["judge"] = judge_client(spec, declared["client"]) if "client" in declared else judge(spec)
    if result["judge"]["verdict"] != "healthy":
        left = not job["left"] or repair.why_not_left(patient, done["report"], job["fix"], job["left"], result)
        if left:
            result.update(status="failed", why="%s: %s" % ("the judge finds it broken after the repair" if left is True else left, "; ".join(result["judge"]["reasons"])))
            return
    # An editor that runs has the environment it was started with: what a start-up file gave it is found there again.
    if not job["fix"] and declared["editor_env"] is None:
        env = dict(patient.env)
        for i in (0, 1):
            repair.apply_env(env, before[i], after[i])
        again = repair.found_again(patient, env, done["report"], job["left"], result)
        if again:
            result.update(status="failed", why=again)
            return
    if not all(f["reversible"] for f in done["report"]["fixes"] if f["outcome"] == "done"):
        return  # a signal cannot be taken back
    third = look()
    undone = result["undone"] = patient.run("undo", "--all")
    # A directory that was made, and that go has filled since, stays with its parents; undo says so.
    made = tuple(s["path"] for f in done["report"]["fixes"] for s in f["steps"] if s["kind"] == "mkdir")
    # What shells and the server of the judge did meanwhile is not undone.
    foreign = {c for c in changes(second, third)}
    last = look()
    left = [c for c in changes(first, last) if not (patient.state_dir() + "/").startswith(c.split(" ", 1)[1] + "/") and c not in foreign]
    left = [c for c in left if not any((c.split(" ", 1)[1] + "/").startswith(m + "/") or (c.startswith("appeared ") and m.startswith(c.split(" ", 1)[1] + "/")) for m in made)]
    left = [c for c in left if not used_meanwhile(c, first, last, exempt)]
    if undone["status"] != 0 or left:
        result.update(status="failed", why="undo: status %d, %s" % (undone["status"], "; ".join(left[:4]) or repair.words_of(undone)))


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        job = json.load(f)
    result = {"phases_ms": {}}
    start = time.monotonic()
    out = job["scratch"]
    try:
        build_world(job)
        out = LAB + "/out"
        result["phases_ms"]["world"] = round((time.monotonic() - start) * 1000)
        if job["case"] == "warm":
            warm(job)
        else:
            visit(job, result)
    except (Refused, OSError, subprocess.SubprocessError, ValueError) as e:
        result.update(status="failed", why="%s: %s" % (type(e).__name__, e))
    with open(out + "/result.json", "w", encoding="utf-8", errors="surrogateescape") as f:
        json.dump(result, f)


if __name__ == "__main__":
    main()
