"""What every chapter notebook must satisfy beyond running: each rule yields sentences."""

import re

import nbformat

LONGEST_CELL = 40  # lines: about one screen
WIDEST_LINE = 77  # columns: what fits beside both sidebars on a laptop without scrolling
GLUED = "application/papermill.record/text/plain"
GLUED_DIGITS = 6  # nbval compares every digit of a glued float, whatever the text shows of it
# nbval passes over a cell with one of these, or one that was never run: neither may slip in.
EXCUSES = re.compile(r"(?i)nbval[-_](skip|ignore)|PYTEST_VALIDATE_IGNORE")


def violations(path):
    """Return one sentence for each rule that a cell of the notebook at `path` breaks."""
    notebook = nbformat.read(path, as_version=4)
    found, expected_count = [], 1
    for cell in notebook.cells:
        for rule in (check_size, check_emphasis):
            found += rule(cell)
        if cell.cell_type == "code":
            if cell.execution_count != expected_count:
                found.append(f"{cell.id}: execution count {cell.execution_count}, expected "
                             f"{expected_count}: run `make execute`")
            expected_count += 1
            found += check_outputs(cell) + check_excuses(cell)
    return [f"{path.name}, cell {sentence}" for sentence in found]


def check_size(cell):
    if "remove-cell" in cell.metadata.get("tags", []):
        return  # not on the page
    lines = cell.source.split("\n")
    if cell.cell_type == "code" and len(lines) > LONGEST_CELL:
        yield f"{cell.id}: {len(lines)} lines of code, at most {LONGEST_CELL}: move code into nnlib"
    widest = max(map(len, lines))
    if cell.cell_type == "code" and widest > WIDEST_LINE:
        yield f"{cell.id}: a line of {widest} columns, at most {WIDEST_LINE}: break it"


def check_emphasis(cell):
    if cell.cell_type == "markdown" and re.search(r"[a-z]!(\s|$)", cell.source):
        yield f"{cell.id}: an exclamation mark in prose"


def check_excuses(cell):
    tags = " ".join(cell.metadata.get("tags", []))
    if EXCUSES.search(tags) or EXCUSES.search(cell.source):
        return [f"{cell.id}: excused from nbval; every output is compared"]
    return []


def check_outputs(cell):
    found = []
    for output in cell.outputs:
        tags = cell.metadata.get("tags", [])
        if output.output_type == "error" and "raises-exception" not in tags:
            found.append(f"{cell.id}: holds an error output")
        if output.output_type == "stream" and output.name == "stderr":
            found.append(f"{cell.id}: wrote to stderr (a warning?)")
        glued = str(output.get("data", {}).get(GLUED, ""))
        if len(re.sub(r"[eE].*|\D", "", glued).strip("0")) > GLUED_DIGITS and "." in glued:
            found.append(f"{cell.id}: glues {glued}: round it, its last digits vary by CPU")
        if any(kind.startswith("image/") for kind in output.get("data", {})):
            found += check_alt_text(cell)
    return found


def check_alt_text(cell):
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    if len(alt.split()) < 8:
        return [f"{cell.id}: figure without a describing alt text in metadata mystnb.image.alt"]
    return []
