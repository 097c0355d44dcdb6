"""What a problem set uses, read from the imports in its source notebook."""

import ast
import json
from collections.abc import Iterator

# Packages that a set has only when its own source notebook imports them.
OPTIONAL = (
    "nnlib", "scipy", "torch", "sklearn", "tensorflow", "keras", "jax", "autograd", "optax",
)  # fmt: skip
# What these import in turn.
NEEDED_BY = {
    "sklearn": ("scipy",),
    "jax": ("scipy",),
    "optax": ("jax", "scipy"),
    "keras": ("tensorflow", "torch", "jax", "scipy"),
    "nnlib": ("scipy", "sklearn"),
}


def imported_modules(notebook: str) -> tuple[str, ...]:
    """Return the modules that the code cells import, anywhere in them, in order."""
    found: dict[str, None] = {}
    for cell in json.loads(notebook)["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            found |= dict.fromkeys(_imports(source if isinstance(source, str) else "".join(source)))
    return tuple(found)


def absent_packages(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Return the optional packages that a set with these imports does without."""
    used = {name.partition(".")[0] for name in modules}
    for name in list(used):
        used.update(NEEDED_BY.get(name, ()))
    return tuple(name for name in OPTIONAL if name not in used)


def _imports(source: str) -> Iterator[str]:
    # Lines that only IPython understands are not Python; none of them imports.
    magic = ("%", "!")
    lines = ["pass" if line.lstrip().startswith(magic) else line for line in source.split("\n")]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return  # a cell that shows an error, or top-level tricks: nothing to preload
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
            yield node.module
