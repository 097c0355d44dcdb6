"""Keeps a student server for the tests, as the user it was started as: JSON lines in, JSON out.

Its one argument says which mechanisms are switched off, so that a test can show that it fails then.
"""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from grader.isolation import cgroups
from grader.isolation.policy import NAMESPACES, Limits, Policy
from grader.isolation.process import Spawner
from grader.isolation.sandbox import make_scratch
from grader.isolation.servers import start_student_server

STAND_IN = Path(__file__).with_name("stand_in.py")


@dataclass(frozen=True)
class Weakened(Policy):
    """A policy without some mechanisms: namespaces, limits, or options of bubblewrap by name."""

    without: frozenset = frozenset()

    def plan(self):
        plan = super().plan()
        plan["namespaces"] = [n for n in NAMESPACES if n not in self.without]
        plan["rlimits"] = {k: v for k, v in plan["rlimits"].items() if k not in self.without}
        if "AS" in self.without:
            plan["memory_bytes"] = 1 << 45
        if "disk" in self.without:
            plan |= {"disk_bytes": 1 << 34, "inodes": 1 << 20}
        plan["seccomp"] = "seccomp" not in self.without
        plan["drop_capabilities"] = "capabilities" not in self.without
        return plan

    def bubblewrap(self, scratch, *, as_root):
        options = super().bubblewrap(scratch, as_root=as_root)
        dropped = {*self.without, *(["--unshare-net"] if "net" in self.without else [])}
        return [option for option in options if option not in dropped]


class Driver:
    def __init__(self, settings):
        limits = Limits(**settings.get("limits", {}))
        self.scratch = make_scratch({"data.csv": b"1,2\n", "more/data.txt": b"more\n"})
        self.log = self.scratch / "servers.log"
        policy = Weakened(
            limits, imports=tuple(settings.get("imports", ())), packages=(STAND_IN,),
            absent=tuple(settings.get("absent", ())), without=frozenset(settings["without"]),
            entry="stand_in:serve", shell="stand_in:make_shell",
        )  # fmt: skip
        self.server = start_student_server(
            policy, self.scratch, self.log, sandboxed=settings.get("sandboxed", True)
        )
        self.server.wait_until_ready(self.log)
        self.groups = None if "groups" in policy.without else cgroups.find_groups()
        self.spawn_one = Spawner(self.server.control, limits, self.groups, os.getpid())
        self.students = []

    def facts(self):
        return {
            "uid": os.getuid(), "groups": self.groups is not None, "scratch": str(self.scratch),
            "server": self.server.process.pid,
        }  # fmt: skip

    def spawn(self):
        self.students.append(self.spawn_one())
        return len(self.students) - 1

    def tell(self, number, source):
        self.students[number].sock.sendall(json.dumps({"source": source}).encode() + b"\n")

    def hear(self, number, wait):
        student, reply = self.students[number], b""
        student.sock.settimeout(wait)
        try:
            while not reply.endswith(b"\n"):
                part = student.sock.recv(1 << 20)
                if not part:
                    return {"end": student.end(10)}
                reply += part
        except TimeoutError:
            return {"busy": True}
        except ConnectionResetError:
            return {"end": student.end(10)}
        return json.loads(reply)

    def ask(self, number, source, wait=30):
        self.tell(number, source)
        return self.hear(number, wait)

    def interrupt(self, number):
        self.students[number].interrupt()

    def kill(self, number):
        self.students[number].kill()
        return [self.students[number].end(), self.students[number].usage]

    def end(self, number, wait):
        return self.students[number].end(wait)

    def close(self):
        for student in self.students:
            student.close()
        self.server.close()
        text = self.log.read_text()
        shutil.rmtree(self.scratch)
        return text


def main():
    driver = Driver(json.loads(sys.argv[1]))
    print(json.dumps(driver.facts()), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(driver, name)(*arguments)), flush=True)
        if name == "close":
            return


if __name__ == "__main__":
    main()
