#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A client that never answers what its server asks: mute_client.py METHOD|none SERVER [ARGUMENT...]

Starts the server in the present directory, answers all its requests but METHOD, prints "asked PID" when that one came, "ready PID"
when the server has answered a question after its first load, and stays until it is killed."""
import json
import os
import subprocess
import sys

mute = sys.argv[1]
server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def send(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    server.stdin.flush()


def receive():
    length = 0
    while line := server.stdout.readline().strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    if not length:
        sys.exit(0)
    return json.loads(server.stdout.read(length))


def main():
    here = "file://" + os.getcwd()
    send(id=1, method="initialize", params={
        "processId": os.getpid(), "rootUri": here, "workspaceFolders": [{"uri": here, "name": "here"}],
        "capabilities": {"workspace": {"configuration": True, "didChangeWatchedFiles": {"dynamicRegistration": True}},
                         "window": {"workDoneProgress": True}}})
    while True:
        message = receive()
        if "method" in message and "id" in message:
            if message["method"] == mute:
                print("asked", server.pid, flush=True)
                continue
            items = message.get("params", {}).get("items")
            send(id=message["id"], result=[None] * len(items) if items else None)
        elif message.get("id") == 1:
            send(method="initialized", params={})
            send(id=2, method="workspace/symbol", params={"query": "main"})
        elif message.get("id") == 2:
            print("ready", server.pid, flush=True)


main()
