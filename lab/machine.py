# SPDX-License-Identifier: MIT
"""One private machine in which a case is set up, asked and judged (lib/world.py), seen from outside."""
import glob
import json
import os
import signal
import subprocess
import time

LAB = os.path.dirname(os.path.abspath(__file__))


def remove_groups(name):
    """The control groups a case has made, which are the host's, with those below; what was in them has ended or is ending."""
    end = time.monotonic() + 3
    for top in glob.glob("/sys/fs/cgroup/" + name) + glob.glob("/sys/fs/cgroup/*/" + name):
        for directory, _, _ in os.walk(top, topdown=False):
            while os.path.isdir(directory):
                try:
                    os.rmdir(directory)
                except OSError:
                    if time.monotonic() > end:
                        break
                    time.sleep(0.01)


def run_world(job, timeout_s):
    """One machine; everything in it ends when this returns."""
    job["group"] = "dialtone-lab-" + os.path.basename(job["scratch"])
    try:
        return run_world_in(job, timeout_s)
    finally:
        remove_groups(job["group"])


def run_world_in(job, timeout_s):
    name = os.path.join(job["scratch"], "job.json")
    with open(name, "w", encoding="utf-8") as f:
        json.dump(job, f)
    argv = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "/usr/bin/python3", LAB + "/lib/world.py", name]
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    if job.get("shell"):
        env["TERM"] = os.environ.get("TERM", "dumb")
        subprocess.run(argv, env=env, check=False)
    else:
        with open(os.path.join(job["scratch"], "world.log"), "wb") as log:
            child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            try:
                child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                return {"status": "failed", "why": "not done after %d s" % timeout_s}
            except KeyboardInterrupt:
                os.killpg(child.pid, signal.SIGKILL)
                raise
    try:
        with open(os.path.join(job["scratch"], "result.json"), encoding="utf-8", errors="surrogateescape") as f:
            return json.load(f)
    except (OSError, ValueError):
        with open(os.path.join(job["scratch"], "world.log"), encoding="utf-8", errors="replace") as f:
            return {"status": "failed", "why": "the machine could not be built: " + f.read()[-800:]}
