#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A small language server that does one thing wrong: any_server.py MODE [tcp|unix ADDRESS].

It answers hover and documentSymbol and announces definition; MODE names the breach, or "well".
With an address it serves one client there and prints "listening PORT" first.
"""
import json
import os
import socket
import sys

mode = sys.argv[1]


def streams():
    if len(sys.argv) < 3:
        return sys.stdin.buffer, sys.stdout.buffer
    if sys.argv[2] == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
        print("listening", listener.getsockname()[1], flush=True)
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[3])
        listener.listen()
        print("listening", flush=True)
    connection, _ = listener.accept()
    both = connection.makefile("rwb")
    return both, both


reader, writer = streams()


def send_bytes(body, length=None):
    writer.write(b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body)
    writer.flush()


def send(message):
    send_bytes(json.dumps(message).encode())


def answer(request, result):
    message = {"jsonrpc": "2.0", "id": request["id"], "result": result}
    if mode == "no-jsonrpc":
        del message["jsonrpc"]
    if mode == "result-and-error":
        message["error"] = {"code": -32603, "message": "both"}
    send(message)
    if mode == "second-answer" and request["method"] == "textDocument/hover":
        send(message)


def receive():
    length = 0
    while True:
        line = reader.readline()
        if not line:
            sys.exit(1)
        if line == b"\r\n":
            break
        name, value = line.split(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return json.loads(reader.read(length))


symbols = [{"name": "area", "kind": 12,
            "range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}},
            "selectionRange": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 8}}}]

if mode == "outside-frame":
    writer.write(b"Welcome to the server!\n")
    writer.flush()
if mode == "dies":
    sys.stderr.write("out of luck\n")
    sys.exit(3)
while True:
    m = receive()
    method = m.get("method")
    if method == "initialize":
        if mode == "too-early":
            send({"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics",
                  "params": {"uri": "file:///x", "diagnostics": []}})
        if mode == "mute":
            continue
        answer(m, {"capabilities": {"hoverProvider": True, "documentSymbolProvider": True,
                                    "definitionProvider": mode != "poor",
                                    "typeDefinitionProvider": False},
                   "serverInfo": {"name": "any", "version": "1.2"}})
    elif method == "textDocument/didOpen":
        uri = m["params"]["textDocument"]["uri"]
        count = 6000 if mode == "storm" else 1
        for _ in range(count):
            send({"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics",
                  "params": {"uri": uri, "diagnostics": []}})
        if mode == "unknown-id":
            send({"jsonrpc": "2.0", "id": 4711, "result": None})
        if mode == "invalid-utf8":
            send_bytes(b'{"jsonrpc":"2.0","method":"window/logMessage","params":{"type":4,"message":"\xff\xfe"}}')
        if mode == "not-json":
            send_bytes(b"this is no message")
        if mode == "wrong-length":
            body = json.dumps({"jsonrpc": "2.0", "method": "window/logMessage",
                               "params": {"type": 4, "message": "hello"}}).encode()
            send_bytes(body, len(body) - 2)
    elif method == "textDocument/documentSymbol":
        answer(m, symbols)
    elif method == "textDocument/hover":
        answer(m, {"contents": "area"})
    elif method == "textDocument/definition":
        if mode == "fails":
            send({"jsonrpc": "2.0", "id": m["id"], "error": {"code": -32603, "message": "no idea"}})
        else:
            answer(m, {"uri": m["params"]["textDocument"]["uri"], "range": symbols[0]["selectionRange"]})
    elif method == "shutdown":
        if mode != "no-shutdown":
            answer(m, None)
    elif method == "exit":
        os._exit(1 if mode == "no-exit" else 0)
