"""Ways to write a test that need the answer in the test's own process, and what to write instead.

Tests see functions and objects of an answer through handles: calls, plain values, arrays, tensors,
exceptions, printed text and changed arguments all work. This list is asked only about tests that
failed across processes and pass within one.
"""

import ast
from collections.abc import Iterator

# Names whose use marks an idiom -> what the test does, what to do instead.
NAMES = {
    ("getsource", "getsourcelines", "getsourcefile", "getfile"): (
        "reads the text of an answer",
        "test what the function does, or search the answer's own `__code__`",
    ),
    ("patch", "monkeypatch", "setattr", "MagicMock", "Mock"): (
        "replaces something inside the answer",
        "pass the replacement as an argument",
    ),
    ("pickle", "deepcopy", "dumps", "copy"): (
        "copies or stores an object of the answer",
        "build the object anew, or compare what its methods return",
    ),
    ("getrefcount", "tracemalloc", "getsizeof", "gc", "weakref", "id"): (
        "measures objects of the answer in memory",
        "test the values; time and memory have limits of their own",
    ),
    ("settrace", "setprofile", "_getframe", "currentframe"): (
        "watches the interpreter while the answer runs",
        "count the calls of a function that the test passes in",
    ),
    ("Thread", "Process", "ThreadPoolExecutor", "ProcessPoolExecutor", "fork", "alarm"): (
        "starts threads, processes or alarms around the answer",
        "call the answer directly; each cell has a time limit",
    ),
    ("globals", "locals", "vars", "__dict__", "get_ipython"): (
        "looks into the notebook's names",
        "name the function or value that is tested",
    ),
}
MESSAGES = {
    "cannot be copied": ("copies or stores an object of the answer", "build the object anew"),
    "plain data": (
        "decides by an object of the answer",
        "compare numbers, texts, lists or arrays that its methods or attributes give",
    ),
    "has no attribute": (
        "uses an attribute that only a function or object in one's own process has",
        "call the function, or read public attributes",
    ),
}
SUBCLASS = ("derives a class from one of the answer's", "derive it in a given cell")
ANY = ("does something that needs the answer in its own process", "pass and compare plain values")


def explain(source: str, message: str, answers: set[str]) -> tuple[str, str]:
    """Return what a test does that does not work across processes, and what to do instead.

    Parameters
    ----------
    source : str
        The test cell.
    message : str
        The error that it ended with.
    answers : set of str
        Names that the cells of the answer define.
    """
    used = set(_names(source))
    for names, advice in NAMES.items():
        if used.intersection(names):
            return advice
    if _derives(source, answers):
        return SUBCLASS
    for part, advice in MESSAGES.items():
        if part in message:
            return advice
    return ANY


def defined_names(source: str) -> set[str]:
    """Return the functions, classes and variables that a cell defines."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = {node.name for node in tree.body if isinstance(node, kinds)}
    stored = (n for n in ast.walk(tree) if isinstance(n, ast.Name))
    return found | {n.id for n in stored if isinstance(n.ctx, ast.Store)}


def _names(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # magics: nothing is known of the cell
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.name for alias in node.names)
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module


def _derives(source: str, answers: set[str]) -> bool:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    bases = {base.id for c in classes for base in c.bases if isinstance(base, ast.Name)}
    return bool(bases & answers)
