"""Directive `{quiz} NN_topic`: the questions of NN_topic.quiz.yml, each option with its reason.

The questions are data (`quiz.schema.json`); this file alone decides how they look. An option is a
`<details>` element: choosing it opens its verdict and its reason. That needs no script, works from
a file and with a keyboard, and a screen reader reads it as a button that opens.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from jsonschema import Draft202012Validator
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SCHEMA = json.loads((Path(__file__).parent / "quiz.schema.json").read_text(encoding="utf-8"))
Question = dict[str, Any]


class QuizError(Exception):
    """A quiz file cannot be read, or does not have the form of the schema."""


def load(path: Path) -> list[Question]:
    """Return the questions of a quiz file, or say which file, place and rule is broken."""
    try:
        questions: list[Question] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise QuizError(f"{path.name}: {error}") from error
    errors = sorted(Draft202012Validator(SCHEMA).iter_errors(questions), key=lambda e: str(e.path))
    if errors:
        raise QuizError("; ".join(f"{path.name}, {_place(e.path)}: {_reason(e)}" for e in errors))
    return questions


def _place(path: Any) -> str:
    """Return where in the file an error is, counting from 1 as a person does."""
    names = iter(path)
    words = [f"question {next(names) + 1}"] if path else ["the file"]
    for name in names:
        words.append(f"number {name + 1}" if isinstance(name, int) else str(name))
    return ", ".join(words)


def _reason(error: Any) -> str:
    if error.validator in ("contains", "minContains", "maxContains"):
        return "expected exactly one option with 'correct: true'"
    return str(error.message)[:200]


class Quiz(SphinxDirective):
    """Render the quiz of the chapter named in the argument."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the questions as one ordered list."""
        path = Path(self.env.srcdir) / f"{self.arguments[0]}.quiz.yml"
        self.env.note_dependency(str(path))
        try:
            questions = load(path)
        except QuizError as error:
            raise self.error(str(error)) from error
        numbers = {"enumtype": "arabic", "prefix": "", "suffix": "."}
        listed = nodes.enumerated_list("", classes=["quiz"], **numbers)
        listed += [self.question(question) for question in questions]
        return [listed]

    def question(self, question: Question) -> nodes.list_item:
        """Return one question: its text, its options, and where its subject is taught."""
        item = nodes.list_item("", ids=[question["id"]], classes=["quiz-question"])
        item += self.parsed(question["question"])
        for letter, option in zip("abcde", question["options"], strict=False):
            item += self.option(letter, option)
        item += self.parsed(f"Taught in [](#{question['section']}).")
        return item

    def option(self, letter: str, option: dict[str, Any]) -> list[nodes.Node]:
        """Return an option that opens on its verdict and reason."""
        kind = "right" if "correct" in option else "wrong"
        verdict = nodes.strong("", "Right." if kind == "right" else "No.", classes=["quiz-verdict"])
        because = self.parsed(option["because"])
        because[0].insert(0, [verdict, nodes.Text(" ")])
        # A summary may hold running text only, so the option's paragraph becomes a span.
        text = nodes.inline("", "", *self.parsed(option["text"])[0].children)
        return [
            # The letter also names an option that is a formula and nothing else.
            html(f'<details class="quiz-option quiz-{kind}"><summary>{letter}) '),
            text,
            html("</summary>"),
            *because,
            html("</details>"),
        ]

    def parsed(self, text: str) -> list[nodes.Element]:
        """Return MyST text as nodes, its first one a paragraph."""
        holder = nodes.container()
        lines = StringList(text.strip().splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, 0, holder)
        found = [node for node in holder.children if isinstance(node, nodes.Element)]
        if not found or not isinstance(found[0], nodes.paragraph):
            raise self.error(f"expected text that begins with a paragraph, got {text!r}")
        return found


def html(text: str) -> nodes.raw:
    """Return literal HTML."""
    return nodes.raw("", text, format="html")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive with Sphinx."""
    app.add_directive("quiz", Quiz)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
