"""Ways to write a test that need the answer in the test's own process, and what to write instead.

Tests see functions and objects of an answer through handles: calls, plain values, arrays, tensors,
exceptions, printed text and changed arguments all work. This list is asked only about tests that
failed across processes and pass within one.
"""

import ast
from collections.abc import Iterator

EXCEPT = (
    "catches an exception class of the answer",
    "define the class in a given cell, or catch Exception and compare type(error).__name__",
)
SUBCLASS = ("derives a class from one of the answer's", "derive it in a given cell")
DECIDES = (
    "lets an object of the answer decide",
    "compare plain data: numbers, texts, lists or arrays that its attributes or methods give",
)
# Names whose use marks an idiom -> what the test does, what to do instead.
NAMES = {
    ("getsource", "getsourcelines", "getsourcefile", "getfile"): (
        "reads the text of an answer",
        "test what the function does, or look at its `__code__`",
    ),
    ("patch", "monkeypatch", "MagicMock", "Mock"): (
        "replaces something inside the answer",
        "pass the replacement as an argument",
    ),
    ("pickle", "dumps"): (
        "stores an object of the answer",
        "build the object anew, or compare what its methods return",
    ),
    ("getrefcount", "tracemalloc", "getsizeof", "gc", "weakref"): (
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
}
UNDECIDED = "is an object of the answer, not plain data"  # in what a handle says
ANY = (
    "does something that needs the answer in its own process",
    "pass and compare plain values; what an answer returns is a copy of what it keeps",
)


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
    nodes = _nodes(source)
    caught = {name for node in nodes if isinstance(node, ast.ExceptHandler) and node.type
              for name in _plain_names(node.type)}  # fmt: skip
    bases = {name for node in nodes if isinstance(node, ast.ClassDef)
             for base in node.bases for name in _plain_names(base)}  # fmt: skip
    if caught & answers:
        return EXCEPT
    if bases & answers:
        return SUBCLASS
    if UNDECIDED in message:
        return DECIDES
    used = {name for node in nodes for name in _names(node)}
    return next((advice for names, advice in NAMES.items() if used.intersection(names)), ANY)


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


def _nodes(source: str) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(source)))
    except SyntaxError:  # magics: nothing is known of the cell
        return []


def _plain_names(node: ast.AST) -> Iterator[str]:
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.name for alias in node.names)
