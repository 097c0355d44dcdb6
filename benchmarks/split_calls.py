"""Measure what one call of a student's function costs across the two processes.

    python benchmarks/split_calls.py

prints, for a few kinds of calls, the median time of a call and the processor time of both sides.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.grader.split.forked import Server, notebook

ANSWER = '''
import time
import numpy as np

def nothing():
    return None

def numbers(a, b, c):
    return a

def arrays(x, w, b):
    return x @ w + b

def drawn(n, rng):
    return rng.permutation(n)

def pairs(X, y, size):
    return [(X[i:i + size], y[i:i + size]) for i in range(0, len(X), size)]

def called(f, x):
    return f(x)

def spent():
    return time.process_time()
'''

TEST = '''
import time
import numpy as np

rng = np.random.default_rng(0)
x, w, X = rng.normal(size=4), rng.normal(size=4), rng.normal(size=(20, 3))
big = rng.normal(size=(300, 300))
cases = {
    "no arguments": (nothing,),
    "three numbers": (numbers, 1, 2.0, "three"),
    "two small arrays": (arrays, x, w, 0.5),
    "a generator": (drawn, 4, rng),
    "a list of pairs": (pairs, X, x, 6),
    "a callback": (called, lambda v: v, x),
    "300 x 300": (arrays, big, big, 0.0),
}
print(f"{'call':20}{'median':>10}{'cpu, judge':>12}{'cpu, student':>14}   microseconds")
for name, (function, *args) in cases.items():
    n = 300 if name == "300 x 300" else 3000
    for _ in range(100):
        function(*args)
    before, theirs, times = time.process_time(), spent(), []
    for _ in range(n):
        began = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - began)
    cpu, their_cpu = time.process_time() - before, spent() - theirs
    median = sorted(times)[n // 2]
    print(f"{name:20}{median * 1e6:10.0f}{cpu / n * 1e6:12.0f}{their_cpu / n * 1e6:14.0f}")
'''

if __name__ == "__main__":
    source = notebook(("answer", "answer", ANSWER), ("test", "test", TEST))
    server = Server(json.dumps(source))
    played = server.play(source)
    server.close()
    for output in played["cells"][1]["outputs"]:
        print(output.get("text") or "\n".join(output["traceback"]))
