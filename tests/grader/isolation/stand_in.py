"""What stands in for grader.split in these tests, inside the sandbox: run source, answer its value.

A request is a line of JSON, {"source": ...}; the answer is {"value": repr of `answer`} or
{"error": ...}.
"""

import json


def make_shell():
    return {}


def serve(sock, shell, message_bytes):
    with sock.makefile("rw", encoding="utf-8") as stream:
        for line in stream:
            names = {"__name__": "__main__", "answer": None}
            try:
                exec(json.loads(line)["source"], names)
                reply = {"value": names["answer"]}
            except BaseException as error:  # noqa: BLE001 - probes fail in every way
                reply = {"error": f"{type(error).__name__}: {error}"}
            stream.write(json.dumps(reply) + "\n")
            stream.flush()
