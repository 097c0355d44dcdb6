"""Build the website as `make book` does, and make small books to build."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parents[2]
COMMAND = [
    *[sys.executable, "-c", "from jupyter_book.cli.main import main; main()"],
    *["build", "chapters", "--config", "_config.yml", "--toc", "_toc.yml", "--path-output", "."],
    *["-W", "-n", "--keep-going"],
]
DESCRIPTION = {"description lang=en": "A small book."}
INDEX = """\
# A small book

The sum is $z = w x + b$; see {numref}`fig-one` and {eq}`eq-one`.

$$ z = 1 $$ (eq-one)

```{syllabus-map}
```
"""
SYLLABUS = """\
chapters:
  - file: one
    title: One
    outcomes:
      - {id: ONE-1, text: add, section: sec-one, exercise: ps/add, hidden_test: ps/test_add}
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h8v8z"/></svg>'


def build(folder):
    """Build the book in `folder`; return its exit status and everything that it printed."""
    result = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def config():
    """Return the course's own configuration, with the extension found from anywhere."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    settings["sphinx"]["local_extensions"] = {"course_site": str(ROOT / "chapters" / "_tools")}
    return settings


def figure_chapter(alt):
    """Return a chapter with one stored figure, described by `alt`."""
    output = nbformat.v4.new_output("display_data", data={"image/svg+xml": SVG})
    options = {"image": {"alt": alt}, "figure": {"name": "fig-one", "caption": "One."}}
    figure = nbformat.v4.new_code_cell("draw()", outputs=[output], metadata={"mystnb": options})
    title = nbformat.v4.new_markdown_cell("(sec-one)=\n# One")
    return nbformat.v4.new_notebook(
        cells=[title, figure],
        metadata={"myst": {"html_meta": DESCRIPTION}, "language_info": {"name": "python"}},
    )


def write_book(folder, index=INDEX, described=True, syllabus=SYLLABUS, alt="A square."):
    """Write a book of one page and one chapter into `folder`, with the course's configuration."""
    chapters = folder / "chapters"
    chapters.mkdir()
    for name in ("_static", "_templates"):
        shutil.copytree(ROOT / "chapters" / name, chapters / name)
    shutil.copy(ROOT / "chapters" / "references.bib", chapters)
    front = yaml.safe_dump({"myst": {"html_meta": DESCRIPTION}}) if described else "orphan: true\n"
    (chapters / "index.md").write_text(f"---\n{front}---\n{index}")
    nbformat.write(figure_chapter(alt), chapters / "one.ipynb")
    (folder / "_config.yml").write_text(yaml.safe_dump(config()))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters: [{file: one}]\n")
    (folder / "syllabus.yml").write_text(syllabus)
    return folder
