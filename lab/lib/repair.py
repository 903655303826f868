# SPDX-License-Identifier: MIT
"""What `lab/run --fix` does in the patient's machine: mend, look at what changed, take back, look again.

How the editor starts its server afterwards is told by others than dialtone: a login shell is asked what the start-up
files give now, environment.d and the settings of VS Code are read here, and where an editor's configuration is another
one, the file `fixed` of the fault declares it (server_argv, server_init … and nothing else).
"""
import json
import os
import re
import subprocess
import urllib.parse

STATE = ".local/state/dialtone"
TOOLS_ENV = "go.toolsEnvVars"


# ---- what the next session gets -----------------------------------------------------------------------


def lines_of(path):
    if not os.path.isfile(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.readlines()


def session_env(home):
    """What environment.d gives to a session, below what a login has."""
    env = {"HOME": home, "USER": "lena", "LOGNAME": "lena", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    base = home + "/.config/environment.d"
    for line in lines_of(home + "/.pam_environment"):  # pam_env(8): NAME=VALUE, or NAME DEFAULT=VALUE
        m = re.fullmatch(r"(\w+)(?:[ \t]+DEFAULT)?=\"?([^\"]*)\"?", line.strip())
        if m:
            env[m.group(1)] = m.group(2).replace("@{HOME}", home)
    for name in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        with open(os.path.join(base, name), encoding="utf-8", errors="replace") as f:
            for line in f:
                m = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", line.strip())
                if m:
                    env[m.group(1)] = m.group(2).replace("$PATH", env["PATH"]).replace("$HOME", home)
    return env


def shell_env(home, user, shell, interactive):
    """What the user's shell hands on, as a login shell or as an editor asks it; None when it does not answer."""
    env = dict(session_env(home), SHELL=shell)
    words = ["-i"] if interactive else []
    print_all = "printf 'MARK\\0'; env -0"
    argv = [shell] + words + ["-l", "-c", print_all]
    if interactive:
        env["VSCODE_RESOLVING_ENVIRONMENT"] = "1"
    if not os.access(shell, os.X_OK):  # zsh, for want of it
        argv = ["/bin/bash", "--noprofile", "--norc", "-c", "for f in ~/.zshenv ~/.zprofile; do [ ! -f $f ] || . $f; done; " + print_all]
    if os.path.isfile(home + "/.xprofile"):  # a display manager's sh reads it, and the session is its child
        argv = ["/bin/sh", "-c", '. ~/.xprofile >/dev/null 2>&1; exec "$@"', "xsession"] + argv
    try:
        done = subprocess.run(argv, env=env, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=5, check=False,
                              start_new_session=True, **user)
    except subprocess.TimeoutExpired:
        return None
    pairs = done.stdout.decode("utf-8", "surrogateescape").partition("MARK\0")[2].split("\0")
    found = dict(p.split("=", 1) for p in pairs if "=" in p)
    return found if done.returncode == 0 and found else None


def apply_path(value, before, after):
    """PATH with what a change of the start-up files does to it."""
    old, new, entries = before.split(":"), after.split(":"), value.split(":")
    if len(new) > len(old) and new[-len(old):] == old:  # put in front, whether it was there already or not
        front = new[:-len(old)]
        return ":".join(front + [e for e in entries if e not in front])
    added = [e for e in new if e not in old]
    entries = [e for e in entries if e not in old or e in new]
    kept = [i for i, e in enumerate(new) if e in old]
    front = [e for e in added if kept and new.index(e) < kept[0]]
    entries = front + [e for e in entries if e not in front]
    return ":".join(entries + [e for e in added if e not in entries])


def apply_env(env, before, after):
    if after is None:
        return
    before = before or {}  # nothing came of the question before
    for name in before.keys() | after.keys():
        a, b = before.get(name), after.get(name)
        if a == b or name in ("_", "SHLVL", "PWD", "OLDPWD", "SHELL", "TERM", "VSCODE_RESOLVING_ENVIRONMENT"):
            continue
        if name == "PATH":
            env[name] = apply_path(env.get(name, ""), a or "", b or "")
        elif b is None:
            env.pop(name, None)
        else:
            env[name] = b


# ---- settings of VS Code ------------------------------------------------------------------------------


def read_settings(path):
    try:
        with open(path, encoding="utf-8-sig") as f:
            text = f.read()
    except (OSError, UnicodeDecodeError):
        return {}
    text = re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m.group(1) or "", text, flags=re.S)
    text = re.sub(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])', lambda m: m.group(1) or "", text)
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def folders_of(window):
    """The folders of a .code-workspace."""
    out = []
    for folder in read_settings(window).get("folders") or []:
        uri = folder.get("uri", "")
        path = urllib.parse.unquote(uri[len("file://"):]) if uri.startswith("file://") else folder.get("path", "")
        out.append(os.path.normpath(os.path.join(os.path.dirname(window), path)))
    return out


def window_of(workspace):
    """The .code-workspace that this is, or that lies above and names it; or None."""
    if workspace.endswith(".code-workspace"):
        return workspace
    above = os.path.dirname(workspace)
    found = sorted(os.path.join(above, n) for n in os.listdir(above) if n.endswith(".code-workspace")) if os.path.isdir(above) else []
    return next((w for w in found if workspace in folders_of(w)), None)


def gopath_of(home, folder, settings):
    """What the extension takes for the GOPATH of this folder of a window."""
    if settings.get("go.inferGopath"):
        src = folder.find("/src/")
        return folder[:src] if src >= 0 else home + "/go"
    return expanded(settings.get("go.gopath") or home + "/go", home, folder, {})


def settings_of(home, workspace, folder=None):
    """User, then remote, then window, then folder: the last one counts, the variables are taken together."""
    merged = {}
    window = window_of(workspace)
    users = [home + "/.config/%s/User/settings.json" % product for product in ("Code", "Code - Insiders", "VSCodium")]
    user = next((path for path in users if os.path.lexists(path)), users[0])
    layers = [read_settings(user), read_settings(home + "/.vscode-server/data/Machine/settings.json")]
    layers += [read_settings(window).get("settings") or {}] if window else []
    for layer in layers + [read_settings((folder or workspace) + "/.vscode/settings.json")]:
        for key, value in layer.items():
            both = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = {**merged[key], **value} if both else value
    return merged


def expanded(value, home, workspace, env):
    value = value.replace("${workspaceFolder}", workspace).replace("${workspaceRoot}", workspace)
    value = re.sub(r"\$\{env:(\w+)\}", lambda m: env.get(m.group(1), ""), value)
    return home + value[1:] if value == "~" or value.startswith("~/") else value


def no_server(home, workspace, settings):
    """Why the extension starts no server with these settings, or None."""
    window = window_of(workspace)
    paths = {gopath_of(home, f, settings_of(home, workspace, f)) for f in folders_of(window)} if window else set()
    if len(paths) > 1:
        return "the folders of the window have different GOPATHs: " + ", ".join(sorted(paths))
    if settings.get("files.associations", {}).get("*.go", "go") != "go":
        return "the file's language is " + settings["files.associations"]["*.go"]
    return "go.useLanguageServer is false" if settings.get("go.useLanguageServer") is False else None


def apply_settings(spec, before, after, home, base_env):
    """What the extension makes of the difference; base_env: without any settings."""
    ws, env = spec["root"], spec["env"]
    old, new = before.get(TOOLS_ENV) or {}, after.get(TOOLS_ENV) or {}
    for name in old.keys() | new.keys():
        if name not in new:
            env.pop(name, None)
            if name in base_env:
                env[name] = base_env[name]
        elif old.get(name) != new[name]:
            env[name] = expanded(str(new[name]), home, ws, base_env)
    if before.get("go.goroot") != after.get("go.goroot"):
        env.pop("GOROOT", None)
        if after.get("go.goroot"):
            env["GOROOT"] = expanded(after["go.goroot"], home, ws, base_env)
    if before.get("go.gopath") != after.get("go.gopath") and not after.get("go.gopath"):
        env.pop("GOPATH", None)
        if "GOPATH" in base_env:
            env["GOPATH"] = base_env["GOPATH"]
    if before.get("go.languageServerFlags") != after.get("go.languageServerFlags"):
        flags = after.get("go.languageServerFlags") or []
        spec["argv"] = spec["argv"][:1] + (flags if isinstance(flags, list) else ["not a list"])
    go = (after.get("go.alternateTools") or {}).get("go")
    if go and go.startswith("/") and os.access(go, os.X_OK):  # the extension puts its directory in front for its children
        env["PATH"] = os.path.dirname(go) + ":" + env.get("PATH", "")
    if before.get("go.alternateTools") != after.get("go.alternateTools"):
        tool = (after.get("go.alternateTools") or {}).get("gopls")
        spec["argv"] = [expanded(tool, home, ws, base_env) if tool else "gopls"] + spec["argv"][1:]
    if before.get("gopls") != after.get("gopls") or any(before.get(k) != after.get(k) for k in ("go.buildFlags", "go.buildTags")):
        spec["init"] = after.get("gopls") or {}
        flags = list(after.get("go.buildFlags") or [])
        if after.get("go.buildTags"):
            flags.append("-tags=" + after["go.buildTags"])
        if flags:
            spec["init"] = {"build.buildFlags": flags, **spec["init"]}


# ---- the repair ---------------------------------------------------------------------------------------


class Patient:
    """home, user (uid and gid for subprocess), env, workspace, args of dialtone, timeout_s; editor_shell: SHELL of the editor."""

    def __init__(self, home, user, env, workspace, args, timeout_s, editor_shell):
        self.editor_shell = editor_shell
        self.home, self.user, self.env, self.workspace, self.args, self.timeout_s = home, user, env, workspace, args, timeout_s

    def run(self, *words):
        argv = ["/usr/local/bin/dialtone"] + list(words)
        cwd = self.home if os.path.isdir(self.home) else "/"
        done = subprocess.run(argv, env=self.env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=self.timeout_s,
                              check=False, **self.user)
        return {"argv": argv, "status": done.returncode, "stdout": done.stdout.decode("utf-8", "replace"), "stderr": done.stderr.decode("utf-8", "replace")}

    def fix(self, causes, *options):
        run = self.run("fix", *causes, "--json", "--timeout", str(self.timeout_s // 4), *options, *self.args, self.workspace)
        try:
            run["report"] = json.loads(run["stdout"])
        except ValueError:
            run["report"] = None
        return run

    def outlook(self):
        """What decides how the next server is started: two environments and the settings."""
        shell = self.editor_shell or "/bin/bash"
        login = shell_env(self.home, self.user, shell, False)
        return login, shell_env(self.home, self.user, shell, True), settings_of(self.home, self.workspace)

    def state_dir(self):
        return os.path.join(self.env.get("XDG_STATE_HOME") or os.path.join(self.home, ".local/state"), "dialtone")


def words_of(run):
    return (run["stderr"] or run["stdout"]).strip()[-300:]


def why_not_proposed(run, causes):
    """(status, why) when there is nothing to do, else None."""
    if not run["report"]:
        return "failed", "fix says nothing: status %s, %s" % (run["status"], words_of(run))
    fixes = [f for f in run["report"]["fixes"] if not causes or f["cause"] in causes]
    if not fixes:
        return "failed", "no fix for %s" % (", ".join(causes) or "what is wrong")
    if not any(f["outcome"] == "proposed" for f in fixes):
        return "skipped", "; ".join("%s: %s" % (f["outcome"], f["because"]) for f in fixes)
    return None


def announced_by(report):
    """Paths that may change; one with a '/' at its end with all below."""
    out = set()
    for fix in report["fixes"]:
        for c in (c for c in fix["changes"] if c["kind"] not in ("run", "signal")):
            out |= {p for p in (c["path"], c["to"]) if p and p.startswith("/")}
        for step in fix["steps"]:
            out |= set(step["announces"])
    return out


def unannounced(changed, announced, state):
    """Of "changed /x": those nobody announced. A directory changes with what is in it, and what is made with its parents."""
    plain = {p.rstrip("/") for p in announced}
    wrong = []
    for line in changed:
        word, path = line.split(" ", 1)
        below = any(path == p or path.startswith(p + "/") for p in plain | {state})
        parent = word != "vanished" and any(p.startswith(path + "/") for p in plain | {state})
        if not below and not parent:
            wrong.append(line)
    return wrong


def why_not_left(patient, done, named, expected, result):
    """A fault whose rest needs the network or root (`left` in its expect): None when fix says just that, else what is wrong.
    named: the causes it was asked about; what else there is it tells when it is asked again (but an editor that runs has its old environment then)."""
    rest, mended = done, set()
    if named:
        dry = patient.fix([], "--disruptive")
        if not dry["report"]:
            return "fix says nothing of the rest: " + words_of(dry)
        rest, mended = dry["report"], {(f["cause"], f["subject"]) for f in done["fixes"] if f["outcome"] == "done"}
    others = [f for f in rest["fixes"] if f["outcome"] != "done"]
    if expected == ["-"]:
        good = done["verdict"] == "degraded" and not rest["cause_left"] and not others
        return None if good else "not only what has no cause is left: %s, %s" % (done["verdict"], rest["cause_left"])
    causes = {f["cause"] for f in others} | {done["cause_left"] or rest["cause_left"]}
    result["rest"] = others
    if done["verdict"] not in ("broken", "degraded"):
        return "the rest is not seen: " + done["verdict"]
    again = mended & {(f["cause"], f["subject"]) for f in others}
    if set(expected) - causes or again:
        return "left are %s; again: %s" % (", ".join(sorted(c for c in causes if c)), ", ".join(sorted(c for c, _ in again)))
    if any(f["outcome"] not in ("shown", "refused") for f in others):
        return "more could be mended: " + ", ".join("%s %s" % (f["cause"], f["outcome"]) for f in others)
    return None


def found_again(patient, env, done, expected, result):
    """Several faults at once: what a later `dialtone fix`, asked in the next session (env), says of them. None when what was mended
    is gone, nothing else could be mended, and just what was expected is left; else what is wrong."""
    later = Patient(patient.home, patient.user, env, patient.workspace, patient.args, patient.timeout_s, patient.editor_shell).fix([], "--disruptive")
    result["later"] = later
    if not later["report"]:
        return "fix says nothing of the rest: " + words_of(later)
    mended = {(f["cause"], f["subject"]) for f in done["fixes"] if f["outcome"] == "done"}
    there = later["report"]["fixes"]
    again = sorted("%s (%s)" % (f["cause"], f["subject"]) for f in there if (f["cause"], f["subject"]) in mended)
    more = sorted("%s (%s)" % (f["cause"], f["subject"]) for f in there if f["outcome"] == "proposed")
    causes = {f["cause"] for f in there} | {later["report"]["cause_left"]} - {None}
    if again:
        return "mended, and found again: " + ", ".join(again)
    if more:
        return "more could be mended: " + ", ".join(more)
    if not all(f["because"] for f in there):
        return "left without a sentence: " + ", ".join(f["cause"] for f in there if not f["because"])
    if expected != ["-"] and set(expected) - causes:
        return "not left: " + ", ".join(sorted(set(expected) - causes))
    unasked = {f["cause"] for f in there} - set(expected)
    return "left as well: " + ", ".join(sorted(unasked)) if unasked and expected != ["-"] else None
