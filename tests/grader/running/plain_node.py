"""A stand-in for the real node, which plays cells in this process: for tests of everything else."""

import ast
import sys
import time

import nbformat
from nbgrader.utils import is_grade, is_solution

CELL = "<cell>"


class PlainNode:
    def __init__(self, task, seconds=2.0):
        self.task, self.seconds, self.closed, self.played = task, seconds, False, 0

    def grade(self, submission, *, seed=0):
        self.played += 1
        notebook = nbformat.v4.reads(submission)
        names = {"__name__": "__main__", "SEED": seed}
        cells, faults = [], []
        for cell in notebook.cells:
            if cell.cell_type != "code":
                cells.append(None)
                continue
            began = time.monotonic()
            outputs = self._play(cell, names)
            late = [o for o in outputs if o.get("ename") == "CellTimeoutError"]
            name = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id
            if late:
                text = f"the cell {name} took more than {self.seconds:g} s"
                faults.append({"kind": "timeout", "cell": name, "text": text})
            seconds = time.monotonic() - began
            cells.append({"outputs": outputs, "execution_count": 1, "seconds": seconds})
        return {"cells": cells, "faults": faults, "seconds": {}, "rss_mb": 1}

    def _play(self, cell, names):
        printed, outputs = [], []
        names["print"] = lambda *texts: printed.append(" ".join(map(str, texts)) + "\n")
        try:
            value = self._run(cell.source, names)
        except BaseException as error:  # noqa: BLE001 - a student may raise anything
            lines = [f"{type(error).__name__}: {error}"]
            ename, evalue = type(error).__name__, str(error)
            outputs = [{"output_type": "error", "ename": ename, "evalue": evalue,
                        "traceback": lines}]  # fmt: skip
        else:
            if value is not None and is_grade(cell) and not is_solution(cell):
                outputs = [{"output_type": "execute_result", "execution_count": 1,
                            "data": {"text/plain": repr(value)}, "metadata": {}}]  # fmt: skip
        stream = {"output_type": "stream", "name": "stdout", "text": "".join(printed)}
        return [stream, *outputs] if printed else outputs

    def _run(self, source, names):
        tree = ast.parse(source)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)
        deadline = time.thread_time() + self.seconds

        def watch(frame, event, argument):
            # The cell's own frames only: an error raised in a library's frame may be one that
            # nobody gets (a weak reference's callback) and would end the watch with it.
            if frame.f_code.co_filename != CELL:
                return None
            if time.thread_time() > deadline:
                raise CellTimeoutError("A cell timed out")
            return watch

        before = sys.gettrace()
        sys.settrace(watch)
        try:
            exec(compile(tree, CELL, "exec"), names)
            return None if last is None else eval(compile(last, CELL, "eval"), names)
        finally:
            sys.settrace(before)

    def close(self):
        self.closed = True


class CellTimeoutError(Exception):
    pass


def start(task, log=None):
    return PlainNode(task)
