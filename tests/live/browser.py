#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""browser.py PAGE OUTPUT [AXE]: looks at a page in headless Chromium; prints a line for each thing that is wrong.

It speaks the DevTools protocol over a pipe. Light and dark, on a desk and on a telephone: nothing is asked for from
outside, nothing sticks out sideways, the screenshots (kept in OUTPUT) are not empty and differ as they should. The
accessibility tree has names where it needs them; with AXE (axe-core's axe.min.js) its rules are run too.
"""
import base64
import io
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time

from PIL import Image, ImageStat

page = pathlib.Path(sys.argv[1]).resolve().as_uri()
output = pathlib.Path(sys.argv[2])
axe = pathlib.Path(sys.argv[3]).read_text() if len(sys.argv) > 3 else None


class Browser:
    def __init__(self, profile):
        ours_read, theirs_write = os.pipe()
        theirs_read, ours_write = os.pipe()

        def arrange():
            keep = [os.dup(theirs_read), os.dup(theirs_write)]
            os.dup2(keep[0], 3)
            os.dup2(keep[1], 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=arrange, pass_fds=(3, 4, theirs_read, theirs_write),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_read)
        os.close(theirs_write)
        self.read_fd, self.write_fd = ours_read, ours_write
        self.buffer, self.next_id, self.requests = b"", 0, []

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            if not select.select([self.read_fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SystemExit("the browser does not answer")
            chunk = os.read(self.read_fd, 1 << 16)
            if not chunk:
                raise SystemExit("the browser ended")
            self.buffer += chunk
        message, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(message)
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        return message

    def call(self, method, session=None, **params):
        self.next_id += 1
        message = {"id": self.next_id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.write_fd, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.next_id:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]

    def wait(self, method):
        deadline = time.monotonic() + 60
        while self.receive(deadline).get("method") != method:
            pass


def problems(browser):
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(method, **params):
        return browser.call(method, session, **params)

    def evaluate(expression, **more):
        result = call("Runtime.evaluate", expression=expression, returnByValue=True, **more)
        return result["result"].get("value")

    call("Page.enable")
    call("Network.enable")
    call("Page.setBypassCSP", enabled=True)
    brightness = {}
    for width, where in ((390, "telephone"), (1200, "desk")):
        for scheme in ("light", "dark"):
            call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
            call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            call("Page.navigate", url=page)
            browser.wait("Page.loadEventFired")
            wide = evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                yield f"{where}: sticks out by {wide} pixels"
            picture = base64.b64decode(call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])
            (output / f"{where}-{scheme}.png").write_bytes(picture)
            image = Image.open(io.BytesIO(picture)).convert("L")
            statistics = ImageStat.Stat(image)
            brightness[where, scheme] = statistics.mean[0]
            if statistics.stddev[0] < 5:
                yield f"{where}, {scheme}: an empty picture"
            if axe:
                evaluate(axe + ";0")
                broken = evaluate("axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html.slice(0, 120)))",
                                  awaitPromise=True)
                for violation in broken:
                    yield f"{where}, {scheme}: {violation}"
        if brightness[where, "dark"] > brightness[where, "light"] - 60:
            yield f"{where}: dark is not darker"
    for url in browser.requests:
        if url != page and not url.startswith("about:"):
            yield f"asked for {url}"
    call("Accessibility.enable")
    nodes = call("Accessibility.getFullAXTree")["nodes"]

    def names(role):
        return [n.get("name", {}).get("value", "") for n in nodes if n.get("role", {}).get("value") == role]

    if len(names("heading")) < 3 or not all(names("heading")):
        yield "headings without names, or too few"
    if len([n for n in names("main")]) != 1:
        yield "no main landmark"
    for role in ("image", "region"):
        if not all(names(role)):
            yield f"a {role} without a name"
    if evaluate("document.querySelectorAll('script').length") != 0:
        yield "there is a script in it"


output.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory() as profile:
    browser = Browser(profile)
    found = list(problems(browser))
    browser.call("Browser.close")
    browser.process.wait(30)
print("\n".join(found), end="\n" if found else "")
sys.exit(1 if found else 0)
