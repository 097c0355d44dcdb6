"""The library stays small enough to read: lines of code, of a file, and of a function."""

import ast
import io
import tokenize
from pathlib import Path

import nnlib

FILES = sorted(Path(nnlib.__file__).parent.glob("*.py"))
CODE_LINES = 2600  # of the whole library; docstrings, comments and blank lines are not counted
FILE_LINES = 260  # of everything, as an editor shows it
FUNCTION_LINES = 26  # of code
NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(source: str) -> set[int]:
    """Numbers of the lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            lines -= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return lines


def long_functions(source: str, limit: int) -> dict[str, int]:
    """Functions with more than `limit` lines of code below their signature."""
    code, found = code_lines(source), {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = set(range(node.body[0].lineno, (node.end_lineno or 0) + 1))
            if len(body & code) > limit:
                found[node.name] = len(body & code)
    return found


def test_the_library_is_small() -> None:
    assert sum(len(code_lines(path.read_text())) for path in FILES) <= CODE_LINES


def test_every_file_is_short() -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in FILES}
    assert {name: count for name, count in lines.items() if count > FILE_LINES} == {}


def test_every_function_is_short() -> None:
    found = {path.name: long_functions(path.read_text(), FUNCTION_LINES) for path in FILES}
    assert {name: functions for name, functions in found.items() if functions} == {}


def test_the_count_sees_code_and_nothing_else() -> None:
    source = '"""Doc."""\n\n# comment\nx = (1,\n     2)\n\ndef f():\n    """Doc\n    doc."""\n'
    assert code_lines(source + "    return x\n") == {4, 5, 7, 10}
    assert long_functions(source + "    return x\n" + "    y = 1\n" * 3, 3) == {"f": 4}
