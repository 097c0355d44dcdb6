# Run this cell, too. It teaches check() the rules of this set, what your functions may use, and
# looks for packages that have the work built in: in your code, and in what it calls.
import dis
import sys
import types

RULES = "Python, its standard library and NumPy only"  # as check() tells them
BUILT_IN = {"nnlib", "scipy", "torch", "sklearn", "tensorflow", "keras", "jax", "autograd", "optax"}
ALLOWED = set()  # packages of BUILT_IN that this set allows
YOURS = set()  # names of functions that this set has you write, whichever package has them
READY_MADE = (np.ufunc, types.BuiltinFunctionType, types.FunctionType, type)
check_without_rules = getattr(check, "without_rules", check)  # this cell may be run twice


class NotAllowed(Exception):
    """An answer used what the rules of this set exclude."""


def forbidden(name):
    """Return the package that a dotted name starts with if the rules exclude it, else None."""
    package = str(name).partition(".")[0]
    return package if package in BUILT_IN - ALLOWED else None


def origin(value):
    """Name the package that a module, a function or an object comes from."""
    if isinstance(value, np.ufunc):
        special = sys.modules.get("scipy.special")
        return "scipy" if value is getattr(special, value.__name__, None) else "numpy"
    name = value.__name__ if isinstance(value, types.ModuleType) else value.__class__.__module__
    return str(getattr(value, "__module__", None) or name)


def instructions(code):
    """Yield the instructions of compiled code and of the functions defined inside it."""
    yield from dis.get_instructions(code)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from instructions(inner)


def functions_of(value):
    """Return the functions to look into: a function itself, the methods of a class."""
    inside = vars(value).values() if isinstance(value, type) else [value]
    return [part for part in inside if isinstance(part, types.FunctionType)]


def excluded(function, seen):
    """Return what function, or one that it calls, uses against the rules; None if nothing."""
    seen.add(function)
    for step in instructions(function.__code__):
        looks_up = step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
        value = function.__globals__.get(step.argval) if looks_up else None
        mine = [f for f in functions_of(value) if f.__globals__ is function.__globals__]
        ready = not mine and isinstance(value, READY_MADE) and value.__name__ in YOURS
        fetched = step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM")
        if ready or (fetched and step.argval in YOURS):
            return f"a {step.argval if fetched else value.__name__} that is built in"
        package = forbidden(step.argval if step.opname == "IMPORT_NAME" else origin(value))
        if package:
            return f"the package {package}"
        for other in mine:
            found = excluded(other, seen) if other not in seen else None
            if found:
                return found
    return None


def watch(frame, event, argument):
    """Stop at the first function of a package that the rules exclude."""
    package = forbidden(frame.f_globals.get("__name__"))
    if event == "call" and package:
        raise NotAllowed(f"this set does not allow the package {package}")


def check(name, function, section, examples):
    """Try function on examples as before, but first see that it keeps to the rules."""
    uses = (excluded(part, set()) for part in functions_of(function))
    found = next((use for use in uses if use), None)
    if found:
        visible[name] = "not allowed"
        stop(NotAllowed, f"{name}: not allowed. It uses {found}.\n"
             f"  The rules      {RULES}\n  Read again     {section}")
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        check_without_rules(name, function, section, examples)
    finally:
        sys.setprofile(before)


check.without_rules = check_without_rules
