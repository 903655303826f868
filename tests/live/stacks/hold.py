#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""hold.py GOPLS MODULE FILE STDERR READY: starts a language server, opens FILE of MODULE, writes its process number to
READY.pid, and READY when the first load of the workspace is over. When its own stdin ends it ends the server by
SIGQUIT, whose dump goes to STDERR."""
import json
import os
import signal
import subprocess
import sys
import threading


def main():
    gopls, module, path, stderr, ready = sys.argv[1:6]
    with open(stderr, "wb") as log:
        server = subprocess.Popen([gopls], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=module)
    with open(ready + ".new", "w", encoding="ascii") as f:
        f.write(str(server.pid))
    os.rename(ready + ".new", ready + ".pid")

    def send(message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        try:
            server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            server.stdin.flush()
        except BrokenPipeError:
            pass

    def receive():
        length = 0
        for line in iter(server.stdout.readline, b"\r\n"):
            if not line:
                return None
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(server.stdout.read(length))

    def converse():
        for message in iter(receive, None):
            method = message.get("method")
            if method == "workspace/configuration":
                send({"id": message["id"], "result": [None] * len(message["params"]["items"])})
            elif method and "id" in message:
                send({"id": message["id"], "result": None})
            elif message.get("id") == 1:
                with open(path, encoding="utf-8") as f:
                    text = f.read()
                send({"method": "initialized", "params": {}})
                send({"method": "textDocument/didOpen", "params": {"textDocument": {
                    "uri": "file://" + path, "languageId": "go", "version": 1, "text": text}}})
                send({"id": 2, "method": "textDocument/documentSymbol", "params": {"textDocument": {"uri": "file://" + path}}})
                send({"id": 3, "method": "workspace/symbol", "params": {"query": "Hello"}})
            elif message.get("id") == 3:
                open(ready, "w", encoding="ascii").close()

    send({"id": 1, "method": "initialize", "params": {
        "processId": None, "rootUri": "file://" + module, "capabilities": {"workspace": {"configuration": True}},
        "workspaceFolders": [{"uri": "file://" + module, "name": "m"}]}})
    threading.Thread(target=converse, daemon=True).start()
    sys.stdin.read()
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
