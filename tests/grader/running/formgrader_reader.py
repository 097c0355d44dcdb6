"""Read a gradebook over and over as formgrader does: `python -m ... COURSE PROBLEM_SET STOP_FILE`.

Prints one JSON object: how often it read, and for each student every score that it ever saw.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

from nbgrader.apps import NbGraderAPI

from grader.course import find_course


def main() -> None:
    """Read until the stop file exists."""
    course = find_course(Path(sys.argv[1]))
    problem_set, stop = sys.argv[2], Path(sys.argv[3])
    api = NbGraderAPI(course.coursedir(), config=course.config)
    seen: dict[str, set[str]] = defaultdict(set)
    reads = 0
    while True:
        last = stop.exists()
        api.get_assignments()
        for submission in api.get_submissions(problem_set):
            if submission["autograded"]:
                facts = [submission[k] for k in ("score", "max_score", "needs_manual_grade")]
                seen[submission["student"]].add(json.dumps(facts))
        api.get_notebook_submissions(problem_set, problem_set)
        reads += 1
        if reads == 1:
            print("reading", file=sys.stderr, flush=True)
        if last:
            break
    print(json.dumps({"reads": reads, "seen": {name: sorted(s) for name, s in seen.items()}}))


if __name__ == "__main__":
    main()
