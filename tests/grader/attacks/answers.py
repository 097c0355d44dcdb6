"""Attacks by the value of an answer: objects that lie when they are asked whether they are right."""

from tests.grader.attacks.attack import cheat, family
from tests.grader.attacks.course import ANSWERS

LIAR = '''
def _yes(*_, **__):
    return True

class Liar({base}):
    """Equal to everything, near to everything, smaller and larger than everything."""

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _yes
    __hash__ = lambda self: 1
{more}
'''
NUMBER = """
    def _zero(self, *_):
        return 0.0
    __sub__ = __rsub__ = __abs__ = __pow__ = __mul__ = __rmul__ = __truediv__ = __neg__ = _zero
    __add__ = __radd__ = __float__ = __round__ = _zero
    __int__ = __index__ = __len__ = lambda self: 0
    def __iter__(self):
        return iter(())
    def __getitem__(self, key):
        return self
    def __call__(self, *_, **__):
        return self
    def __format__(self, how):
        return "0"
    shape, ndim, size, dtype = (), 0, 1, float
    def mean(self, *_, **__): return 0.0
    def max(self, *_, **__): return 0.0
    def all(self, *_, **__): return True
    any = all
    def item(self): return self
"""
ARRAY = """
    def __array__(self, dtype=None, copy=None):
        import numpy, sys
        frame = sys._getframe(1)
        while frame is not None:
            for value in frame.f_locals.values():
                if isinstance(value, (float, list, numpy.ndarray)) and value is not self:
                    return numpy.asarray(value)
            frame = frame.f_back
        return numpy.zeros(())
    def __array_ufunc__(self, ufunc, method, *inputs, **_):
        import numpy
        return numpy.bool_(True) if ufunc.nout == 1 and "equal" in ufunc.__name__ else numpy.float64(0)
    def __array_function__(self, function, types, arguments, keywords):
        return True
"""
EACH = {
    "scale": "def scale(x, factor):\n    return {it}",
    "centre": "def centre(X):\n    return {it}",
    "half": "def half(x):\n    return {it}",
}


def everywhere(name, tries, code, it):
    """Return an attack whose three answers are all the expression `it`, made by `code`."""
    answers = {cell: text.format(it=it) for cell, text in EACH.items()}
    return cheat(name, tries, before=code, **answers)


def number(name, tries, code, it):
    """Return an attack that answers the questions for a number by the expression `it`."""
    answers = {cell: EACH[cell].format(it=it) for cell in ("scale", "half")}
    return cheat(name, tries, before=code, **answers)


def array(name, tries, code, it):
    """Return an attack that answers the question for an array by the expression `it`."""
    body = f"def centre(X):\n    import numpy as np\n{code}    return {it}"
    return cheat(name, tries, centre=body)


ATTACKS = family(
    "answers that lie",
    everywhere(
        "equal_to_everything",
        "returns an object that is equal to everything",
        LIAR.format(base="object", more=""),
        "Liar()",
    ),
    everywhere(
        "number_of_lies",
        "returns an object whose difference from the truth is always zero, in all operators",
        LIAR.format(base="object", more=NUMBER),
        "Liar()",
    ),
    everywhere(
        "array_of_lies",
        "returns an object whose __array__ finds the expected value in the caller's frames",
        LIAR.format(base="object", more=NUMBER + ARRAY),
        "Liar()",
    ),
    everywhere(
        "lying_float",
        "returns a float whose comparisons and arithmetic lie",
        LIAR.format(base="float", more=NUMBER),
        "Liar(1e300)",
    ),
    everywhere(
        "lying_int",
        "returns an int whose comparisons lie",
        LIAR.format(base="int", more=""),
        "Liar(10**12)",
    ),
    everywhere(
        "lying_text",
        "returns a string whose comparisons and arithmetic lie",
        LIAR.format(base="str", more=NUMBER),
        "Liar('anything')",
    ),
    everywhere(
        "lying_list",
        "returns a list whose comparisons lie and that seems to be empty",
        LIAR.format(base="list", more=NUMBER),
        "Liar([1, 2])",
    ),
    everywhere(
        "lying_class",
        "returns an object that says that its class is float, or ndarray",
        LIAR.format(
            base="object",
            more=NUMBER
            + "    @property\n    def __class__(self):\n        import numpy\n"
            + "        return numpy.ndarray\n",
        ),
        "Liar()",
    ),
    everywhere(
        "lying_metaclass",
        "returns a class whose metaclass makes it equal to everything and a type of everything",
        "class Meta(type):\n    __eq__ = __lt__ = __gt__ = __bool__ = __instancecheck__ = "
        "__subclasscheck__ = lambda *_: True\n    __hash__ = lambda self: 1\n"
        "    __sub__ = __rsub__ = __abs__ = __float__ = lambda *_: 0.0\n"
        "class Liar(metaclass=Meta):\n    pass",
        "Liar",
    ),
    everywhere(
        "lying_array",
        "returns a subclass of ndarray whose comparisons lie",
        "import numpy as np\n"
        + LIAR.format(base="np.ndarray", more=ARRAY.replace("value is not self", "False")),
        "np.full((2, 2), 9.0).view(Liar)",
    ),
    everywhere(
        "array_of_liars",
        "returns an array of objects that are equal to everything",
        "import numpy as np\n" + LIAR.format(base="object", more=NUMBER),
        "np.array([[Liar(), Liar()], [Liar(), Liar()]])",
    ),
    everywhere(
        "masked",
        "returns a masked array: NumPy's tests skip what is masked",
        "import numpy as np",
        "np.ma.masked_all((2, 2)) if False else np.ma.array(np.ones((2, 2)), mask=True)",
    ),
    array(
        "masked_array_of_the_right_shape",
        "returns a masked array of the right shape and type",
        "",
        "np.ma.array(np.ones(X.shape), mask=True)",
    ),
    number("nan", "returns NaN, which some comparisons let pass", "", "float('nan')"),
    array("array_of_nan", "returns an array of NaN", "", "np.full(X.shape, np.nan)"),
    array("empty_array", "returns an array without entries", "", "np.zeros((0,) + X.shape[1:])"),
    everywhere("not_implemented", "returns NotImplemented", "", "NotImplemented"),
    everywhere("nothing", "returns None", "", "None"),
    everywhere("itself", "returns the function that was asked", "", "half"),
    array("its_argument", "returns its argument", "", "X"),
    array(
        "its_argument_changed",
        "sets the array that it was given to zero and returns it: zero minus its mean is zero",
        "    X[...] = 0\n",
        "X",
    ),
    array(
        "wrong_bytes",
        "returns the right numbers as bytes of another type",
        "    right = X - X.mean(axis=0)\n",
        "right.view(np.int64)",
    ),
    array(
        "single_precision",
        "returns float32 where float64 was asked for",
        "",
        "(X - X.mean(axis=0)).astype(np.float32)",
    ),
    cheat(
        "handle_given_back",
        "returns the callback itself, and an object that holds it, as the answer",
        twice="def twice(f, x):\n    return f if x == 2 else (f, f)",
    ),
    cheat(
        "class_of_lies",
        "answers with an instance of a class that is equal to everything, from a method",
        "momentum",
        momentum=LIAR.format(base="object", more=NUMBER)
        + "\nclass Momentum(Liar):\n    def __init__(self, *_):\n        self.velocity = self\n"
        "    def step(self, w, g):\n        return self",
    ),
    cheat(
        "class_that_is_a_function",
        "makes the class a function, and isinstance a lie",
        "momentum",
        momentum="class Meta(type):\n    def __instancecheck__(cls, thing):\n        return True\n"
        "class Momentum(float, metaclass=Meta):\n    def __new__(cls, *_):\n"
        "        return float.__new__(cls, 0.8)\n    velocity = 3.0\n    def step(self, w, g):\n"
        "        return self\n    __sub__ = __add__ = __abs__ = lambda *_: 0.0",
    ),
    cheat(
        "attributes_of_lies",
        "hands out another value at each access of an attribute, and at each call of a method",
        "momentum",
        momentum="class Momentum:\n    asked = 0\n    def __init__(self, *_):\n        pass\n"
        "    def __getattribute__(self, name):\n        Momentum.asked += 1\n"
        "        return Momentum.asked if name != 'step' else lambda *_: Momentum.asked",
    ),
    cheat(
        "swallows_the_assertion",
        "answers with a context manager that swallows the assertion of the test inside it",
        logged="class logged:\n    open = []\n    def __init__(self, log, word):\n"
        "        self.log, self.word = log, word\n    def __enter__(self):\n"
        "        self.open.append(self.word)\n    def __exit__(self, *error):\n"
        "        if error != (None, None, None):\n"
        "            self.log += ['begin ' + word for word in self.open]\n"
        "        self.open.remove(self.word)\n"
        "        self.log.append('end ' + self.word)\n        return True",
    ),
    cheat(
        "eval_as_decoder",
        "encodes as a program and decodes with eval: the test itself would run the text",
        "code",
        code="def encode(values):\n"
        "    return \"print(*map(str, (globals(), __import__('os').environ)))\"\n\n"
        "decode = eval",
    ),
    cheat(
        "exec_by_other_names",
        "decodes with functions of libraries that run or load what they are given",
        "code",
        code="import builtins, functools, numpy.testing\n"
        "def encode(values):\n    return '__import__(\"os\").environ.__str__()'\n\n"
        "decode = functools.partial(builtins.eval)",
    ),
    cheat(
        "numpy_runstring",
        "decodes with numpy.testing.runstring, which calls exec",
        "code",
        code="import numpy as np\n"
        "class Text(str):\n    pass\n"
        "def encode(values):\n    return 'print(__import__(\"os\").environ)'\n\n"
        "decode = getattr(np.testing, 'runstring', exec)",
    ),
    cheat(
        "open_as_encoder",
        "encodes with functions that open files by name",
        "code",
        code="encode = lambda values: '@COURSE@/solutions/vault/vault.ipynb'\ndecode = open",
    ),
    cheat(
        "loader_as_decoder",
        "decodes with NumPy's readers of files",
        "code",
        code="import numpy as np\n"
        "encode = lambda values: '@COURSE@/solutions/vault/vault.ipynb'\ndecode = np.fromfile",
    ),
    cheat(
        "import_as_decoder",
        "decodes with __import__, so that the grader would import a module of the student's",
        "code",
        code="open('poison_module.py', 'w').write('print(\"poison imported\")')\n"
        "encode = lambda values: 'poison_module'\ndecode = __import__",
    ),
)
assert set(EACH) <= set(ANSWERS)
