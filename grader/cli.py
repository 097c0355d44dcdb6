"""The command line: `python -m grader COMMAND`; `--help` lists the commands."""

import argparse
import gc
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
        2: nothing could be done; one sentence on stderr says why. 3: stopped half-way by a full
        disk or a lost gradebook, 130: by the user; nothing is lost, and `--resume` goes on.
    """
    arguments = _parser().parse_args(argv)
    prepare_environment()
    gc.disable()  # no import leaves garbage, and looking for it takes a fifth of their time
    try:
        # Imported late: nbgrader takes a second to load, and `--help` should not.
        from grader import commands
        from grader.autograde import Interrupted
        from grader.running.retry import Stopped
    except ModuleNotFoundError as error:
        print(f"grader: {error.name} is not installed: run `make setup` first.", file=sys.stderr)
        return Exit.NOTHING_DONE
    finally:
        gc.enable()
    try:
        return int(getattr(commands, arguments.run)(arguments))
    except Stopped as error:
        print(f"grader: {error}", file=sys.stderr)
        return Exit.STOPPED
    except Interrupted as error:
        print(f"grader: {error}", file=sys.stderr)
        return Exit.INTERRUPTED
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
    release.add_argument(
        "--no-preflight", action="store_true",
        help="do not grade reference and untouched release first, where the set changed",
    )  # fmt: skip
    preflight = add("preflight", "grade reference and untouched release as submissions will be")
    preflight.add_argument("problem_sets", metavar="PS", nargs="*", help="default: all")
    study = add("self-study", "write self_study/: the release with a worked solution in each fold")
    study.add_argument("problem_sets", metavar="PS", nargs="*", help="default: all")
    helper = add("helper", "write solutions/check_*.py into the cells that all problem sets share")
    helper.add_argument("problem_sets", metavar="PS", nargs="*", help="default: all")
    check = add("check", "say what the Validate button says of your notebook in exercises/")
    check.add_argument("problem_set", metavar="PS", nargs="?", default="")
    autograde = add("autograde", "grade what lies in submitted/")
    autograde.add_argument("problem_set", metavar="PS", nargs="?", default="")
    _grading_flags(autograde)
    report = add("report", "write feedback and CSV again, as after grading by hand")
    report.add_argument("problem_set", metavar="PS", nargs="?", default="")
    report.add_argument(
        "--cells", action="store_true", help="add a table of seconds for each cell, and of faults"
    )
    _gradebook_flag(report)
    status = add("status", "say what is graded, what waits, and what the next run would do")
    status.add_argument("problem_set", metavar="PS", nargs="?", default="")
    _gradebook_flag(status)
    add("doctor", "say what this machine can do for grading, and how to mend what it cannot")
    demo = add("demo-class", "make and grade a small class, to see grading at work")
    demo.add_argument("problem_set", metavar="PS", nargs="?", default="ps1_perceptron")
    return parser


def _grading_flags(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Grade what lies in submitted/: each submission in a sandbox, several at a time. Graded is "
        "what is new, what changed (the file, the problem set or a limit) and what an earlier run "
        "did not finish; other grades are kept."
    )
    which = command.add_mutually_exclusive_group()
    which.add_argument("--student", action="append", metavar="ID", help="(re)grade this one only")
    which.add_argument("--regrade", action="store_true", help="grade everybody again")
    which.add_argument(
        "--resume", action="store_true", help="finish a run that was stopped (the default does too)"
    )
    command.add_argument(
        "--workers", type=_positive, default=0, metavar="N",
        help="how many at a time (default: three for each core, as far as memory goes)",
    )  # fmt: skip
    command.add_argument("--no-feedback", action="store_true", help="write no feedback pages")
    command.add_argument(
        "--twice", action="store_true",
        help="grade everything twice with different random numbers and name flaky tests; the first "
        "result counts, as it does without this",
    )  # fmt: skip
    command.add_argument(
        "--dask", default="", metavar="ADDRESS", help="let the workers of this Dask scheduler grade"
    )
    _gradebook_flag(command)
    command.add_argument(
        "--unsafe-no-sandbox", action="store_true",
        help="run the code of strangers with all your rights; never do this with real submissions",
    )  # fmt: skip


def _gradebook_flag(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--db", default="", metavar="URL",
        help="the gradebook, such as postgresql://user@host/name (default: as configured, else "
        "gradebook.db)",
    )  # fmt: skip


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
