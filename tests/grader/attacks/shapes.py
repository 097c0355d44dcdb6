"""Attacks by the form of an answer: too deep, too large, too many, not what the wire expects."""

from tests.grader.attacks.attack import Attack, cheat, family


def scale(name, tries, body, before="", **more):
    """Return an attack whose answer to `scale` is what `body`, an expression, gives."""
    return cheat(name, tries, "scale", scale=f"{before}\ndef scale(x, factor):\n    return {body}")


def deep(kind, opening, closing):
    """Return code that nests 200,000 `kind`s without recursion."""
    return (
        f"def nest():\n    inner = {kind}\n    for _ in range(200_000):\n"
        f"        inner = {opening}inner{closing}\n    return inner"
    )


def half(name, tries, it, before="", **more):
    """Return an attack whose answer to `half`, which many tools look at, is the expression `it`."""
    text = f"{before}\ndef half(x):\n    return {it}"
    return Attack(name, tries, {"half": text}, loses=("half",), **{"seconds": 12.0, **more})


LAUGHS = "laughs = []\nfor _ in range(80):\n    laughs = [laughs] * 10"

ATTACKS = family(
    "answers out of shape",
    half(
        "laughs_for_numpy",
        "returns a list of lists that share their parts, for NumPy to unfold",
        "laughs",
        LAUGHS,
    ),
    half(
        "circle_for_numpy",
        "returns lists that contain themselves many times, for NumPy to unfold",
        "ring",
        "ring = []\nring += [ring] * 10",
    ),
    half(
        "laughs_of_tuples",
        "returns tuples that share their parts",
        "laughs",
        "laughs = 1.5\nfor _ in range(60):\n    laughs = (laughs, laughs)",
    ),
    half(
        "range_of_ten_million", "returns a range, which NumPy turns into an array", "range(10 ** 7)"
    ),
    half("range_of_a_billion", "returns a range too long for memory", "range(3 * 10 ** 9)"),
    half(
        "large_decimal",
        "returns a decimal number whose digits fill the memory",
        "Decimal('1E+999999')",
        "from decimal import Decimal",
    ),
    half(
        "larger_decimal",
        "returns a decimal number of 400 million digits",
        "Decimal('1E+400000000')",
        "from decimal import Decimal",
    ),
    half(
        "large_fraction",
        "returns a fraction of huge numbers",
        "Fraction(7 ** 100_000, 3 ** 100_000)",
        "from fractions import Fraction",
    ),
    half("large_whole_number", "returns a whole number of 100,000 digits", "10 ** 100_000"),
    half("text_for_numpy", "returns text of 50 MB", "'1.5' * 17_000_000"),
    half(
        "array_of_long_texts",
        "returns an empty array of texts of a thousand million letters",
        "np.zeros(0, 'U500000000')",
        "import numpy as np",
    ),
    half(
        "array_of_60_million",
        "returns an array of 60 MB where one number was asked for",
        "np.zeros(7_000_000)",
        "import numpy as np",
    ),
    scale("deep_list", "returns a list nested 200,000 deep", "nest()", deep("[]", "[", "]")),
    scale("deep_tuple", "returns a tuple nested 200,000 deep", "nest()", deep("()", "(", ",)")),
    scale(
        "deep_dict",
        "returns a dictionary nested 200,000 deep",
        "nest()",
        deep("{}", "{0: ", "}"),
    ),
    scale(
        "deep_just_below_the_limit",
        "returns a list nested nearly as deep as Python allows",
        "nest(950)",
        "def nest(n):\n    return [nest(n - 1)] if n else []",
    ),
    scale(
        "list_within_itself",
        "returns a list that contains itself",
        "ring",
        "ring = [1]\nring.append(ring)\nring.append({'ring': ring, 'tuple': (ring,)})",
    ),
    scale(
        "billion_laughs",
        "returns a list of lists that share their parts: small to store, endless to print",
        "laughs",
        LAUGHS,
    ),
    scale(
        "billion_laughs_as_dictionary",
        "the same with dictionaries and tuples, as an error message too",
        "laughs",
        "laughs = {}\nfor _ in range(80):\n    laughs = {'a': laughs, 'b': (laughs, laughs)}",
    ),
    scale("million_parts", "returns three million small lists", "[[n] for n in range(3_000_000)]"),
    scale(
        "million_keys",
        "returns a dictionary with a million keys",
        "dict.fromkeys(map(str, range(1_000_000)))",
    ),
    scale("large_text", "returns a string of 300 MB", "'x' * 300_000_000"),
    scale("large_bytes", "returns 300 MB of bytes", "bytes(300_000_000)"),
    scale("large_int", "returns an integer with a million digits", "10 ** 1_000_000"),
    scale("int_of_5000_digits", "returns an integer too long to be printed", "-(10 ** 5000)"),
    scale("range_of_everything", "returns an endless range", "range(10 ** 18)"),
    scale(
        "endless_generator",
        "returns a generator that never ends",
        "endless()",
        "def endless():\n    while True:\n        yield 6",
    ),
    scale(
        "endless_container",
        "returns an object with endless items and attributes",
        "Endless()",
        "class Endless(dict):\n    def __len__(self):\n        return 10 ** 9\n"
        "    def __iter__(self):\n        while True:\n            yield 'key'\n"
        "    def __getitem__(self, key):\n        return Endless()\n"
        "    def items(self):\n        while True:\n            yield 'key', Endless()\n"
        "    def __getattr__(self, name):\n        return Endless()",
    ),
    scale(
        "lone_surrogates",
        "returns text that no encoding can write",
        "'\\ud800' * 3",
    ),
    scale("null_characters", "returns text with null characters", "'6\\x00' * 3"),
    scale("infinity", "returns an infinite number", "float('inf')"),
    scale(
        "complex_number",
        "returns a complex number without imaginary part",
        "complex(float(6), 1e-300)",
    ),
    scale(
        "types_nobody_expects",
        "returns sets, slices, types, modules and code in one list",
        "[{1}, frozenset({2}), slice(1), int, ..., NotImplemented, memoryview(b'x'), bytearray(2), "
        "np, scale.__code__, get_ipython, (n for n in ()), object(), 1j, range(3), print, type]",
        "import numpy as np",
    ),
    cheat(
        "huge_shape",
        "returns an array of one number that pretends to have a million million entries",
        centre="import numpy as np\ndef centre(X):\n    return np.broadcast_to(0.0, (10 ** 6, 10 ** 6))",
    ),
    cheat(
        "many_dimensions",
        "returns an array with 64 axes, and one of structured type",
        centre="import numpy as np\ndef centre(X):\n"
        "    return np.zeros((1,) * 64) if len(X) == 2 else np.zeros(3, dtype=[('a', 'O'), ('b', 'f4')])",
    ),
    cheat(
        "array_over_wild_memory",
        "returns an array whose strides reach far outside its memory",
        centre="import numpy as np\nfrom numpy.lib.stride_tricks import as_strided\n"
        "def centre(X):\n    return as_strided(X, shape=(1000, 1000), strides=(1 << 20, 1 << 12))",
    ),
    cheat(
        "argument_of_another_shape",
        "changes shape, type and size of the arrays that it is given, in place",
        descend="def descend(parameters, gradients, rate):\n"
        "    for p, g in zip(parameters, gradients):\n"
        "        p.dtype = 'int8'\n        p.resize((1000, 1000), refcheck=False)\n"
        "        g.shape = (-1, 1)\n",
    ),
    cheat(
        "argument_list_changed",
        "clears and fills the lists that it is given, so that a loop over them sees nothing",
        descend="def descend(parameters, gradients, rate):\n"
        "    parameters.clear()\n    gradients.clear()\n"
        "    parameters.extend([parameters] * 3)",
    ),
)
