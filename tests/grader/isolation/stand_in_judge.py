"""What stands in for grader.split.judge in these tests: the submission says what to do."""

import json
import os
import tempfile
import threading
from pathlib import Path


class Judge:
    def __init__(self, notebook, shell, limits):
        self.notebook, self.shell, self.limits = notebook, shell, limits
        if "fail to start" in notebook:
            raise ValueError("a reason")
        if "start a thread" in notebook:
            threading.Thread(target=threading.Event().wait, args=(30,), daemon=True).start()

    def play(self, submission, spawn):
        order = json.loads(submission)
        names = {"spawn": spawn, "ask": ask, "judge": self, "os": os}
        names |= {"tempfile": tempfile, "Path": Path, "answer": None}
        exec(order["judge"], names)
        return {"answer": names["answer"]}


def ask(student, source):
    student.sock.sendall(json.dumps({"source": source}).encode() + b"\n")
    reply = b""
    while not reply.endswith(b"\n"):
        part = student.sock.recv(1 << 16)
        if not part:
            raise EOFError(student.end(5.0))
        reply += part
    return json.loads(reply)


def make_shell():
    return {}
