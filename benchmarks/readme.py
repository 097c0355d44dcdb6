"""What is written from stored measurements: templates, and README.md's parts between marks."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
END = "<!-- end -->"


def render(template: str, filters: Mapping[str, Callable[..., str]], **values: Any) -> str:
    """Fill a template of benchmarks/templates/; a name that it lacks is an error."""
    environment = Environment(
        loader=FileSystemLoader(ROOT / "benchmarks" / "templates"), undefined=StrictUndefined,
        autoescape=False, keep_trailing_newline=True, trim_blocks=True,
    )  # fmt: skip
    environment.filters.update(filters)
    text = environment.get_template(template).render(values)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def with_part(text: str, part: str, author: str) -> str:
    """Return a text with `part` between the marks of the script `author`."""
    begin = f"<!-- written by benchmarks/{author}.py -->"
    pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(END)}", re.DOTALL)
    if (times := len(pattern.findall(text))) != 1:
        expected = f"README.md needs the marks {begin} and {END} once"
        raise ValueError(f"{expected}, and has them {times} times")
    return pattern.sub(lambda _: f"{begin}\n{part}{END}", text)


def write(part: str, author: str) -> None:
    """Write a part into README.md."""
    text = README.read_text(encoding="utf-8")
    README.write_text(with_part(text, part, author), encoding="utf-8")
