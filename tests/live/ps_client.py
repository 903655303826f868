#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A client as small as can be: ps_client.py pipe|socketpair SERVER [ARGUMENT...]

Starts the server as editors do, says initialize, prints "ready PID" once it is answered, and stays until it is killed."""
import json
import os
import signal
import socket
import subprocess
import sys


def main():
    if sys.argv[1] == "pipe":
        server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        to, back = server.stdin, server.stdout
    else:  # as node does: a pair for each end
        ours, theirs = zip(socket.socketpair(), socket.socketpair())
        server = subprocess.Popen(sys.argv[2:], stdin=theirs[0], stdout=theirs[1])
        for end in theirs:
            end.close()
        to, back = ours[0].makefile("wb"), ours[1].makefile("rb")
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                       "params": {"processId": os.getpid(), "rootUri": "file://" + os.getcwd(), "capabilities": {}}}).encode()
    to.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    to.flush()
    if not back.readline().startswith(b"Content-Length"):
        sys.exit(1)
    print("ready", server.pid, flush=True)
    signal.pause()


main()
