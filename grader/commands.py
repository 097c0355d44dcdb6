"""What each command prints and returns; the work is done in the modules named after it."""

import argparse
import sys
import textwrap

from grader import autograde as grading
from grader import check as checking
from grader import release as releasing
from grader.autograde import Options, Report
from grader.check_cells import write_check_cells
from grader.course import Course, find_course
from grader.demo.build import build_demo_class
from grader.errors import Exit, GraderError
from grader.outcomes import Outcome, Status
from grader.running.journal import read_journal
from grader.running.preflight import preflight as try_graders
from grader.self_study import write_self_study
from grader.status import find_standing, format_standing
from grader.table import format_table, format_totals
from grader.times import format_cells, format_faults

SHOUT = """\
****************************************************************************************
* WITHOUT A SANDBOX: code of strangers now runs with all your rights. It can read and  *
* change your files, the hidden tests and the gradebook, and reach the network.        *
****************************************************************************************"""


def release(arguments: argparse.Namespace) -> Exit:
    """Store the release of some or all problem sets, or check the stored one."""
    course = find_course(arguments.course_dir)
    names = arguments.problem_sets or course.problem_sets()
    if not names:
        source = course.show(course.folder("source"))
        raise GraderError(f"There is no problem set to release: expected {source}/<PS>/<PS>.ipynb.")
    orphans = [] if arguments.problem_sets else releasing.find_orphans(course)
    if arguments.check:
        return _check(course, names, orphans)
    for name in names:
        course.require(name)
        if not arguments.no_preflight:
            _pass_preflight(course, name, again=False)
        changed = releasing.release(course, name)
        print(f"{name}: " + (f"wrote {', '.join(changed)}" if changed else "up to date"))
    for line in orphans:
        print(line, file=sys.stderr)
    return Exit.DONE


def _check(course: Course, names: list[str], orphans: list[str]) -> Exit:
    drift = orphans + [line for name in names for line in releasing.check_release(course, name)]
    if not drift:
        print(f"The release is up to date: {', '.join(names)}.")
        return Exit.DONE
    for line in drift:
        print(line, file=sys.stderr)
    print("The release differs from solutions/: run `make release`.", file=sys.stderr)
    return Exit.NEEDS_A_PERSON


def preflight(arguments: argparse.Namespace) -> Exit:
    """Try the tests of some or all problem sets under the grading pipeline."""
    course = find_course(arguments.course_dir)
    for name in arguments.problem_sets or course.problem_sets():
        _pass_preflight(course, course.require(name), again=True)
    return Exit.DONE


def _pass_preflight(course: Course, problem_set: str, *, again: bool) -> None:
    """Raise GraderError, with every problem that was found, when the tests would misjudge."""
    verdict = try_graders(course, problem_set, again=again)
    if verdict.problems:
        source = course.show(course.folder("source", problem_set=problem_set))
        listed = "".join(f"\n  {problem}." for problem in verdict.problems)
        raise GraderError(f"{source}/ cannot be released, its tests would misjudge:{listed}")
    print(f"{problem_set}: the reference scores all, the untouched release nothing ({verdict.how})")


def helper(arguments: argparse.Namespace) -> Exit:
    """Write the shared cells into the source notebooks."""
    course = find_course(arguments.course_dir)
    for name in arguments.problem_sets or course.problem_sets():
        changed = write_check_cells(course, course.require(name))
        print(f"{name}: " + (f"wrote {', '.join(changed)}" if changed else "up to date"))
    return Exit.DONE


def self_study(arguments: argparse.Namespace) -> Exit:
    """Write the self-study edition of some or all problem sets."""
    course = find_course(arguments.course_dir)
    for name in arguments.problem_sets or course.problem_sets():
        print(f"{name}: {write_self_study(course, name)}")
    return Exit.DONE


def check(arguments: argparse.Namespace) -> Exit:
    """Print what each visible check of a student's notebook says."""
    course = find_course(arguments.course_dir)
    found = checking.check(course, _named(course, arguments))
    for one in found:
        passes = "written; a person will read it" if one.written else "the visible check passes"
        print(f"{one.cell}: {passes}." if not one.failure else f"{one.cell}:")
        print(textwrap.indent(one.failure, "  "), end="\n" if one.failure else "")
    passing = sum(not one.failure for one in found)
    print(f"{passing} of {len(found)} pass. Hidden tests decide the points.")
    return Exit.DONE if passing == len(found) else Exit.NEEDS_A_PERSON


def autograde(arguments: argparse.Namespace) -> Exit:
    """Grade a class and print the table."""
    course = find_course(arguments.course_dir, arguments.db)
    options = Options(
        students=tuple(arguments.student or ()),
        regrade=arguments.regrade,
        workers=arguments.workers,
        feedback=not arguments.no_feedback,
        twice=arguments.twice,
        dask=arguments.dask,
        sandboxed=not arguments.unsafe_no_sandbox,
    )
    if not options.sandboxed:
        print(SHOUT, file=sys.stderr)
    found = grading.grade(course, _named(course, arguments), options)
    chosen = arguments.student or [outcome.student for outcome in found.outcomes]
    return _print_report(course, found, [o for o in found.outcomes if o.student in chosen])


def report(arguments: argparse.Namespace) -> Exit:
    """Print the table again, with what has been graded by hand since."""
    course = find_course(arguments.course_dir, arguments.db)
    name = _named(course, arguments)
    found = grading.report(course, name)
    ended = _print_report(course, found, found.outcomes)
    if arguments.cells:
        entries = read_journal(course.grades(name, ".journal"))
        print(f"\n{format_cells(entries)}\n\n{format_faults(entries)}")
    return ended


def status(arguments: argparse.Namespace) -> Exit:
    """Print what is graded, what waits, and what the next run would do."""
    course = find_course(arguments.course_dir, arguments.db)
    name = _named(course, arguments)
    standing = find_standing(course, name)
    print(format_standing(name, standing))
    return Exit.NEEDS_A_PERSON if standing.waiting else Exit.DONE


def doctor(arguments: argparse.Namespace) -> Exit:
    """Print what this machine can do for grading, with the remedy where it cannot."""
    from grader.isolation.doctor import examine

    found = examine()
    width = max(len(finding.name) for finding in found)
    for finding in found:
        print(f"{finding.level:<7}  {finding.name:<{width}}  {finding.text}")
        if finding.remedy:
            print(f"{'':<7}  {'':<{width}}  -> {finding.remedy}")
    bad = sum(finding.level == "problem" for finding in found)
    print("This machine can grade." if not bad else f"Problems: {bad}. Mend them before grading.")
    return Exit.DONE if not bad else Exit.NEEDS_A_PERSON


def demo_class(arguments: argparse.Namespace) -> Exit:
    """Make a class, grade it, and say where to look."""
    course = find_course(arguments.course_dir)
    demo, students = build_demo_class(course, course.require(arguments.problem_set))
    print(f"A made-up class of {len(students)} hands in {arguments.problem_set}:")
    width = max(len(student.id) for student in students)
    for student in students:
        print(f"  {student.id:<{width}}  {student.story}")
    print()
    found = grading.grade(demo, arguments.problem_set)
    _print_report(demo, found, found.outcomes)
    where = course.show(demo.root)
    print(f"All of it lies in {where}/. To see it in formgrader, as an instructor does:")
    print(f"  cd {where} && {sys.executable} -m jupyterlab --LabApp.default_url=/formgrader")
    return Exit.DONE


def _named(course: Course, arguments: argparse.Namespace) -> str:
    if not arguments.problem_set:
        known = ", ".join(course.problem_sets())
        raise GraderError(f"Name a problem set, as in make grade PS=<name>; there are: {known}.")
    return str(arguments.problem_set)


def _print_report(course: Course, found: Report, outcomes: list[Outcome]) -> Exit:
    print(format_table(outcomes))
    print(format_totals(outcomes))
    if found.kept:
        print(f"Kept from before, as nothing changed: {found.kept} (--regrade runs all again).")
    feedback = course.show(course.folder("feedback"))
    print(f"Grades: {course.show(found.csv)}  feedback: {feedback}/  log: {course.show(found.log)}")
    return Exit.NEEDS_A_PERSON if any(o.status is Status.PERSON for o in outcomes) else Exit.DONE
