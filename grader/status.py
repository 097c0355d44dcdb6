"""Where the grading of a problem set stands, without running or changing anything."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from grader.course import Course
from grader.faults import Fault
from grader.running import choice, nodes
from grader.running.journal import last_run, read_journal
from grader.running.limits import read_limits
from grader.running.skeleton import make_skeleton
from grader.submissions import find_students
from grader.wording import printable


@dataclass(frozen=True)
class Standing:
    """What is done and what waits.

    Attributes
    ----------
    students : list of str
        Who handed in.
    waiting : dict
        Name -> why the next run grades it; the empty reasons are those that a person has to settle.
    people : dict
        Name -> why a person is needed.
    faults : dict
        Name -> faults of those whose grade holds.
    run : dict or None
        The journal's line on the last run, with `finished`.
    """

    students: list[str]
    waiting: dict[str, str]
    people: dict[str, str]
    faults: dict[str, tuple[Fault, ...]]
    run: dict[str, Any] | None

    @property
    def graded(self) -> int:
        """How many grades hold."""
        return len(self.students) - len(self.waiting)


def find_standing(course: Course, problem_set: str) -> Standing:
    """Look at submitted/, journal and gradebook."""
    students = find_students(course, course.require(problem_set))
    task = nodes.make_task(course, problem_set)
    skeleton, limits = make_skeleton(course, problem_set), read_limits(course.config)
    source = nodes.source_digest(skeleton.digest, task.notebook, task.files, limits)
    path = course.grades(problem_set, ".journal")
    journal = read_journal(path)
    waiting = choice.not_done(course, problem_set, students, source)
    people = {s: journal[s].reason for s, why in waiting.items() if why == choice.PERSON}
    faults = {
        s: journal[s].faults for s in students if s not in waiting and journal[s].faults
    }
    return Standing(students, waiting, people, faults, last_run(path))


def format_standing(problem_set: str, standing: Standing) -> str:
    """Return the lines that `python -m grader status` prints."""
    new = {s: why for s, why in standing.waiting.items() if s not in standing.people}
    lines = [
        f"{problem_set}: {len(standing.students)} handed in, {standing.graded} graded "
        f"({len(standing.faults)} with faults), {len(standing.people)} need a person, "
        f"{len(new)} wait."
    ]
    lines += [f"  {count} {why}" for why, count in Counter(new.values()).most_common()]
    if standing.faults:
        lines.append("Graded with faults:")
        for student, faults in standing.faults.items():
            lines.append(f"  {student}: {'; '.join(fault.sentence for fault in faults)}")
    if standing.people:
        lines.append("Needs a person:")
        lines += [f"  {student}: {reason}" for student, reason in standing.people.items()]
    lines += _run_lines(standing.run)
    if standing.waiting:
        lines.append(
            f"`python -m grader autograde {problem_set} --resume` grades {len(new)} and tries "
            f"those that need a person again ({len(standing.people)})."
        )
    else:
        lines.append("There is nothing to do.")
    return "\n".join(printable(line) for line in lines)


def _run_lines(run: dict[str, Any] | None) -> list[str]:
    if run is None:
        return ["No run is on record."]
    how = "came to its end" if run["finished"] else "was stopped before its end"
    return [f"The last run began at {run.get('at')} and {how}."]
