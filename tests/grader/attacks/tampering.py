"""Attacks on the notebook: its cells, metadata and ids. Only the answers may matter."""

import copy
import itertools

from tests.grader.attacks.attack import Attack, family
from tests.grader.attacks.course import ANSWERS, POINTS

WRONG = {"scale": "def scale(x, factor):\n    return 0"}
CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
MARKDOWN = {"cell_type": "markdown", "metadata": {}}
ACTIVE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def find(notebook, grade_id):
    """Return the position of a cell."""
    tags = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in notebook["cells"]]
    return tags.index(grade_id)


def cell_of(notebook, grade_id):
    return notebook["cells"][find(notebook, grade_id)]


def tests_of(notebook):
    return [cell_of(notebook, name) for name in POINTS]


def tampers(name, tries, change, *loses, answers=None, **more):
    """Return an attack that answers `scale` wrongly and changes the notebook to be paid for it."""
    return Attack(name, tries, answers or WRONG, loses=loses or ("scale",), change=change, **more)


def set_all(cells, **metadata):
    for cell in cells:
        cell["metadata"].update(copy.deepcopy(metadata))


def empty_tests(notebook):
    for cell in tests_of(notebook):
        cell["source"] = "pass"


def delete_tests(notebook):
    notebook["cells"] = [
        c for c in notebook["cells"]
        if not c["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("test_")
    ]  # fmt: skip


def duplicate_tests(notebook):
    for cell in tests_of(notebook):
        notebook["cells"].append({**copy.deepcopy(cell), "source": "pass", "id": cell["id"] + "2"})


def duplicate_answers(notebook):
    twin = copy.deepcopy(cell_of(notebook, "scale"))
    notebook["cells"].append({**twin, "source": ANSWERS["scale"], "id": "twin"})


def rename_tests(notebook):
    for cell in tests_of(notebook):
        cell["metadata"]["nbgrader"]["grade_id"] += "_"


def swap_names(notebook):
    one, two = cell_of(notebook, "test_scale"), cell_of(notebook, "test_half")
    for key in ("grade_id", "points"):
        a, b = one["metadata"]["nbgrader"], two["metadata"]["nbgrader"]
        a[key], b[key] = b[key], a[key]


def move_tests(notebook):
    tests = tests_of(notebook)
    delete_tests(notebook)
    notebook["cells"][1:1] = tests


def reverse_cells(notebook):
    notebook["cells"].reverse()


def more_points(notebook):
    for cell in tests_of(notebook):
        cell["metadata"]["nbgrader"].update(points=1000, locked=False, solution=True, checksum="0")


def no_longer_graded(notebook):
    cell_of(notebook, "test_scale")["metadata"]["nbgrader"].update(grade=False, locked=False)


def graded_answers(notebook):
    for name in ANSWERS:
        cell_of(notebook, name)["metadata"]["nbgrader"].update(grade=True, points=100)


def tags(*names):
    return lambda notebook: set_all(tests_of(notebook), tags=list(names))


def answer_as(kind):
    def change(notebook):
        cell = cell_of(notebook, "scale")
        cell["cell_type"] = kind
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)

    return change


def tests_as_text(notebook):
    for cell in tests_of(notebook):
        cell["cell_type"] = "markdown"
        cell.pop("outputs")
        cell.pop("execution_count")


def written_as_code(notebook):
    cell = cell_of(notebook, "explain")
    cell.update(cell_type="code", outputs=[], execution_count=None, source="print('1000')\n1000")


def put_outputs(notebook):
    """Pretend that every test ran and that the answers printed something active."""
    result = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 1
            cell["outputs"] = [{**result, "data": {"text/plain": "1000", "text/html": ACTIVE}}]


def more_cells(*sources, at=None, **metadata):
    def change(notebook):
        for number, source in enumerate(sources):
            cell = copy.deepcopy({**CELL, "id": f"own{number}", "source": source})
            cell["metadata"].update(metadata)
            notebook["cells"].insert(len(notebook["cells"]) if at is None else at + number, cell)

    return change


def new_test_cells(notebook):
    """Add a graded cell that the gradebook does not know, worth a thousand points."""
    tag = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3}
    meta = {"nbgrader": {**tag, "grade_id": "bonus", "points": 1000}}
    notebook["cells"].append({**CELL, "id": "bonus", "source": "1000", "metadata": meta})


def kernel(notebook):
    notebook["metadata"]["kernelspec"] = {
        "name": "poison", "display_name": "sh", "language": "bash", "argv": ["sh", "-c", "id"]
    }  # fmt: skip
    notebook["metadata"]["language_info"] = {
        "name": "bash", "nbconvert_exporter": "script", "pygments_lexer": ACTIVE, "mimetype": ACTIVE,
        "file_extension": "/../../poison", "codemirror_mode": {"name": ACTIVE},
    }  # fmt: skip


def active_metadata(notebook):
    notebook["metadata"].update(
        title=ACTIVE, authors=[{"name": ACTIVE}], latex_envs=ACTIVE, celltoolbar=ACTIVE
    )
    notebook["metadata"]["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": {"x": "</script>" + ACTIVE}}
    }
    for cell in notebook["cells"]:
        cell["metadata"].update(
            tags=[f'x">{ACTIVE}'], name=ACTIVE, slideshow={"slide_type": ACTIVE}, collapsed=ACTIVE
        )
    more_cells("1", tags=[f'x">{ACTIVE}'], collapsed=ACTIVE)(notebook)


def huge_metadata(notebook):
    notebook["metadata"]["notes"] = {str(n): "x" * 100 for n in range(50_000)}
    more_cells("1", notes=["x"] * 100_000)(notebook)


def deep_metadata(depth):
    def change(notebook):
        inner: list = []
        for _ in range(depth):
            inner = [inner]
        notebook["metadata"]["deep"] = inner
        cell_of(notebook, "scale")["metadata"]["deep"] = inner

    return change


def same_ids(notebook):
    for cell in notebook["cells"]:
        cell["id"] = "same"


def bad_ids(notebook):
    for cell, bad in zip(
        notebook["cells"], ("", " ", "x" * 200, '"><script>', "ä", 7, None, [], {}), strict=False
    ):
        cell["id"] = bad


def bad_fields(notebook):
    for cell in notebook["cells"][2:]:
        cell.update(unknown={"a": 1}, attachments=7)
        if cell["cell_type"] == "code":
            cell.update(execution_count="many", outputs={"a": 1})


def bad_tags(notebook):
    """Give tests metadata of all wrong types."""
    wrong = (
        None,
        7,
        "text",
        [],
        {"grade_id": None},
        {"grade_id": {"a": 1}},
        {"grade": "yes"},
        True,
        {},
    )
    for cell, value in zip(tests_of(notebook), itertools.cycle(wrong), strict=False):
        cell["metadata"]["nbgrader"] = value


def odd_points(notebook):
    odd = itertools.cycle((-5, "10", None, [], 1e308, True, {}, "NaN", 0))
    for cell, value in zip(tests_of(notebook), odd, strict=False):
        cell["metadata"]["nbgrader"].update(points=value, schema_version=99)


def old_schema(notebook):
    for cell in notebook["cells"]:
        if tag := cell["metadata"].get("nbgrader"):
            tag["schema_version"] = 1


def active_answer(notebook):
    cell_of(notebook, "explain").update(
        source=f"{ACTIVE}\n\n[x](javascript:alert(1)) ![x](attachment:a.png) $\\href{{javascript:alert(1)}}{{x}}$",
        attachments={
            "a.png": {
                "image/svg+xml": "<svg onload=alert(1)>",
                "text/html": ACTIVE,
                "image/png": f'x" {ACTIVE}',
            }
        },
    )


def written(text):
    return lambda notebook: cell_of(notebook, "explain").update(source=text)


ATTACKS = family(
    "the notebook",
    tampers("tests_emptied", "replaces the source of every test by pass", empty_tests),
    tampers("tests_deleted", "deletes every test", delete_tests),
    tampers("tests_duplicated", "adds a second, empty copy of every test", duplicate_tests),
    tampers("tests_renamed", "renames every test", rename_tests),
    tampers("tests_exchanged", "exchanges the names and points of two tests", swap_names),
    tampers("tests_moved", "moves the tests in front of the answers", move_tests),
    Attack(
        "cells_reversed",
        "turns the order of all cells round",
        WRONG,
        loses=("scale",),
        change=reverse_cells,
    ),
    tampers("more_points", "makes every test worth 1000 points and unlocks it", more_points),
    tampers("not_graded", "says of the test that it is not graded", no_longer_graded),
    tampers("answers_graded", "says of every answer that it is worth 100 points", graded_answers),
    tampers("new_test", "adds a test worth 1000 points", new_test_cells),
    tampers("skip_execution", "tags the tests skip-execution", tags("skip-execution")),
    tampers(
        "raises_exception",
        "tags the tests raises-exception",
        tags("raises-exception", "nbval-skip", "remove_cell"),
    ),
    tampers("results_stored", "stores results of the tests in the notebook", put_outputs),
    tampers("tests_as_markdown", "turns the tests into markdown", tests_as_text),
    Attack("answer_as_markdown", "turns an answer into markdown", change=answer_as("markdown")),
    Attack("answer_as_raw_text", "turns an answer into raw text", change=answer_as("raw")),
    Attack(
        "written_answer_as_code",
        "turns the written answer into code that shows 1000",
        change=written_as_code,
    ),
    Attack(
        "answer_twice",
        "answers wrongly, and rightly in a second cell of the same name at the end",
        WRONG,
        loses=("scale",),
        change=duplicate_answers,
    ),
    tampers(
        "tests_redefined",
        "defines the tests' helpers and the tests again in extra cells around each test",
        more_cells(
            "def near(*_): return True\nclass np: pass\nassert_allclose = test_scale = lambda *_: 1000",
            at=2,
        ),
    ),
    tampers(
        "cell_magics",
        "hides the answer's cell in magics that run it elsewhere",
        more_cells(
            "%%capture\n1000",
            "%%script false --no-raise-error\nexit",
            "%%bash\necho 1000; kill -9 $PPID",
            "%reset -f",
            "%xmode Verbose",
            "%pdb on",
            "%autocall 2",
            "%load_ext autoreload",
            "%debug",
            "%run -i nothing.py",
            at=2,
        ),
    ),
    Attack(
        "names_deleted",
        "deletes and clears the names of the notebook between the tests",
        change=more_cells(
            "%reset -f\nimport gc\nfor name in list(globals()): name.startswith('__') or globals().pop(name, None)"
        ),
    ),
    Attack("other_kernel", "asks for another kernel, language and lexer", change=kernel),
    Attack(
        "active_metadata",
        "puts scripts into titles, tags, names and widget states",
        change=active_metadata,
    ),
    Attack(
        "active_written_answer",
        "puts scripts, links and attachments into the written answer",
        change=active_answer,
    ),
    Attack("huge_metadata", "stores 7 MB of metadata", change=huge_metadata, seconds=20),
    Attack("deep_metadata", "nests metadata 300 deep", change=deep_metadata(300)),
    Attack(
        "deeper_metadata",
        "nests metadata nearly as deep as Python allows",
        change=deep_metadata(900),
    ),
    Attack("same_ids", "gives all cells the same id", change=same_ids),
    Attack("bad_ids", "gives cells ids that are no ids", change=bad_ids),
    Attack("bad_fields", "gives cells fields of wrong types", change=bad_fields),
    tampers("bad_tags", "gives the tests' metadata wrong types", bad_tags),
    tampers("odd_points", "gives the tests points that are no numbers", odd_points),
    tampers("old_schema", "says that the notebook is of nbgrader's first schema", old_schema),
    Attack(
        "markdown_bomb",
        "writes markdown that renderers take very long for",
        change=written(
            "![" * 30_000 + "\n\n" + "*a _b " * 20_000 + "\n\n" + "<!--" * 10_000 + "`" * 9_999
        ),
        seconds=30,
    ),
    Attack(
        "highlighting_bomb",
        "adds blank lines and magics that colouring takes minutes for",
        change=more_cells("%alias_magic t timeit\n" + " \n" * 40_000 + "print(1)"),
        seconds=30,
    ),
    Attack(
        "link_of_two_faces",
        "writes links to files that become scripts where nbconvert shortens them",
        change=written(
            "[x](files/javascript:alert(1)) <a href='/files/javascript:alert(2)'>y</a> "
            "[z](files/data:text/html,<script>alert(3)</script>)"
        ),
    ),
    Attack("html_bomb", "writes 200,000 open tags", change=written("<b><i>" * 100_000), seconds=30),
    Attack(
        "table_bomb",
        "writes tables, quotes and lists nested a thousand deep",
        change=written(">" * 3000 + "x\n\n" + "".join(" " * n + "- x\n" for n in range(1200))),
        seconds=30,
    ),
    Attack(
        "long_written_answer",
        "writes a megabyte in one line",
        change=written("word " * 200_000),
        seconds=30,
    ),
    Attack(
        "longer_written_answer",
        "writes five megabytes",
        change=written("word " * 1_000_000),
        reason="kB of text in its cells",
    ),
    Attack(
        "unprintable_written_answer",
        "writes null characters, surrogates and controls",
        change=written("\x00 \x1b[2J \ud800 \u202e \uffff \x0b\x0c\x85"),
    ),
    Attack(
        "unprintable_code",
        "writes null characters and surrogates into code",
        {"scale": "# \x00 \ud800 \u202e\n" + ANSWERS["scale"]},
        loses=("scale",),
    ),
    Attack(
        "other_line_ends",
        "writes code with the line ends of other systems",
        {"scale": ANSWERS["scale"].replace("\n", "\r\n") + "\r\x0c\r"},
    ),
    Attack(
        "look_alike_letters",
        "writes names with letters that Python takes for others, and hides text",
        {"scale": ANSWERS["scale"].replace("scale", "\uff53cale") + "\n# \u202e )(\u2066"},
    ),
    Attack(
        "coding_line",
        "declares another encoding of its source",
        {"scale": "# -*- coding: utf-7 -*-\n" + ANSWERS["scale"]},
    ),
)
