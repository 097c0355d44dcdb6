"""Student's functions as their notebook has them: code, signature, text; and tracebacks.

All of this is made from the source text of the cells, compiled and never run. What the student's
process says about a function is only where in which cell it begins.
"""

import ast
import inspect
import linecache
import re
import types
from dataclasses import dataclass
from functools import cached_property
from typing import Any

CELL_NAME = re.compile(r"<cell [\w.:-]{1,80}>")
DEFINITIONS = ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef
LIBRARY = re.compile(
    r"/(?:site|dist)-packages/((?:numpy|torch|scipy|sklearn|IPython)/[\w/.-]{1,120}\.py)$")


@dataclass(frozen=True, eq=False)
class Described:
    """A function or class of a cell's text: its syntax tree and its code."""

    name: str
    qualname: str
    node: ast.AST
    code: types.CodeType | None  # None for a class
    source: str  # of the whole cell

    @cached_property
    def doc(self) -> str | None:
        """The docstring, as Python keeps it."""
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return ast.get_docstring(self.node, clean=False)
        return None

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature; defaults that are no literals are shown as `...`."""
        args = getattr(self.node, "args", None)
        if not isinstance(args, ast.arguments):
            raise ValueError(f"no signature found for {self.name}")
        kinds = inspect.Parameter
        found = []
        positional = [*args.posonlyargs, *args.args]
        defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
        for i, (arg, default) in enumerate(zip(positional, defaults, strict=True)):
            only = i < len(args.posonlyargs)
            kind = kinds.POSITIONAL_ONLY if only else kinds.POSITIONAL_OR_KEYWORD
            found.append(self._parameter(arg, kind, default))
        if args.vararg:
            found.append(self._parameter(args.vararg, kinds.VAR_POSITIONAL, None))
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            found.append(self._parameter(arg, kinds.KEYWORD_ONLY, default))
        if args.kwarg:
            found.append(self._parameter(args.kwarg, kinds.VAR_KEYWORD, None))
        returns = getattr(self.node, "returns", None)
        told = ast.unparse(returns) if returns else inspect.Signature.empty
        return inspect.Signature(found, return_annotation=told)

    @staticmethod
    def _parameter(arg: ast.arg, kind: Any, default: ast.expr | None) -> inspect.Parameter:
        empty = inspect.Parameter.empty
        return inspect.Parameter(
            arg.arg, kind, default=empty if default is None else _literal(default),
            annotation=ast.unparse(arg.annotation) if arg.annotation else empty,
        )

    @cached_property
    def methods(self) -> list[str]:
        """The names of a class's functions."""
        return [part.name for part in getattr(self.node, "body", [])
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ...


class Texts:
    """The cells of a notebook whose code the student's process runs, as text."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}  # file name -> text
        self.places: dict[tuple[str, int, str], Described] = {}  # file, first line, qualified name
        self.named: dict[str, Any] = {}  # name -> what the last statement at the top gave it

    def add(self, filename: str, source: str) -> None:
        """Read a cell; one that does not parse has no functions."""
        self.sources[filename] = source
        lines = [line + "\n" for line in source.splitlines()]
        linecache.cache[filename] = (len(source), None, lines, filename)
        try:
            tree = ast.parse(source)
            code = compile(source, filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        self._walk(tree, code, source, filename)
        for statement in tree.body:
            self._bind(statement, filename)

    def _walk(self, tree: ast.Module, code: types.CodeType, source: str, filename: str) -> None:
        codes: dict[tuple[int, str], types.CodeType] = {}
        todo = [code]
        while todo:
            for inner in todo.pop().co_consts:
                if isinstance(inner, types.CodeType):
                    codes[inner.co_firstlineno, inner.co_qualname] = inner
                    todo.append(inner)

        def visit(node: ast.AST, prefix: str) -> None:
            for child in ast.iter_child_nodes(node):
                inside = prefix
                if isinstance(child, DEFINITIONS):
                    name = getattr(child, "name", "<lambda>")
                    qualname = prefix + name
                    decorators = getattr(child, "decorator_list", [])
                    first = min([child.lineno, *(part.lineno for part in decorators)])
                    is_class = isinstance(child, ast.ClassDef)
                    own = None if is_class else codes.get((first, qualname))
                    found = Described(name, qualname, child, own, source)
                    if is_class or own:
                        self.places.setdefault((filename, first, qualname), found)
                    inside = qualname + ("." if is_class else ".<locals>.")
                visit(child, inside)

        visit(tree, "")

    def _bind(self, statement: ast.stmt, filename: str) -> None:
        """Note what a statement at the top of a cell binds its names to."""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
            self.named[statement.name] = self.places.get((filename, first, statement.name))
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                self.named[alias.asname or name] = Imported(name, None)
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                found = Imported(statement.module or "", alias.name)
                self.named[alias.asname or alias.name] = found
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    self.named[target.id] = self._value(statement.value, filename)
        else:
            for part in ast.walk(statement):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
                    self.named.pop(part.id, None)

    def _value(self, node: ast.expr, filename: str) -> Any:
        if isinstance(node, ast.Lambda):
            return self.places.get((filename, node.lineno, "<lambda>"))
        if isinstance(node, ast.Name):
            return self.named.get(node.id)
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.insert(0, inner.attr)
            inner = inner.value
        if parts and isinstance(inner, ast.Name):
            return Dotted(inner.id, tuple(parts))
        return None

    def find(self, place: Any, name: str, qualname: str) -> Described | None:
        """Return the function that the student's process says begins at a place."""
        if place and type(place) is list and len(place) == 2:
            filename, first = place
            if type(filename) is str and type(first) is int:
                found = self.places.get((filename, first, qualname))
                if found:
                    return found
        told = self.named.get(name)
        return told if isinstance(told, Described) else None


@dataclass(frozen=True)
class Imported:
    """What a name is bound to by an import: a module, or something in it."""

    module: str
    name: str | None


@dataclass(frozen=True)
class Dotted:
    """What a name is bound to by `name = first.part.part`."""

    first: str
    parts: tuple[str, ...]


_places: dict[tuple[str, str, int], tuple[types.FrameType, int]] = {}


def _place(filename: str, name: str, line: int) -> tuple[types.FrameType, int]:
    """Return a frame of a function of this name that has failed in this line, and where in it.

    The code tells the line and no columns: those of the failing statement are not those of the
    student's line.
    """
    key = filename, name, line
    found = _places.get(key)
    if found is None:
        tree = ast.parse("raise ValueError")
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt | ast.expr):
                node.lineno = node.end_lineno = line
                node.col_offset = node.end_col_offset = -1
        code = compile(tree, filename, "exec").replace(co_name=name, co_qualname=name)
        try:
            exec(code, {"__name__": "__main__"})
        except ValueError as error:
            outer = error.__traceback__
            assert outer is not None
            assert outer.tb_next is not None
            found = outer.tb_next.tb_frame, outer.tb_next.tb_lasti
        assert found is not None
        if len(_places) > 2000:
            _places.clear()
        _places[key] = found
    return found


def traceback_from(frames: Any, texts: Texts) -> types.TracebackType | None:
    """Make a traceback with the lines of the student's cells; other files are only named."""
    found: types.TracebackType | None = None
    for filename, line, name in reversed(frames[-100:]):
        if type(filename) is not str or type(name) is not str or type(line) is not int:
            raise TypeError("a frame")
        if filename not in texts.sources:
            library = LIBRARY.search(filename)
            filename = f"<site-packages>/{library[1]}" if library else "<outside of the notebook>"
        name = name if re.fullmatch(r"<?\w{1,100}>?", name) else "<unknown>"
        last = len(texts.sources.get(filename, "").splitlines())
        line = min(max(line, 1), last) if last else max(min(line, 10**6), 1)
        frame, instruction = _place(filename, name, line)
        found = types.TracebackType(found, frame, instruction, line)
    return found
