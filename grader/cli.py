"""The command line: `python -m grader COMMAND`; `--help` lists the commands."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from grader.environment import prepare_environment
from grader.errors import Exit, GraderError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Returns
    -------
    int
        0: done, everything graded. 1: some submission needs a person, or the release has drifted.
        2: nothing could be done; one sentence on stderr says why.
    """
    arguments = _parser().parse_args(argv)
    prepare_environment()
    try:
        # Imported late: nbgrader takes a second to load, and `--help` should not.
        from grader import commands

        return int(getattr(commands, arguments.run)(arguments))
    except ModuleNotFoundError as error:
        print(f"grader: {error.name} is not installed: run `make setup` first.", file=sys.stderr)
        return Exit.NOTHING_DONE
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        return Exit.NOTHING_DONE
    except KeyboardInterrupt:
        print("grader: interrupted; run the command again to finish.", file=sys.stderr)
        return Exit.INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--course-dir", type=Path, default=Path(), help="the course's folder (default: this one)"
    )
    parser = argparse.ArgumentParser(prog="grader", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, purpose: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[common], help=purpose, description=purpose)
        command.set_defaults(run=name.replace("-", "_"))
        return command

    release = add("release", "make exercises/ from solutions/")
    release.add_argument("problem_sets", metavar="PS", nargs="*", help="default: all")
    release.add_argument("--check", action="store_true", help="only compare; fail on drift")
    study = add("self-study", "write self_study/: the release with a worked solution in each fold")
    study.add_argument("problem_sets", metavar="PS", nargs="*", help="default: all")
    helper = add("helper", "write solutions/check_*.py into the cells that all problem sets share")
    helper.add_argument("problem_sets", metavar="PS", nargs="*", help="default: all")
    check = add("check", "say what the Validate button says of your notebook in exercises/")
    check.add_argument("problem_set", metavar="PS", nargs="?", default="")
    autograde = add("autograde", "grade what lies in submitted/")
    autograde.add_argument("problem_set", metavar="PS", nargs="?", default="")
    autograde.add_argument("--student", action="append", metavar="ID", help="grade this one only")
    report = add("report", "write feedback and CSV again, as after grading by hand")
    report.add_argument("problem_set", metavar="PS", nargs="?", default="")
    demo = add("demo-class", "make and grade a small class, to see grading at work")
    demo.add_argument("problem_set", metavar="PS", nargs="?", default="ps1_perceptron")
    return parser
