# Run this cell first. It defines check(), which tries your functions on worked examples
# and says in words what it found. You need not read it.
import copy
import traceback
import warnings

import numpy as np

visible = {}  # function name -> state of its visible check; the summary at the end reads it


class Seeded(np.random.Generator):
    """The generator np.random.default_rng(seed), which tells its seed and starts anew in copies."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(seed))
        self.seed = seed

    def __repr__(self):
        return f"np.random.default_rng({self.seed})"

    def __deepcopy__(self, memo):
        return Seeded(self.seed)


def stop(kind, text):
    """Raise an error that Jupyter shows as these sentences instead of a traceback."""
    error = kind(text)
    error._render_traceback_ = lambda: [text]
    raise error from None


def has_parts(value):
    """Say whether a list holds lists, arrays and the like, each to be compared by itself."""
    if not isinstance(value, list):
        return False
    parts = (list, tuple, dict, np.ndarray, type(...))
    return any(isinstance(part, parts) or hasattr(part, "requires_grad") for part in value)


def show(value):
    """Describe a value: an array with its type and shape, anything else as Python writes it."""
    if hasattr(value, "compare"):  # a description: what a random or trained result must be like
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {show(part)}" for key, part in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(show(part) for part in value) + ")"
    if has_parts(value):
        return "[" + ", ".join(show(part) for part in value) + "]"
    if isinstance(value, list) and len(value) > 12:
        return f"[{str(value[:10])[1:-1]}, ...] (list of {len(value)})"
    if isinstance(value, np.ndarray) and value.size > 60 and value.dtype.kind in "fiu":
        told = f"mean {value.mean():.3g}, variance {value.var():.3g}, "
        told += f"from {value.min():.3g} to {value.max():.3g}"
        return f"{value.size} numbers: {told} ({value.dtype} array of shape {value.shape})"
    if isinstance(value, np.ndarray):
        return f"{value.tolist()} ({value.dtype} array of shape {value.shape})"
    if isinstance(value, np.generic):
        return f"{value} ({value.dtype})"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__module__}.{value.__name__}"
    return value if isinstance(value, str) else repr(value)


def difference(got, expected):
    """Say how got differs from expected; the empty string means that it does not."""
    if expected is ... or callable(expected) or isinstance(expected, np.random.Generator):
        return ""  # a part that a known mistake leaves open; a function; a generator, which draws
    if expected is None or isinstance(expected, str):
        same = type(got) is type(expected) and got == expected
        return "" if same else f"{expected!r} was expected"
    if got is None:
        return "the function returned None (is a return statement missing?)"
    if hasattr(expected, "compare"):
        return expected.compare(got)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or not got.keys() >= expected.keys():
            return "a dictionary with these keys was expected: " + ", ".join(expected)
        parts = {key: difference(got[key], expected[key]) for key in expected}
        return next(
            (f"first of all in {key}: {part} ({show(got[key])} instead of {show(expected[key])})"
             for key, part in parts.items() if part), ""
        )
    if has_parts(expected):
        if not isinstance(got, (list, tuple)) or len(got) != len(expected):
            first = type(expected[0])
            kind = {np.ndarray: "arrays", tuple: "tuples"}.get(first, "parts")
            return f"a list of {len(expected)} {kind} was expected"
        got, expected = tuple(got), tuple(expected)
    if isinstance(expected, tuple):
        kinds = tuple if any(map(has_parts, expected)) else (list, tuple)  # a list may be a value
        if not isinstance(got, kinds) or len(got) != len(expected):
            return f"{len(expected)} values were expected, as in: return a, b, ..."
        parts = [difference(g, e) for g, e in zip(got, expected, strict=True)]
        return next(
            (f"value {i + 1} of {len(parts)}: {part}" for i, part in enumerate(parts) if part), ""
        )
    if hasattr(expected, "requires_grad"):  # a tensor of PyTorch
        if not hasattr(got, "requires_grad"):
            return f"a tensor was expected, not {type(got).__name__}"
        for what in ("dtype", "device"):
            if getattr(got, what) != getattr(expected, what):
                return f"the {what} is {getattr(got, what)} instead of {getattr(expected, what)}"
        got, expected = got.detach().cpu().numpy(), expected.detach().cpu().numpy()
    elif hasattr(got, "requires_grad"):
        return "a Python number was expected, not a tensor: see .item()"
    try:
        got, expected = np.asarray(got), np.asarray(expected)
    except (ValueError, RuntimeError):  # RuntimeError: a tensor that still records
        return "the result cannot be read as one array of numbers"
    if expected.dtype.kind == "O":
        return ""  # an optimizer, a file: not compared here
    if got.shape != expected.shape:
        return f"the shape is {got.shape} instead of {expected.shape}"
    kinds, wanted = {"f": ("fiu", "numbers"), "i": ("iu", "integers"), "b": ("b", "True or False")}[
        expected.dtype.kind
    ]
    if got.dtype.kind not in kinds:
        return f"the type is {got.dtype}, but {wanted} were expected"
    close = 1e-5 if expected.dtype == np.float32 else 1e-9
    same = np.allclose(got, expected, rtol=close, atol=close / 1000, equal_nan=True)
    return "" if same else "the values differ"


def attempt(name, function, arguments, expected):
    """Call function on copies of the arguments; return its result and what is wrong with it."""
    copies = copy.deepcopy(arguments)
    try:
        with np.errstate(over="raise", invalid="raise"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got = function(*copies.values())
            if hasattr(expected, "look"):  # at what else the call has done
                got = expected.look(got, copies)
        wrong = difference(got, expected)
        if hasattr(expected, "numbers") and not wrong:
            again = function(*copy.deepcopy(arguments).values())
            if not np.array_equal(expected.numbers(again), expected.numbers(got)):
                wrong = "the same rng gave other numbers the second time; draw from rng only"
    except NotImplementedError as error:
        stopped_in = traceback.extract_tb(error.__traceback__)[-1].name
        stopped_in = name if stopped_in in vars(function) else stopped_in  # a method of a class
        visible[name] = "not attempted yet" if stopped_in == name else f"needs {stopped_in} first"
        stop(NotImplementedError, f"{name}: {visible[name]}. No points for this exercise so far.")
    except Exception as error:
        places = traceback.extract_tb(error.__traceback__)  # the last one outside of packages:
        place = [place for place in places if "-packages" not in place.filename][-1]
        wrong = f"the function stopped in {place.name}, at: {place.line}"
        if isinstance(error, ArithmeticError):
            wrong += "\n                 (a number became too large or undefined: see the pitfalls)"
        return f"{type(error).__name__}: {error}", wrong
    changed = [key for key in copies if difference(copies[key], arguments[key])]
    if changed and not wrong:
        wrong = f"the function changed its argument {changed[0]}; it must leave it as it was"
    return got, wrong


def check(name, function, section, examples):
    """Try function on examples: (arguments, expected result, {known mistake: its result})."""
    for arguments, expected, known in examples:
        visible[name] = "incorrect"
        got, wrong = attempt(name, function, arguments, expected)
        if wrong:
            inputs = "\n                 ".join(f"{k} = {show(v)}" for k, v in arguments.items())
            causes = [text for text, result in known.items() if not difference(got, result)]
            called = getattr(getattr(function, "__code__", None), "co_names", ())
            broken = [other for other in called if visible.get(other, "passes") != "passes"]
            lines = [f"{name}: incorrect.", f"  You passed in  {inputs}"]
            lines += [f"  Expected       {show(expected)}", f"  What came      {show(got)}"]
            lines += [f"  Difference     {wrong}", *(f"  Likely cause   {c}" for c in causes)]
            lines += [f"  Repair first   {o}, which this function calls" for o in broken]
            stop(AssertionError, "\n".join([*lines, f"  Read again     {section}"]))
    visible[name] = "passes"
    told = "".join(f" {e.told}" for _, e, _ in examples if hasattr(e, "told"))
    print(f"{name}: the visible check passes (worked examples: {len(examples)}).{told}")
