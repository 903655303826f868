#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The lab's own language client: it says whether a set-up works, without a line of dialtone.

It reads a description of the set-up as JSON from a file, becomes the patient, starts the server as the
editor would, opens the file and asks what an editor asks: definition of an own symbol, definition into
the standard library, completion, diagnostics. It prints one JSON object:

    {"verdict": "healthy" | "broken", "reasons": [...], "server": PATH, "steps": {...}, "messages": [...]}

Description: argv, env, cwd, root, file, init, uid, gid, timeout_s, none (a reason why the editor starts
no server), linger_s (wait and shut down politely; used to warm caches).
"""
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

MARK = "dialtoneJudgeMark"
MAX_FRAME = 64 << 20


def uri_of(path):
    return "file://" + urllib.parse.quote(path)


def path_of(uri):
    return urllib.parse.unquote(uri[len("file://"):]) if uri.startswith("file://") else uri


# ---- which server -----------------------------------------------------------------------------------


def runnable(path):
    return os.path.isfile(path) and os.access(path, os.X_OK)


def find_server(name, env):
    """The search order of the VS Code extension: GOBIN, GOPATH/bin, GOROOT/bin, PATH."""
    if name.startswith("/"):
        return name if runnable(name) else None
    dirs = []
    if env.get("GOBIN"):
        dirs.append(env["GOBIN"])
    gopath = env.get("GOPATH") or (env["HOME"] + "/go" if env.get("HOME") else "")
    dirs += [p + "/bin" for p in gopath.split(":") if p]
    if env.get("GOROOT"):
        dirs.append(env["GOROOT"] + "/bin")
    dirs += [p for p in env.get("PATH", "").split(":") if p]
    for d in dirs:
        if runnable(os.path.join(d, name)):
            return os.path.join(d, name)
    return None


# ---- what to ask about ------------------------------------------------------------------------------


def imports_of(text):
    """[(name, path)] in the order of the file; the name is a guess for paths without an alias."""
    found = []
    for block in re.findall(r'^import\s*\((.*?)\)', text, re.S | re.M) + re.findall(r'^import\s+([^(\n]+)$', text, re.M):
        for alias, path in re.findall(r'^\s*([\w.]+\s+)?"([^"]+)"', block, re.M):
            parts = path.split("/")
            name = parts[-2] if re.fullmatch(r"v[0-9]+", parts[-1]) and len(parts) > 1 else parts[-1]
            if path != "C":
                found.append(((alias or name).strip(), path))
    return found


def position_of(text, offset):
    line = text.count("\n", 0, offset)
    start = text.rfind("\n", 0, offset) + 1
    return {"line": line, "character": len(text[start:offset].encode("utf-16-le")) // 2}


def questions_of(text):
    """(own, std): the uses of an own or third-party symbol and of a standard one, or None."""
    own = std = None
    for name, path in imports_of(text):
        m = re.search(r"\b%s\.([A-Z]\w*)" % re.escape(name), text) if name not in ("_", ".") else None
        if not m:
            continue
        use = {"import": path, "symbol": m.group(1), "at": position_of(text, m.start(1))}
        if "." in path.split("/")[0]:
            own = own or use
        else:
            std = std or use
    if not own:
        for m in re.finditer(r"^func (\w+)\(", text, re.M):
            call = re.search(r"(?<!func )\b(%s)\(" % m.group(1), text[m.end():])
            if call:
                own = {"import": None, "symbol": m.group(1), "at": position_of(text, m.end() + call.start(1))}
                break
    return own, std


# ---- the connection ---------------------------------------------------------------------------------


class Gone(Exception):
    """The server can give no answer any more."""


class Connection:
    def __init__(self, argv, env, cwd, init):
        self.init = init
        self.inbox = queue.Queue()
        self.stderr = bytearray()
        self.noise = b""
        self.next_id = 0
        self.messages = []
        self.errors = []
        self.diagnostics = {}
        self.child = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, start_new_session=True)
        threading.Thread(target=self._read_frames, daemon=True).start()
        threading.Thread(target=self._read_stderr, daemon=True).start()

    def _read_stderr(self):
        for chunk in iter(lambda: self.child.stderr.read1(65536), b""):
            if len(self.stderr) < 1 << 20:
                self.stderr += chunk

    def _read_frames(self):
        pipe = self.child.stdout
        try:
            while True:
                length, seen = None, b""
                while True:
                    line = pipe.readline(65536)
                    if not line:
                        raise Gone("the server closed its output" if not seen else "output ended in a header")
                    seen += line
                    if line in (b"\r\n", b"\n"):
                        break
                    name, colon, value = line.partition(b":")
                    if not colon or not re.fullmatch(rb"[A-Za-z-]+", name):
                        raise Gone("the server wrote %r where a header must be" % line[:80])
                    if name.lower() == b"content-length":
                        length = int(value)
                if length is None or length > MAX_FRAME:
                    raise Gone("a header without usable Content-Length: %r" % seen[:80])
                body = pipe.read(length)
                if len(body) < length:
                    raise Gone("the server closed its output in the middle of a message")
                self.inbox.put(json.loads(body))
        except (Gone, ValueError) as e:
            self.inbox.put(e)

    def send(self, message):
        body = json.dumps(dict(message, jsonrpc="2.0")).encode()
        try:
            self.child.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self.child.stdin.flush()
        except OSError as e:
            raise Gone("the server does not read: %s" % e) from None

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def _handle(self, m):
        """Requests and notifications of the server, answered as an editor would."""
        method, params = m.get("method"), m.get("params") or {}
        if "id" in m and method:
            result = None
            if method == "workspace/configuration":
                result = [self.init or {} for _ in params.get("items", [])]
            elif method == "workspace/workspaceFolders":
                result = None
            self.send({"id": m["id"], "result": result})
        if method in ("window/showMessage", "window/showMessageRequest"):
            self.messages.append(params.get("message", ""))
            if params.get("type") == 1:
                self.errors.append(params.get("message", ""))
        elif method == "$/progress":
            value = params.get("value", {})
            text = "%s: %s" % (value.get("title", ""), value.get("message", ""))
            if value.get("title") == "Error loading workspace":
                self.errors.append(text)
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics[path_of(params["uri"])] = params.get("diagnostics") or []

    def step(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            m = self.inbox.get(timeout=left)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(m, Exception):
            raise Gone(str(m))
        self._handle(m)
        return m

    def request(self, method, params, deadline):
        self.next_id += 1
        ident = self.next_id
        self.send({"id": ident, "method": method, "params": params})
        while True:
            m = self.step(deadline)
            if m.get("id") == ident and "method" not in m:
                if "error" in m:
                    raise ValueError(m["error"].get("message", "error"))
                return m.get("result")

    def stop(self):
        for sig in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(self.child.pid, sig)
                self.child.wait(3)
                break
            except (OSError, subprocess.TimeoutExpired):
                continue
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except OSError:
            pass


# ---- the visit --------------------------------------------------------------------------------------


CAPABILITIES = {
    "workspace": {"configuration": True, "workspaceFolders": True, "didChangeConfiguration": {"dynamicRegistration": True},
                  "didChangeWatchedFiles": {"dynamicRegistration": True}},
    "window": {"workDoneProgress": True},
    "textDocument": {"synchronization": {"didSave": True},
                     "completion": {"completionItem": {"snippetSupport": True}},
                     "hover": {"contentFormat": ["markdown", "plaintext"]},
                     "publishDiagnostics": {"relatedInformation": True, "versionSupport": True}},
}


class Visit:
    def __init__(self, spec):
        self.spec = spec
        self.result = {"verdict": "broken", "reasons": [], "server": None, "steps": {}, "messages": []}
        self.conn = None
        self.deadline = time.monotonic() + spec.get("timeout_s", 12)

    def fail(self, reason):
        self.result["reasons"].append(reason)

    def timed(self, name, action):
        start = time.monotonic()
        state, detail, value = "ok", None, None
        try:
            value, detail = action()
            if not value:
                state = "failed"
        except TimeoutError:
            state, detail = "timeout", "no answer"
        except ValueError as e:
            state, detail = "failed", str(e)
        self.result["steps"][name] = {"state": state, "ms": round((time.monotonic() - start) * 1000, 1), "detail": detail}
        if state != "ok":
            self.fail("%s: %s" % (name, detail))
        return value

    def definition(self, uri, use):
        found = self.conn.request("textDocument/definition", {"textDocument": {"uri": uri}, "position": use["at"]}, self.deadline)
        places = found if isinstance(found, list) else [found] if found else []
        paths = [path_of(p.get("uri") or p.get("targetUri")) for p in places]
        return paths

    def ask_own(self, uri, use):
        paths = self.definition(uri, use)
        return bool(paths), "%s -> %s" % (use["symbol"], paths)

    def ask_std(self, uri, use):
        paths = self.definition(uri, use)
        good = any("/src/%s/" % use["import"] in p for p in paths)
        return good, "%s.%s -> %s" % (use["import"], use["symbol"], paths)

    def ask_completion(self, uri, use):
        got = self.conn.request("textDocument/completion", {"textDocument": {"uri": uri}, "position": use["at"]}, self.deadline)
        items = got.get("items", []) if isinstance(got, dict) else got or []
        return any(i["label"].startswith(use["symbol"]) for i in items), "%d items" % len(items)

    def ask_diagnostics(self, uri, text):
        """Adds one wrong line and waits until the server complains about it, and about nothing else."""
        path = path_of(uri)
        wrong = text + "\n\nvar %s int = \"text\"\n" % MARK
        line = wrong.count("\n", 0, wrong.index(MARK))
        self.conn.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": wrong}]})
        mine = lambda d: d["range"]["start"]["line"] == line
        while not any(mine(d) for d in self.conn.diagnostics.get(path, [])):
            self.conn.step(self.deadline)
        others = [d["message"] for d in self.conn.diagnostics[path] if d.get("severity", 1) == 1 and not mine(d)]
        return not others, "; ".join(others)[:400] or None

    def talk(self, text):
        spec, conn = self.spec, self.conn
        root, uri = spec["root"], uri_of(spec["file"])
        self.timed("initialize", lambda: (conn.request("initialize", {
            "processId": os.getpid(), "rootUri": uri_of(root), "rootPath": root, "capabilities": CAPABILITIES,
            "initializationOptions": spec.get("init") or {},
            "workspaceFolders": [{"uri": uri_of(root), "name": os.path.basename(root)}],
        }, self.deadline), None))
        if self.result["reasons"]:
            return
        conn.notify("initialized", {})
        conn.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "go", "version": 1, "text": text}})
        own, std = questions_of(text)
        if own:
            self.timed("definition", lambda: self.ask_own(uri, own))
        if std:
            self.timed("stdlib_definition", lambda: self.ask_std(uri, std))
            self.timed("completion", lambda: self.ask_completion(uri, std))
        if not self.result["reasons"]:
            self.timed("diagnostics", lambda: self.ask_diagnostics(uri, text))
        for path, found in conn.diagnostics.items():
            bad = [d["message"] for d in found if d.get("severity", 1) == 1]
            if path != spec["file"] and bad:
                self.fail("%s: %s" % (path, "; ".join(bad)[:300]))
        for e in conn.errors:
            self.fail("the server says: " + e[:400])
        if spec.get("linger_s"):
            until = time.monotonic() + spec["linger_s"]
            try:
                while True:
                    conn.step(until)
            except TimeoutError:
                pass
            conn.request("shutdown", None, time.monotonic() + 60)
            conn.notify("exit", None)
            conn.child.wait(30)

    def run(self):
        spec = self.spec
        if spec.get("none"):
            self.fail("the editor starts no server: " + spec["none"])
            return self.result
        server = find_server(spec["argv"][0], spec["env"])
        self.result["server"] = server
        if not server:
            self.fail("no server: %s is not found or not executable" % spec["argv"][0])
            return self.result
        with open(spec["file"], encoding="utf-8", errors="replace", newline="") as f:
            text = f.read()
        try:
            self.conn = Connection([server] + spec["argv"][1:], spec["env"], spec["cwd"], spec.get("init"))
        except OSError as e:
            self.fail("the server cannot be started: %s" % e)
            return self.result
        try:
            self.talk(text)
        except Gone as e:
            self.fail(str(e))
        finally:
            self.conn.stop()
        self.result["messages"] = self.conn.messages
        self.result["stderr"] = self.conn.stderr[-2000:].decode("utf-8", "replace")
        self.result["exit_status"] = self.conn.child.poll()
        if not self.result["reasons"]:
            self.result["verdict"] = "healthy"
        return self.result


def become(uid, gid):
    if os.getuid() == uid:
        return
    os.initgroups(spec_user(uid), gid)
    os.setgid(gid)
    os.setuid(uid)


def spec_user(uid):
    import pwd
    return pwd.getpwuid(uid).pw_name


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        spec = json.load(f)
    if "uid" in spec:
        become(spec["uid"], spec.get("gid", spec["uid"]))
    print(json.dumps(Visit(spec).run()))


if __name__ == "__main__":
    main()
