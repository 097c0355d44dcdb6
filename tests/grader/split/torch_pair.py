"""A judge in this process and a student in a forked one, without a sandbox around it."""

import gc
import os
import signal
import socket
import sys
import traceback
import warnings

import torch

from grader.split import cells, registry, student
from grader.split.functions import Texts
from grader.split.judge_peer import JudgePeer
from grader.split.wire import Wire

IMPORTS = """
import io
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
"""


def serve(sock, late):
    """Be the student's process, without what pytest has changed in this one."""
    try:
        if late:  # as if torch were not loaded yet when the connection is made
            real = registry.add_torch
            registry.add_torch = lambda _: setattr(registry, "add_torch", real)
        gc.freeze()  # what this process has left to collect is not the student's business
        warnings.resetwarnings()
        sys.modules.pop("pytest", None)
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        student.serve(sock, cells.make_shell(), 64 * 2**20)
    except BaseException:  # noqa: BLE001 - whatever it is, it is told before the process ends
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(3)


class Pair:
    """Two processes; `pair.run(source)` defines names in the student's, `pair.name` fetches one."""

    def __init__(self, source="", late=False):
        here, there = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            here.close()
            serve(there, late)
        there.close()
        self.sock, self.texts = here, Texts()
        self._load = torch.load  # which a judge guards for good
        self.peer = JudgePeer(Wire(here), {}, set(), self.texts, self.interrupt)
        self.cells = 0
        try:
            self.run(IMPORTS + source)
        except BaseException:
            self.close()
            raise

    def run(self, source):
        """Have the student's process run a cell."""
        self.cells += 1
        name = f"<cell {self.cells}>"
        self.texts.add(name, source)
        outputs, _, failed = self.peer.request("cell", name, (source, self.cells, 10_000))
        assert not failed, outputs

    def __getattr__(self, name):
        return self.peer.fetch([name])[name]

    def interrupt(self):
        """Stop what the student's process is doing."""
        os.kill(self.pid, signal.SIGINT)

    @property
    def table(self):
        """What both sides know."""
        return self.peer.front.table

    def close(self):
        """End the student's process."""
        torch.load = torch.serialization.load = self._load
        self.sock.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
