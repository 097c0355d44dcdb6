"""Public names carry the sections a reader needs: Parameters, Returns, formula, source, example."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator

import pytest

import nnlib

# Every module computes something with a formula and a source, except those that draw or report.
NO_SOURCE = {
    "plots", "count_plots", "learning_plots", "diagrams", "flow", "style", "summary", "train",
}  # fmt: skip
NO_FORMULA = {*NO_SOURCE, "datasets", "measured", "mnist", "synthetic", "early_stopping"}


WITHOUT_FORMULA = {"train_test_split", "minibatches", "Parameter", "GradcheckError"}


def is_error(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


def refuses(thing: Callable[..., object]) -> bool:
    """Whether the code of a function or class raises errors itself or by an argument check."""
    return bool(re.search(r"\braise \w|\b_checks\.", inspect.getsource(thing)))


def sections(docstring: str) -> dict[str, str]:
    """Split a NumPy-style docstring into its underlined sections."""
    pieces = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def documented_names(section: str) -> set[str]:
    heads = re.findall(r"^(\S[^:\n]*)(?::|$)", section, flags=re.MULTILINE)
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def lacking(
    thing: Callable[..., object], *, formula: bool, source: bool, example: bool
) -> set[str]:
    """What the docstring of a function or class does not have but should."""
    found = sections(thing.__doc__ or "")
    signature = inspect.Signature() if is_error(thing) else inspect.signature(thing)
    parameters = set(signature.parameters) - {"self"}
    missing = parameters - documented_names(found.get("Parameters", ""))
    wanted = {"Parameters": bool(parameters), "Notes": formula, "References": source}
    wanted["Returns"] = not inspect.isclass(thing) and signature.return_annotation not in (
        "None",
        None,
    )
    wanted["Examples"] = example
    wanted["Raises"] = example and refuses(thing)
    missing |= {name for name, needed in wanted.items() if needed and not found.get(name)}
    if formula and not re.search(r"(Formula|Prediction|Output):.*=", found.get("Notes", "")):
        missing.add("formula")
    if not re.match(r"\S[^\n]*\.(\n|$)", thing.__doc__ or ""):
        missing.add("summary")
    return missing


def public_things() -> Iterator[tuple[str, str, Callable[..., object]]]:
    """Yield (module, qualified name, object) for functions, classes and their own methods."""
    for info in pkgutil.iter_modules(nnlib.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"nnlib.{info.name}")
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
                continue
            yield info.name, name, thing
            if inspect.isclass(thing):
                for method, function in inspect.getmembers(thing, inspect.isfunction):
                    if not method.startswith("_"):
                        yield info.name, f"{name}.{method}", function


THINGS = {f"{module}.{name}": (module, name, thing) for module, name, thing in public_things()}


@pytest.mark.parametrize("key", THINGS)
def test_docstring_is_complete(key) -> None:
    module, name, thing = THINGS[key]
    method = "." in name  # its class carries formula, source and example
    missing = lacking(
        thing,
        formula=module not in NO_FORMULA and not method and name not in WITHOUT_FORMULA,
        source=module not in NO_SOURCE and not method and not is_error(thing),
        example=not method,
    )
    assert not missing, f"{key}: the docstring lacks {sorted(missing)}"


def test_every_exported_name_is_looked_at() -> None:
    seen = {name for _, name, _ in THINGS.values()}
    modules = ("datasets", "init", "losses", "lr_scheduler", "optim", "plots")
    exported = set()
    for module in (nnlib, *(importlib.import_module(f"nnlib.{name}") for name in modules)):
        exported |= {name for name in module.__all__ if callable(getattr(module, name))}
    assert exported <= seen
    assert {"Perceptron.fit", "Perceptron.weighted_sum", "LogisticNeuron.loss"} <= seen


def good(z: float) -> float:
    """Square a number.

    Parameters
    ----------
    z : float

    Returns
    -------
    float

    Notes
    -----
    Formula: square(z) = z * z.

    References
    ----------
    Euclid, Elements, book II.

    Examples
    --------
    >>> good(2.0)
    4.0
    """
    return z * z


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("z : float", "x : float", {"z"}),
        ("Parameters\n    ----------\n    z : float\n", "", {"Parameters", "z"}),
        ("Returns\n    -------\n    float\n", "", {"Returns"}),
        ("Formula: square(z) = z * z.", "It squares.", {"formula"}),
        ("Notes\n    -----\n    Formula: square(z) = z * z.\n", "", {"Notes", "formula"}),
        ("References\n    ----------\n    Euclid, Elements, book II.\n", "", {"References"}),
        ("Examples\n    --------", "Example", {"Examples"}),
        ("Square a number.", "", {"summary"}),
    ],
)
def test_a_planted_gap_is_found(old, new, missing) -> None:
    def bad(z: float) -> float:
        return z * z

    everything = {"formula": True, "source": True, "example": True}
    assert lacking(good, **everything) == set()
    assert old in good.__doc__
    bad.__doc__ = good.__doc__.replace(old, new)
    assert lacking(bad, **everything) == missing


def test_an_error_that_is_not_documented_is_found() -> None:
    def bad(z: float) -> float:
        if z > 1:
            raise ValueError(z)
        return z * z

    bad.__doc__ = good.__doc__
    assert lacking(bad, formula=True, source=True, example=True) == {"Raises"}


def test_no_docstring_at_all_is_found() -> None:
    assert "summary" in lacking(lambda: None, formula=False, source=False, example=False)
